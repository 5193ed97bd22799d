import type { Way } from '../../machines/request/progress.ts';

/** How far back a second try begins, characters: enough to recognize the place. */
const REWIND_LENGTH = 24;

/**
 * What a model is shown of the text so far, when it is asked to carry it on.
 * @param sent what the client has
 */
export function shownText(sent: string, way: Way): string {
	// Some providers refuse a last message that ends in white space; the model writes it again.
	if (way === 'prefill') return withoutHalfPair(sent.trimEnd());
	if (way === 'rewind') return withoutHalfPair(sent.slice(0, rewindTo(sent)));
	return withoutHalfPair(sent);
}

/** To the beginning of a word where one is near: a model does not find its way back into the middle of one. */
function rewindTo(sent: string): number {
	const at = Math.max(0, sent.length - REWIND_LENGTH);
	const word = sent.lastIndexOf(' ', at) + 1;
	return at - word < REWIND_LENGTH ? word : at;
}

/** Half a surrogate pair at the end is no character, and no JSON that every provider takes. */
function withoutHalfPair(text: string): string {
	const last = text.charCodeAt(text.length - 1);
	return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text;
}
