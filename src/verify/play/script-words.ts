import { readDuration } from '../../values/durations.ts';

/** A word of a script, and where it begins: columns count from 1. */
export interface Word {
	/** In front of an `=`, or the whole word. */
	readonly name: string;
	/** Behind the `=`; undefined where there is none. */
	readonly value?: string;
	readonly column: number;
}

/** A mistake in a script, in one sentence: where, what is wrong, and what would be right. */
export class ScriptError extends Error {
	override readonly name = 'ScriptError';
	/** Counts from 1. */
	readonly column: number;

	constructor(column: number, sentence: string) {
		super(`--when, column ${column}: ${sentence}`);
		this.column = column;
	}
}

/** The longest wait that is imagined, as no provider's hint counts that is longer: 400 days, in ms. */
const LONGEST_HINT_MS = 400 * 24 * 60 * 60 * 1000;

/** Reads a script from left to right. */
export class ScriptReader {
	readonly text: string;
	#at = 0;

	constructor(text: string) {
		this.text = text;
	}

	/** Of the next character that is no space. */
	get column(): number {
		this.#skipSpace();
		return this.#at + 1;
	}

	get isAtEnd(): boolean {
		this.#skipSpace();
		return this.#at >= this.text.length;
	}

	/** Everything from here to a mark that ends an entry. */
	get rest(): string {
		this.#skipSpace();
		return this.text.slice(this.#at);
	}

	/** Goes past this text if it stands here. */
	take(text: string): boolean {
		this.#skipSpace();
		if (!this.text.startsWith(text, this.#at)) return false;
		this.#at += text.length;
		return true;
	}

	/** The words up to the next `,` or `;`, or to the end. */
	words(): Word[] {
		const words: Word[] = [];
		while (!this.isAtEnd && !/[,;]/.test(this.text.charAt(this.#at))) words.push(this.#word());
		return words;
	}

	#word(): Word {
		const column = this.#at + 1;
		const name = this.#run(/[^\s,;=]*/y);
		if (!this.text.startsWith('=', this.#at)) return { name, column };
		this.#at += 1;
		const quote = this.text.charAt(this.#at);
		const value = quote === '"' || quote === "'" ? this.#quoted(quote) : this.#run(/[^\s,;]*/y);
		return { name, value, column };
	}

	#quoted(quote: string): string {
		const end = this.text.indexOf(quote, this.#at + 1);
		if (end === -1) throw new ScriptError(this.#at + 1, `the quotation mark ${quote} has no second one; add it`);
		const value = this.text.slice(this.#at + 1, end);
		this.#at = end + 1;
		return value;
	}

	#run(pattern: RegExp): string {
		pattern.lastIndex = this.#at;
		const run = pattern.exec(this.text)?.[0] ?? '';
		this.#at += run.length;
		return run;
	}

	#skipSpace(): void {
		this.#run(/\s*/y);
	}
}

/** @returns ms */
export function durationOf({ name, value, column }: Word): number {
	const reading = readDuration(value ?? name, { zero: true });
	if ('value' in reading) return reading.value;
	throw new ScriptError(column, `\`${clipped(value ?? name)}\` ${reading.mistake}`);
}

/** How long a provider asks to wait: `30` is seconds, as in the header. @returns ms */
export function hintOf(word: Word): number {
	const text = word.value ?? word.name;
	if (/^-\d/.test(text)) {
		throw new ScriptError(
			word.column,
			`\`${clipped(text)}\` is negative, which no hint is; write seconds such as \`30\`, or a duration such as \`30s\``,
		);
	}
	if (!/^\d+(\.\d+)?$/.test(text)) return durationOf(word);
	const ms = Math.round(Number(text) * 1000);
	if (ms <= LONGEST_HINT_MS) return ms;
	throw new ScriptError(
		word.column,
		`\`${clipped(text)}\` seconds are more than 400 days, which no hint means; write fewer`,
	);
}

/** A whole number. */
export function countOf({ name, value = '', column }: Word, most: number): number {
	if (/^\d+$/.test(value) && Number(value) <= most) return Number(value);
	throw new ScriptError(
		column,
		`\`${name}=${clipped(value)}\` is no number of them; write a whole one from 0 to ${most}`,
	);
}

/** The text of an option, which must not be empty. */
export function textOf({ name, value = '', column }: Word): string {
	if (value !== '') return value;
	throw new ScriptError(column, `\`${name}\` needs a value; write for example \`${name}="some text"\``);
}

/** Is it a duration, right or wrong, rather than another word? */
export function looksLikeDuration({ name, value }: Word): boolean {
	return value === undefined && /^-?\d/.test(name);
}

/** Something of a script, short enough to be shown back. */
export function clipped(text: string): string {
	return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
