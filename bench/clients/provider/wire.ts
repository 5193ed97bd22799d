import type { Question, Saying } from './model.ts';

/** How an endpoint is spoken; `Body` is what is read of its requests, `provider` whose it is. */
export interface Wire<Body> {
	/** The last part of the address: `/chat/completions`. */
	readonly path: string;
	/** @returns what the real API would refuse the request for; undefined for nothing */
	mistakeIn(body: Body, provider: string): string | undefined;
	read(body: Body): Question;
	document(saying: Saying, body: Body, provider: string): object;
	/** The stream, event by event, its end mark included. */
	events(saying: Saying, body: Body, provider: string): readonly string[];
	/** The body of an error. @param type `server_error` */
	failure(type: string, message: string): object;
}

/** The text of a content that is a string, or a list of parts. */
export type Content = string | readonly { readonly type?: string; readonly text?: string }[] | null | undefined;

export function textOf(content: Content): string {
	if (typeof content === 'string') return content;
	return (content ?? []).map((part) => part.text ?? '').join('');
}

/** An event without a name, as OpenAI's older endpoints write it. */
export function unnamed(data: object | string): string {
	return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}

/** An event whose name is its type. */
export function named(data: { readonly type: string; readonly [member: string]: unknown }): string {
	return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Arguments come in two pieces, so that a client has to put them together. */
export function halves(whole: string): [string, string] {
	const middle = Math.ceil(whole.length / 2);
	return [whole.slice(0, middle), whole.slice(middle)];
}

/** As OpenAI's API says what went wrong. */
export function openaiFailure(type: string, message: string): object {
	return { error: { message, type, param: null, code: null } };
}

/** Any: no client of these counts them. */
export const tokens = { input: 12, output: 40 } as const;
