import type { AnswerHeaders } from '../contract/dialect.ts';

/** Where providers, and the clouds in front of them, put their own id of a request: the most telling first. */
const idHeaders = [
	'x-request-id',
	'request-id',
	'x-amzn-requestid',
	'apim-request-id',
	'x-ms-request-id',
	'x-generation-id',
	'cf-ray',
] as const;

/**
 * What a provider's answer tells the caller in its headers. A value that holds a secret is not told at all: a proxy in
 * between may send back what it was sent.
 */
export class PassingHeaders {
	readonly #redact: (text: string) => string;
	/** The last answer that was asked about: every request asks about its own several times. */
	#last: { headers: AnswerHeaders; id: string | undefined } | undefined;

	/** @param redact takes secrets out of a text */
	constructor(redact: (text: string) => string) {
		this.#redact = redact;
	}

	/** The provider's own id of a request, for whoever asks its support; undefined where it gave none that is fit for a log. */
	idOf(headers: AnswerHeaders): string | undefined {
		if (this.#last?.headers !== headers) this.#last = { headers, id: this.#findId(headers) };
		return this.#last.id;
	}

	#findId(headers: AnswerHeaders): string | undefined {
		for (const name of idHeaders) {
			const id = first(headers[name]);
			if (id !== undefined && /^[\x21-\x7e]{1,128}$/.test(id) && this.#isClean(id)) return id;
		}
		return undefined;
	}

	/** Limits that are left, and the time that the provider took. */
	forCaller(headers: AnswerHeaders): Record<string, string> {
		const passed: Record<string, string> = {};
		for (const name in headers) {
			if (name !== 'openai-processing-ms' && !name.startsWith('x-ratelimit-')) continue;
			const value = first(headers[name]);
			if (value === undefined || !/^[\x20-\x7e]{1,256}$/.test(value)) continue;
			if (this.#isClean(value)) passed[name] = value;
		}
		return passed;
	}

	#isClean(text: string): boolean {
		return this.#redact(text) === text;
	}
}

/**
 * The headers of one request: those that the provider is always sent, then those of the caller that it does not set.
 * @param own name, value, name, value, …
 * @param ofCaller by their names, in lower case
 */
export function withCallerHeaders(
	own: readonly string[],
	ofCaller: Readonly<Record<string, string>> | undefined,
): string[] {
	const headers = [...own];
	for (const name in ofCaller) {
		const isSet = own.some((text, index) => index % 2 === 0 && text.toLowerCase() === name);
		const value = ofCaller[name];
		if (!isSet && value !== undefined) headers.push(name, value);
	}
	return headers;
}

function first(value: string | string[] | undefined): string | undefined {
	return Array.isArray(value) ? value[0] : value;
}
