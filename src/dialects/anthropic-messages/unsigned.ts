import { withoutBlocks } from './without-blocks.ts';

/**
 * What stands where a signature belongs, in thoughts of models that sign none. Callers send thoughts back with the next
 * request, and Anthropic refuses signatures that are not its own: there, these are left out.
 */
export const unsignedMark = 'breakwater-unsigned';

/** Whether a request may hold thoughts that bear the mark; a search in its text, which costs next to nothing. */
export function holdsUnsigned(text: string): boolean {
	return text.includes(unsignedMark);
}

/** @param text of a request; everything but its messages stays byte for byte */
export function withoutUnsigned(text: string): string {
	return withoutBlocks(text, ({ type, signature }) => type === 'thinking' && signature === unsignedMark);
}
