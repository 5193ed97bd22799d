import { isObject } from '../../values/json.ts';
import { withMembers } from '../../values/json-members.ts';

/**
 * What stands where a signature belongs, in thoughts of models that sign none. Callers send thoughts back with the next
 * request, and Anthropic refuses signatures that are not its own: there, these are left out.
 */
export const unsignedMark = 'breakwater-unsigned';

/** Parses, and keeps numbers as they were written: others than JavaScript's would be rounded. */
interface SourceJson {
	parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
	rawJSON(text: string): unknown;
}

/** Whether a request may hold thoughts that bear the mark; a search in its text, which costs next to nothing. */
export function holdsUnsigned(text: string): boolean {
	return text.includes(unsignedMark);
}

/** @param text of a request; everything but its messages stays byte for byte */
export function withoutUnsigned(text: string): string {
	const { parse, rawJSON } = JSON as unknown as SourceJson;
	const body = parse(text, (_key, value, { source }) =>
		typeof value === 'number' && source !== undefined ? rawJSON(source) : value,
	);
	const messages: unknown[] = isObject(body) && Array.isArray(body.messages) ? body.messages : [];
	const kept = messages.flatMap((message) => {
		if (!isObject(message) || !Array.isArray(message.content)) return [message];
		const content = message.content.filter((block) => !isUnsigned(block));
		if (content.length === message.content.length) return [message];
		return content.length === 0 ? [] : [{ ...message, content }];
	});
	return withMembers(text, { messages: JSON.stringify(kept) });
}

function isUnsigned(block: unknown): boolean {
	return isObject(block) && block.type === 'thinking' && block.signature === unsignedMark;
}
