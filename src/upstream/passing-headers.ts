import type { AnswerHeaders } from '../contract/dialect.ts';
import { viaHeader } from '../values/via.ts';

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

/** What the headers of one response tell the caller. */
export interface ToldHeaders {
	/** The provider's own id of the request, for whoever asks its support; undefined where it gave none that is fit for a log. */
	readonly id: string | undefined;
	/** Limits that are left, and the time that the provider took; by their names in lower case. */
	readonly forCaller: Readonly<Record<string, string>>;
}

/**
 * Reads what a provider's answer tells the caller in its headers. A value that holds a secret is not told at all: a proxy in
 * between may send back what it was sent.
 */
export class PassingHeaders {
	readonly #hasSecret: (text: string) => boolean;

	/** @param hasSecret whether a text must not be shown */
	constructor(hasSecret: (text: string) => boolean) {
		this.#hasSecret = hasSecret;
	}

	read(headers: AnswerHeaders): ToldHeaders {
		const forCaller: Record<string, string> = {};
		for (const name in headers) {
			if (name !== 'openai-processing-ms' && !name.startsWith('x-ratelimit-')) continue;
			const value = first(headers[name]);
			if (value === undefined || !/^[\x20-\x7e]{1,256}$/.test(value)) continue;
			if (!this.#hasSecret(value)) forCaller[name] = value;
		}
		return { id: this.#findId(headers), forCaller };
	}

	#findId(headers: AnswerHeaders): string | undefined {
		for (const name of idHeaders) {
			const id = first(headers[name]);
			if (id !== undefined && /^[\x21-\x7e]{1,128}$/.test(id) && !this.#hasSecret(id)) return id;
		}
		return undefined;
	}
}

/**
 * The headers of one request: those that the provider is always sent, then those of the caller that it does not set, then those
 * that it is sent where neither has them.
 * @param own name, value, name, value, …
 * @param ofCaller by their names, in lower case
 * @param usual name, value, …
 */
export function withCallerHeaders(
	own: readonly string[],
	ofCaller: Readonly<Record<string, string>> | undefined,
	usual: readonly string[] = none,
): string[] {
	const headers = [...own];
	for (const name in ofCaller) {
		const value = ofCaller[name];
		// Beside our own: the two are one list, of all that the request came through.
		if (value !== undefined && (name === viaHeader || !has(own, name))) headers.push(name, value);
	}
	for (let index = 0; index < usual.length; index += 2) {
		const [name = '', value = ''] = usual.slice(index, index + 2);
		if (!has(headers, name)) headers.push(name, value);
	}
	return headers;
}

const none: readonly string[] = [];

/** @param name in lower case */
function has(headers: readonly string[], name: string): boolean {
	return headers.some((text, index) => index % 2 === 0 && text.toLowerCase() === name);
}

function first(value: string | string[] | undefined): string | undefined {
	return Array.isArray(value) ? value[0] : value;
}
