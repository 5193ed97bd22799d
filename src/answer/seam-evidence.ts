/** One way to read what a model wrote. */
export interface Reading {
	readonly text: string;
	/** What stands before it and belongs to no text, characters. */
	readonly lead: number;
}

/** So many words that together are so long, characters, are not repeated by chance; or so many signs of scripts without spaces. */
const CERTAIN_WORDS = 3;
const CERTAIN_LENGTH = 12;
const CERTAIN_SIGNS = 6;
/** A text that ends with the same characters as the text before a repetition may well repeat itself, white space aside. */
const SAME_CONTEXT = 4;
/** So far back those characters are looked for, characters. */
const CONTEXT_REACH = 64;
/** A second overlap of this length is no coincidence either, characters. */
const OTHER_READING = 3;
/** So many different lines may well stand there twice. */
const COMMON_LINES = 2;

const letter = /[\p{L}\p{M}\p{N}_]/u;
/** Letters of scripts that put no spaces between words. */
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}ー]/u;
const anyUnspaced = new RegExp(unspaced.source, 'gu');
const word = /[\p{L}\p{M}\p{N}_]+/gu;

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
 * @param next the continuation
 * @param overlaps lengths of its beginnings that the sent text ends with, the longest first
 * @param beginsLine the continuation begins on a line of its own
 * @returns undefined where that is not certain
 */
export function provesPlace(
	sent: string,
	next: string,
	overlaps: readonly number[],
	beginsLine: boolean,
): number | undefined {
	const [overlap, another = 0] = overlaps;
	if (overlap === undefined || !isCertain(sent.slice(-overlap))) return undefined;
	// A shorter overlap within it is another reading, in which the text goes round once more: likely in lines and where any
	// sign can begin a word, not in a sentence.
	const isReading = sent.slice(-overlap).includes('\n') || unspaced.test(sent.slice(-1));
	if (another >= (isReading ? 1 : OTHER_READING)) return undefined;
	return mayStandTwice(sent, sent.length - overlap, next.slice(overlap), beginsLine) ? undefined : overlap;
}

/**
 * Is a repetition of this text no coincidence? Signs that are no letters count for nothing: rules, quotation marks and
 * emoji are repeated by chance.
 */
export function isCertain(words: string): boolean {
	const signs = words.match(anyUnspaced)?.length ?? 0;
	const spaced = words.replace(anyUnspaced, ' ').match(word)?.length ?? 0;
	if (signs < CERTAIN_SIGNS && words.trim().length < CERTAIN_LENGTH) return false;
	return spaced / CERTAIN_WORDS + signs / CERTAIN_SIGNS >= 1;
}

/** Whether two texts would make one word of two, or two that nobody can tell from one. */
export function runsTogether(before: string, after: string): boolean {
	const [last = ''] = [...before.slice(-2)].slice(-1);
	const [first = ''] = [...after.slice(0, 2)];
	if (!letter.test(last) || !letter.test(first)) return false;
	return !unspaced.test(last) && !unspaced.test(first);
}

/**
 * Would a text that goes on at its end, to the letter or without the white space there, be likely to say once more what
 * stands from there on? Then a repetition and a continuation look alike.
 * @param rest what the continuation says behind those words
 */
function mayStandTwice(sent: string, at: number, rest: string, beginsLine: boolean): boolean {
	const words = sent.slice(at);
	const before = sent.slice(0, at);
	// Where a line may end at the seam, its end and its indentation may have been left out.
	const endsLine = beginsLine || /\n[^\S\n]*$/.test(sent) || /^[^\S\n]*(\n|$)/.test(rest);
	const isAtLine = /(^|\n)[^\S\n]*$/.test(before);
	const isLines = /^[^\p{L}\p{N}\n]*\n/u.test(words) || (isAtLine && endsLine);
	if (isLines && isFewLines(words)) return true;
	if (at === 0) return false;
	// What has been said more than once may be said again.
	if (sent.indexOf(words.trim()) < at) return true;
	// Two equal lines that are cut after their first letters have only those in common: what stands in the line before says nothing.
	const context = withoutSpace(isAtLine ? before.slice(-CONTEXT_REACH) : before.slice(before.lastIndexOf('\n') + 1));
	return withoutSpace(sent.slice(-CONTEXT_REACH)).endsWith(context.slice(-SAME_CONTEXT));
}

/** A few lines, or a few over and over again; lines of signs are like any other. */
function isFewLines(words: string): boolean {
	const lines = words.split('\n');
	if (lines.length - 1 <= COMMON_LINES) return true;
	const worded = lines.map((line) => line.trim()).filter((line) => /[\p{L}\p{N}]/u.test(line));
	// The last one may be cut: it is none of its own where another begins like it.
	const last = worded.pop() ?? '';
	const different = new Set(worded);
	return different.size + (worded.some((line) => line.startsWith(last)) ? 0 : 1) <= COMMON_LINES;
}

function withoutSpace(text: string): string {
	return text.replace(/\s+/g, '');
}
