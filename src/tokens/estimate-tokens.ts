import { kinds, kindsByCode, tokensOfWide } from './kinds-of-characters.ts';

/** What pictures, sounds and files count for, tokens, by the `type` under which they stand in a request. */
export type PartTokens = ReadonlyMap<string, number>;

/**
 * Characters that are looked at; the rest of a longer request is taken to be like them. A file in base64 is skipped, and is
 * none of them.
 */
const MOST_LOOKED_AT = 65_536;

/** Letters of a word that a vocabulary has as one token, and of each further token of a longer one. */
const LETTERS_OF_WORD = 8;
const LETTERS_OF_PIECE = 4;
/** Of a letter with an accent: it breaks the word that it is in. */
const ACCENT_TOKENS = 0.2;
const DIGITS_OF_TOKEN = 3;
/** Of marks that stand together (brackets, operators), behind the first. */
const MARKS_OF_TOKEN = 3;
/** A string that begins with so many characters of base64 is a picture, a sound or a file. */
const LETTERS_OF_FILE = 400;
/** Characters of `data:image/png;base64,` and the like. */
const LONGEST_MARK = 200;

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LETTER_N = 0x6e;
const LETTER_R = 0x72;
const LETTER_T = 0x74;
const LETTER_U = 0x75;

/**
 * About how many tokens a request has, told in one pass over its JSON: what stands in its strings, and its numbers. That is the
 * prompt with the tools and their schemas; what may be answered is not in it.
 * @param body the request as it came; it need not be valid
 */
export function estimateTokens(body: string, parts: PartTokens): number {
	return new RequestScan(body, parts).tokens();
}

class RequestScan {
	readonly #text: string;
	readonly #parts: PartTokens;
	#tokens = 0;
	#at = 0;
	/** Where looking ends: farther off behind each file that was skipped. */
	#end: number;
	/** Characters of the files that were skipped. */
	#skipped = 0;
	/** The last member that was met is a `type`. */
	#isOfType = false;

	constructor(text: string, parts: PartTokens) {
		this.#text = text;
		this.#parts = parts;
		this.#end = Math.min(text.length, MOST_LOOKED_AT);
	}

	tokens(): number {
		while (this.#at < this.#end) this.#takeStructure();
		const looked = this.#at - this.#skipped;
		const share = looked === 0 ? 1 : (this.#text.length - this.#skipped) / looked;
		return Math.ceil(this.#tokens * Math.max(1, share));
	}

	/** What is between two strings, where a number is one token as those of a list of tokens are, and the string behind it. */
	#takeStructure(): void {
		const text = this.#text;
		let inNumber = false;
		let numbers = 0;
		let at = this.#at;
		for (; at < this.#end; at += 1) {
			const code = text.charCodeAt(at);
			if (code === QUOTE) break;
			const isDigit = code >= 0x30 && code <= 0x39;
			if (isDigit && !inNumber) numbers += 1;
			inNumber = isDigit;
		}
		this.#tokens += numbers;
		this.#at = at + 1;
		if (at < this.#end) this.#takeString();
	}

	#takeString(): void {
		const from = this.#at;
		const file = this.#fileAt(from);
		if (file > from) this.#skipTo(file);
		else this.#takeText();
		const length = this.#at - 1 - from;
		if (this.#isMember()) {
			this.#isOfType = length === 4 && this.#text.startsWith('type', from);
			return;
		}
		if (this.#isOfType && length <= 20) this.#tokens += this.#parts.get(this.#text.slice(from, from + length)) ?? 0;
		this.#isOfType = false;
	}

	/** Whether the string that has ended is the name of a member. */
	#isMember(): boolean {
		let at = this.#at;
		while (kindsByCode[this.#text.charCodeAt(at)] === kinds.space) at += 1;
		return this.#text.charCodeAt(at) === COLON;
	}

	/** Where a file in base64 ends that begins here; the same place where none does. */
	#fileAt(from: number): number {
		const text = this.#text;
		const isMarked = text.startsWith('data:', from);
		const start = isMarked ? text.slice(from, from + LONGEST_MARK).indexOf(',') + from + 1 : from;
		let met = 0;
		for (let at = start; at < start + LETTERS_OF_FILE; at += 1) {
			const code = text.charCodeAt(at);
			const kind = kindsByCode[code] ?? kinds.space;
			if (kind > kinds.digit || (kind === kinds.mark && !base64Marks.has(code))) return from;
			met |= 1 << kind;
		}
		// A long run of one letter is a strange text.
		if (!isMarked && (met & letterKinds) !== letterKinds) return from;
		const close = text.indexOf('"', start);
		return close === -1 ? text.length : close;
	}

	#skipTo(close: number): void {
		this.#skipped += close - this.#at;
		this.#end = Math.min(this.#text.length, this.#end + close - this.#at);
		this.#at = close + 1;
	}

	/** The text of a string, to the quote that closes it. */
	#takeText(): void {
		const text = this.#text;
		const end = this.#end;
		let tokens = 0;
		let at = this.#at;
		while (at < end) {
			const code = text.charCodeAt(at);
			if (code === QUOTE) break;
			const from = at;
			switch (kindsByCode[code]) {
				// A capital begins a word of its own: `getText` is two.
				case kinds.lower:
					at = endOfLower(text, at + 1, end);
					tokens += tokensOfWord(at - from);
					break;
				case kinds.upper:
					at = endOfLower(text, endOfUpper(text, at + 1, end), end);
					tokens += tokensOfWord(at - from);
					break;
				case kinds.space:
					at += 1;
					// One space belongs to the word behind it.
					if (kindsByCode[text.charCodeAt(at)] === kinds.lower || !isSpaceAt(text, at)) break;
					at = endOfSpaces(text, at, end);
					tokens += 1;
					break;
				case kinds.digit:
					at = endOfDigits(text, at, end);
					tokens += Math.ceil((at - from) / DIGITS_OF_TOKEN);
					break;
				case kinds.accented:
					tokens += ACCENT_TOKENS;
					at += 1;
					break;
				case kinds.wide:
					tokens += tokensOfWide(code);
					at += 1;
					break;
				default:
					if (code === BACKSLASH && text.charCodeAt(at + 1) === LETTER_U) {
						tokens += tokensOfEscaped(text, at);
						at += 6;
					} else if (isSpaceAt(text, at)) {
						at = endOfSpaces(text, at, end);
						tokens += 1;
					} else {
						at = endOfMarks(text, at, end);
						tokens += 1 + (at - from - 1) / MARKS_OF_TOKEN;
					}
			}
		}
		this.#tokens += tokens;
		this.#at = at + 1;
	}
}

function tokensOfWord(letters: number): number {
	return letters <= LETTERS_OF_WORD ? 1 : 1 + (letters - LETTERS_OF_WORD) / LETTERS_OF_PIECE;
}

function endOfLower(text: string, from: number, end: number): number {
	let at = from;
	while (at < end && kindsByCode[text.charCodeAt(at)] === kinds.lower) at += 1;
	return at;
}

function endOfUpper(text: string, from: number, end: number): number {
	let at = from;
	while (at < end && kindsByCode[text.charCodeAt(at)] === kinds.upper) at += 1;
	return at;
}

function endOfDigits(text: string, from: number, end: number): number {
	let at = from;
	while (at < end && kindsByCode[text.charCodeAt(at)] === kinds.digit) at += 1;
	return at;
}

/** Spaces, and line ends and tabs as JSON writes them: indentation is one token. */
function endOfSpaces(text: string, from: number, end: number): number {
	let at = from;
	while (at < end && isSpaceAt(text, at)) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
	return at;
}

function isSpaceAt(text: string, at: number): boolean {
	const code = text.charCodeAt(at);
	if (code !== BACKSLASH) return kindsByCode[code] === kinds.space;
	const next = text.charCodeAt(at + 1);
	return next === LETTER_N || next === LETTER_T || next === LETTER_R;
}

/** A quote and a backslash are written as two characters, and are one mark. */
function endOfMarks(text: string, from: number, end: number): number {
	let at = from;
	while (at < end) {
		const code = text.charCodeAt(at);
		if (code === BACKSLASH) {
			if (isSpaceAt(text, at) || text.charCodeAt(at + 1) === LETTER_U) break;
			at += 2;
		} else {
			if (code === QUOTE || kindsByCode[code] !== kinds.mark) break;
			at += 1;
		}
	}
	return at;
}

/** Of a character that is written as `\u4f60`, as some clients write all but ASCII. */
function tokensOfEscaped(text: string, at: number): number {
	const code = Number.parseInt(text.slice(at + 2, at + 6), 16);
	return kindsByCode[code] === kinds.wide ? tokensOfWide(code) : 1;
}

/** `+`, `/`, `-` and `_`. */
const base64Marks: ReadonlySet<number> = new Set([0x2b, 0x2f, 0x2d, 0x5f]);

/** As bits: what is in every file. */
const letterKinds = (1 << kinds.lower) | (1 << kinds.upper) | (1 << kinds.digit);
