import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { Agent, type Dispatcher, request } from 'undici';
import { classifyTransportError } from '../../upstream/classify/apply-error-rules.ts';
import { type Proxies, proxyAgent } from '../../upstream/proxies.ts';
import type { TlsMaterial } from '../../upstream/tls-files.ts';
import { parseJson } from '../../values/json.ts';
import { UserError } from '../../values/user-error.ts';

/** What a server said, or why it said nothing. */
export type Reply = ReplyAnswer | { is: 'problem'; isTimeout: boolean; isRefused: boolean; text: string };

export interface ReplyAnswer {
	is: 'answer';
	status: number;
	/** Names in lower case. */
	headers: Readonly<Record<string, string>>;
	body: string;
	/** From the request to the end of the answer. */
	ms: number;
	/** How far the server's clock is ahead of ours, ms; undefined when it does not say. */
	aheadMs: number | undefined;
}

export interface Question {
	headers?: Readonly<Record<string, string>>;
	/** Sent as JSON, with POST. */
	json?: object;
	/** For the whole exchange. */
	timeoutMs: number;
	/** Which proxy leads to the server; default: none does. */
	proxies?: Proxies;
	/** What connections to it are made with; it may throw a UserError. */
	tls?: (() => TlsMaterial | undefined) | undefined;
}

/** What is asked for here is small; a server that sends without end must not fill our memory. */
const MOST_BYTES = 8_000_000;

/** Asks once, for a bounded time and size, and follows no redirect, which would take the key elsewhere. Never throws. */
export async function ask(url: string, { headers, json, timeoutMs, proxies, tls }: Question): Promise<Reply> {
	const signal = AbortSignal.timeout(timeoutMs);
	const startedAt = Date.now();
	const started = performance.now();
	let dispatcher: Dispatcher | undefined;
	try {
		const proxy = proxies?.(url);
		const material = tls?.();
		if (proxy !== undefined) dispatcher = proxyAgent(proxy, material);
		else if (material !== undefined) dispatcher = new Agent({ connect: { ...material } });
		// Not `fetch`, which refuses ports that a proxy may well listen on.
		const response = await request(url, {
			method: json === undefined ? 'GET' : 'POST',
			signal,
			...(dispatcher && { dispatcher }),
			headers: { 'user-agent': 'breakwater', ...(json && { 'content-type': 'application/json' }), ...headers },
			...(json && { body: JSON.stringify(json) }),
		});
		const headersAt = Date.now();
		const replyHeaders = Object.fromEntries(
			Object.entries(response.headers).map(([name, value]) => [name, [value ?? ''].flat()[0] ?? '']),
		);
		const body = decoded(await readBounded(response.body), replyHeaders['content-encoding']);
		const aheadMs = clockAhead(replyHeaders, (startedAt + headersAt) / 2);
		return {
			is: 'answer',
			status: response.statusCode,
			headers: replyHeaders,
			body,
			ms: Math.round(performance.now() - started),
			aheadMs,
		};
	} catch (error) {
		if (signal.aborted) {
			const text = `it did not answer in full within ${timeoutMs / 1000} s`;
			return { is: 'problem', isTimeout: true, isRefused: false, text };
		}
		const { message, failure } = classifyTransportError(error);
		const text = error instanceof TooLong ? 'its answer is far too long' : sentencePart(unusable(error) ?? message);
		return { is: 'problem', isTimeout: false, isRefused: failure.reason === 'refused', text };
	} finally {
		await dispatcher?.destroy();
	}
}

class TooLong extends Error {}

async function readBounded(body: Dispatcher.ResponseData['body']): Promise<Buffer> {
	const pieces: Buffer[] = [];
	let bytes = 0;
	for await (const piece of body as AsyncIterable<Buffer>) {
		bytes += piece.length;
		if (bytes > MOST_BYTES) throw new TooLong();
		pieces.push(piece);
	}
	return Buffer.concat(pieces);
}

const decoders: Readonly<Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Buffer>> = {
	gzip: gunzipSync,
	deflate: inflateSync,
	br: brotliDecompressSync,
};

/** Nobody is asked to compress; some do. */
function decoded(bytes: Buffer, encoding = 'identity'): string {
	const decode = decoders[encoding];
	return (decode === undefined ? bytes : decode(bytes, { maxOutputLength: MOST_BYTES })).toString('utf8');
}

/** An answer out of a cache is as old as its `age` says. */
function clockAhead({ date = '', age = '' }: Record<string, string>, now: number): number | undefined {
	const sentAt = Date.parse(date);
	return Number.isNaN(sentAt) ? undefined : sentAt + (Number(age) || 0) * 1000 - now;
}

function unusable(error: unknown): string | undefined {
	return error instanceof UserError ? error.message : undefined;
}

function sentencePart(message: string): string {
	return `${message.charAt(0).toLowerCase()}${message.slice(1)}`.replace(/\.$/, '');
}

/** The JSON of an answer; undefined when it is none. */
export function jsonOf({ body }: ReplyAnswer): unknown {
	return parseJson(body);
}
