import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { type Behaviour, type Bytes, type Exchange, settle } from './exchange.ts';
import { chunksOf, completionOf } from './openai-shapes.ts';

/** Data of one SSE event: a string goes behind `data: ` as it is, an object as JSON; bytes are written verbatim. */
export type SseEvent = string | object | Uint8Array;

export interface StreamOptions {
	/** `done`: `[DONE]`, then the end; `close`: the end without it; `cut`: the connection drops; `stall`: silence. */
	end?: 'done' | 'close' | 'cut' | 'stall';
	/** Sends the stream in pieces of this size; default: an event is a piece. */
	chunkBytes?: number;
	/** Wait before each piece, ms. */
	delayMs?: number;
}

/** Right answers: a completion as JSON, or as SSE when the request says `stream: true`. `extra` goes into each object. */
export function answers(text: string, extra: object = {}): Behaviour {
	return (exchange) => {
		const body = (exchange.request.json ?? {}) as { model?: string; stream?: boolean; stream_options?: unknown };
		const fields = { ...(typeof body.model === 'string' && { model: body.model }), ...extra };
		if (body.stream !== true) return completes(completionOf(text, fields))(exchange);
		const includeUsage = (body.stream_options as { include_usage?: boolean } | undefined)?.include_usage === true;
		return streams(chunksOf(text, { includeUsage, fields }))(exchange);
	};
}

/** A 200 with this value as JSON, whatever it is. */
export function completes(json: unknown, headers: Record<string, string> = {}): Behaviour {
	return status(200, json, headers);
}

/** A status with a body: JSON unless it is a string, and an empty OpenAI error object when there is none. */
export function status(code: number, body: unknown = emptyError, headers: Record<string, string> = {}): Behaviour {
	return async ({ response, end }) => {
		response.statusCode = code;
		response.setHeader('content-type', typeof body === 'string' ? 'text/plain' : 'application/json');
		for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
		await end(typeof body === 'string' ? body : JSON.stringify(body));
	};
}

const emptyError = { error: { message: 'The test upstream failed.', type: null, param: null, code: null } };

/** Exactly these bytes on the socket, status line included; then FIN, or silence with `stall`. */
export function raw(bytes: Bytes, end: 'close' | 'stall' = 'close'): Behaviour {
	return async ({ socket, hangUp }) => {
		await settle((done) => socket.write(bytes, done));
		if (end === 'close') hangUp('fin');
	};
}

/** Takes the request and never says a word. */
export function hangs(): Behaviour {
	return () => {};
}

/** RST before any byte of an answer. */
export function resets(): Behaviour {
	return ({ hangUp }) => hangUp('rst');
}

/** Another behaviour for each of so many requests, once all of them are here: one that is over is no connection to reuse. */
export function together(count: number, inner: Behaviour): Behaviour {
	let here = 0;
	const { promise: allAreHere, resolve } = Promise.withResolvers<void>();
	return async (exchange) => {
		here += 1;
		if (here === count) resolve();
		await allAreHere;
		await inner(exchange);
	};
}

/** Leaves every step of one exchange to the test, which gets it once the request is here. */
export function onCommand(): { behaviour: Behaviour; asked: Promise<Exchange> } {
	const { promise: asked, resolve: behaviour } = Promise.withResolvers<Exchange>();
	return { behaviour, asked };
}

/** Breaks a connection with `how` where it has carried a request before, and answers on a new one. */
export function forgetful(how: Behaviour): Behaviour {
	// Requests that come at once get a connection each.
	return (exchange) => (exchange.isReused ? how : delayed(20, answers('here')))(exchange);
}

/** A 200 that falls silent: after these SSE events, or after this beginning of a JSON body. */
export function stallsAfter(beginning: Bytes | readonly SseEvent[]): Behaviour {
	if (isEventList(beginning)) return streams(beginning, { end: 'stall' });
	return async ({ response, write }) => {
		response.setHeader('content-type', 'application/json');
		await write(beginning);
	};
}

/** A 200 whose content-length promises the whole JSON body, of which only half comes before the FIN. */
export function truncates(json: unknown = completionOf('a whole answer')): Behaviour {
	return async ({ response, write, hangUp }) => {
		const whole = Buffer.from(JSON.stringify(json));
		response.setHeader('content-type', 'application/json');
		response.setHeader('content-length', whole.byteLength);
		await write(whole.subarray(0, whole.byteLength / 2));
		hangUp('fin');
	};
}

/** A 200 of SSE events. */
export function streams(events: readonly SseEvent[], options: StreamOptions = {}): Behaviour {
	const { end: ending = 'done', chunkBytes, delayMs = 0 } = options;
	const wire = [...events, ...(ending === 'done' ? ['[DONE]'] : [])].map(encode);
	return async ({ response, over, write, end, hangUp }) => {
		response.setHeader('content-type', 'text/event-stream');
		response.flushHeaders();
		for (const piece of chunkBytes === undefined ? wire : piecesOf(Buffer.concat(wire), chunkBytes)) {
			await pause(delayMs, over);
			await write(piece);
		}
		if (ending === 'cut') return hangUp('fin');
		if (ending === 'stall') return;
		await end();
	};
}

/** Sends the body of another behaviour in pieces of `chunkBytes`, with a wait of `delayMs` before each. */
export function trickles(inner: Behaviour, options: { chunkBytes?: number; delayMs?: number } = {}): Behaviour {
	const { chunkBytes = 1, delayMs = 0 } = options;
	return (exchange) => {
		const write = async (body: Bytes) => {
			for (const piece of piecesOf(Buffer.from(body), chunkBytes)) {
				await pause(delayMs, exchange.over);
				await exchange.write(piece);
			}
		};
		const end = async (body: Bytes = '') => {
			await write(body);
			await exchange.end();
		};
		return inner({ ...exchange, write, end });
	};
}

/** Compresses the body of another behaviour, which must end properly: nothing is sent before it does. */
export function compressed(encoding: 'gzip' | 'deflate' | 'br', inner: Behaviour): Behaviour {
	return (exchange) => {
		const pieces: Buffer[] = [];
		exchange.response.setHeader('content-encoding', encoding);
		const write = async (piece: Bytes) => void pieces.push(Buffer.from(piece));
		const end = (piece: Bytes = '') => exchange.end(compress[encoding](Buffer.concat([...pieces, Buffer.from(piece)])));
		return inner({ ...exchange, write, end });
	};
}

const compress = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };

/** Another behaviour, this many ms late. */
export function delayed(ms: number, inner: Behaviour): Behaviour {
	return async (exchange) => {
		await pause(ms, exchange.over);
		await inner(exchange);
	};
}

function encode(event: SseEvent): Buffer {
	if (event instanceof Uint8Array) return Buffer.from(event);
	return Buffer.from(`data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`);
}

function isEventList(value: Bytes | readonly SseEvent[]): value is readonly SseEvent[] {
	return Array.isArray(value);
}

function* piecesOf(bytes: Buffer, size: number): Generator<Buffer> {
	for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

/** Waits at least one turn of the event loop, so that two pieces are two packets. */
async function pause(ms: number, over: AbortSignal): Promise<void> {
	if (ms > 0) await sleep(ms, undefined, { signal: over });
	await nextTurn(undefined, { signal: over });
}
