/** One way to read what a model wrote. */
export interface Reading {
	readonly text: string;
	/** What stands before it and belongs to no text, characters. */
	readonly lead: number;
}

/** Words that are repeated for at least this long are no coincidence, characters; of scripts without spaces. */
const CERTAIN_WORDS = 12;
const CERTAIN_SIGNS = 6;
/** A text that ends with the same characters as the text before a repetition may well repeat itself, characters. */
const SAME_CONTEXT = 4;
/** A second overlap of this length is no coincidence either, characters. */
const OTHER_READING = 3;
/** So many lines may well stand there twice. */
const COMMON_LINES = 2;

const letter = /[\p{L}\p{M}\p{N}_]/u;
/** Letters of scripts that put no spaces between words. */
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}ー]/u;

/**
 * How what a model wrote may be read: as it stands; without a new paragraph or a code block that it opened first; and with
 * a beginning in the other case, since some begin every message with a capital.
 */
export function readingsOf(held: string): readonly Reading[] {
	const lead = /^(?:\s*\n)?(?:`{3,}[^\n`]*\n)?[^\S\n]*/.exec(held)?.[0] ?? '';
	const opens = lead.includes('\n') ? lead.length : 0;
	const text = held.slice(opens);
	const first = text.charAt(0);
	const other = first === first.toLowerCase() ? first.toUpperCase() : first.toLowerCase();
	return [
		{ text: held, lead: 0 },
		...(opens === 0 ? [] : [{ text, lead: opens }]),
		...(other === first || other.length !== 1 ? [] : [{ text: other + text.slice(1), lead: opens }]),
	];
}

/** Is all of it so far the line that opens a code block? */
export function beginsCodeBlock(held: string): boolean {
	return /^\s*`[^\n]*$/.test(held);
}

/**
 * Which overlap is a repetition of the last words, and nothing else.
 * @param overlaps lengths of beginnings of the continuation that the sent text ends with, the longest first
 * @param beginsLine the continuation begins on a line of its own
 * @returns undefined where that is not certain
 */
export function provesPlace(sent: string, overlaps: readonly number[], beginsLine: boolean): number | undefined {
	const [overlap, another = 0] = overlaps;
	if (overlap === undefined || !isCertain(sent.slice(sent.length - overlap).trim())) return undefined;
	// A shorter overlap within it is another reading, in which the text goes round once more: likely in lines, not in a sentence.
	if (another >= (sent.slice(sent.length - overlap).includes('\n') ? 1 : OTHER_READING)) return undefined;
	return mayStandTwice(sent, sent.length - overlap, beginsLine) ? undefined : overlap;
}

/** Whether two texts would make one word of two, or two that nobody can tell from one. */
export function runsTogether(before: string, after: string): boolean {
	const [last = ''] = [...before.slice(-2)].slice(-1);
	const [first = ''] = [...after.slice(0, 2)];
	if (!letter.test(last) || !letter.test(first)) return false;
	return !unspaced.test(last) && !unspaced.test(first);
}

/** Would a text that goes on to the letter be likely to repeat what stands from there on? */
function mayStandTwice(sent: string, at: number, beginsLine: boolean): boolean {
	const words = sent.slice(at);
	const isAtLine = /(^|\n)[^\S\n]*$/.test(sent.slice(0, at));
	const isLines = /^\s*\n/.test(words) || (isAtLine && (beginsLine || sent.endsWith('\n')));
	if (isLines && (words.match(/\n/g)?.length ?? 0) <= COMMON_LINES) return true;
	if (at === 0) return false;
	// Two equal lines that are cut after their first letters have only those in common: what stands in the line before says nothing.
	const inLine = isAtLine ? at : at - sent.lastIndexOf('\n', at - 1);
	const context = Math.min(SAME_CONTEXT, at, inLine);
	return sent.endsWith(sent.slice(at - context, at));
}

function isCertain(words: string): boolean {
	if (words.length >= CERTAIN_WORDS) return true;
	return words.length >= CERTAIN_SIGNS && [...words].every((sign) => unspaced.test(sign) || !letter.test(sign));
}
