import type { Way } from '../../machines/request/progress.ts';
import { repeatedEnd } from './overlaps.ts';

/** How far back a second try begins at least, characters: enough to recognize the place. */
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

/**
 * Back to where what follows stands nowhere else in the text: a model that writes it again has said where it goes on.
 * From within a run of equal lines it could be any of them. To the beginning of a word where one is near: a model does
 * not find its way back into the middle of one.
 */
function rewindTo(sent: string): number {
	const at = Math.max(0, sent.length - Math.max(REWIND_LENGTH, repeatedEnd(sent) + 1));
	for (let word = at; at - word < REWIND_LENGTH; word--) {
		if (word === 0 || (isBlank(sent, word - 1) && !isBlank(sent, word))) return word;
	}
	return at;
}

function isBlank(text: string, at: number): boolean {
	return text.charAt(at).trim() === '';
}

/** Half a surrogate pair at the end is no character, and no JSON that every provider takes. */
function withoutHalfPair(text: string): string {
	const last = text.charCodeAt(text.length - 1);
	return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text;
}
