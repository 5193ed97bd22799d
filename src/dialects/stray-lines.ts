import { type ErrorBody, emptyErrorBody } from '../contract/error-body.ts';
import { isObject, type JsonObject, parseJson } from '../values/json.ts';
import { isErrorObject } from './error-object.ts';
import { readErrorJson } from './read-error-body.ts';

/** How much of the lines of a stream that are no events is kept, characters. */
const KEPT_LENGTH = 16 * 1024;

/** `retry:`, `event:`, `: {"`: a line that is longer shows what it is, characters. */
const LONGEST_FIELD = 6;

const none: { end: number; line: string }[] = [];

/**
 * Lines of an event stream that are none of its events. Some servers put an error there: `error: {…}`, a bare line of JSON,
 * or a whole document, where the answer should have begun or gone on.
 */
export class StrayLines {
	#text = '';
	/** The beginning of a line whose end has not come; undefined while the rest of a field of the stream is passed over. */
	#begun: string | undefined = '';

	/**
	 * @param text the next piece of the stream, cut anywhere
	 * @returns where in it the stray lines end
	 */
	find(text: string): readonly { readonly end: number; readonly line: string }[] {
		if (this.#begun === '' && hasOnlyEvents(text)) return none;
		let found: { end: number; line: string }[] = none;
		let start = 0;
		// Asked once: a search for what is not there goes through the whole text.
		const ends = ['\n', '\r'].filter((sign) => text.includes(sign));
		while (start < text.length) {
			if (this.#begun === '' && text.startsWith('data:', start)) this.#begun = undefined;
			const end = lineEnd(text, start, ends);
			if (this.#begun !== undefined) this.#begin(text.slice(start, end === -1 ? undefined : end));
			if (end === -1) break;
			if (this.#begun !== undefined && this.#begun !== '' && !isField(this.#begun)) {
				found = [...found, { end: end + 1, line: this.#begun }];
			}
			this.#begun = '';
			start = end + 1;
		}
		return found;
	}

	#begin(text: string): void {
		const line = `${this.#begun}${text}`;
		this.#begun = line.length > LONGEST_FIELD && isField(line) ? undefined : line.slice(0, KEPT_LENGTH);
	}

	/** @returns the error, where this line is one */
	add(line: string): ErrorBody | undefined {
		if (this.#text.length < KEPT_LENGTH) this.#text += `${line}\n`;
		return errorIn(line);
	}

	/** The error that all of them together are. */
	get error(): ErrorBody | undefined {
		return this.#text === '' ? undefined : errorIn(this.#text);
	}
}

/** What nearly every piece of a stream is: lines of data, each with the end of its event, and perhaps with its name in front. */
function hasOnlyEvents(text: string): boolean {
	let start = 0;
	while (start < text.length) {
		const named = text.startsWith('event:', start) ? text.indexOf('\n', start) + 1 : start;
		if (!text.startsWith('data:', named) || (named === 0 && start > 0)) return false;
		const end = text.indexOf('\n', named);
		if (end === -1 || text[end + 1] !== '\n') return false;
		start = end + 2;
	}
	return start > 0 && !text.includes('\r');
}

/** A comment that is an object may be a chunk that has lost the name of its field. */
function isField(line: string): boolean {
	return /^(data|event|id|retry)(:|$)|^(:(?!\s*\{")|$)/.test(line);
}

function lineEnd(text: string, start: number, ends: readonly string[]): number {
	const [first = -1, second = -1] = ends.map((sign) => text.indexOf(sign, start));
	return first === -1 || second === -1 ? Math.max(first, second) : Math.min(first, second);
}

function errorIn(text: string): ErrorBody | undefined {
	const [, field] = /^\s*error:\s*([\s\S]*)$/i.exec(text) ?? [];
	const json = parseJson(field ?? text);
	if (field !== undefined) return fieldError(json, field.trim());
	const value = Array.isArray(json) ? json[0] : json;
	return isObject(value) && isErrorObject(value) ? readErrorJson(value) : undefined;
}

/** What stands behind `error:` is the error itself, an object that holds it, or its text. */
function fieldError(json: unknown, text: string): ErrorBody {
	if (isObject(json)) return readErrorJson(isErrorObject(json) && 'error' in json ? json : asError(json));
	if (text === '') return emptyErrorBody;
	return readErrorJson({ error: { message: typeof json === 'string' ? json : text } });
}

function asError(error: JsonObject): JsonObject {
	return { error };
}
