/**
 * A mock OpenAI provider that costs next to nothing, so that the gateway in front of it is what gets measured:
 * `node bench/upstream.ts PORT`. It reads of a request only where it ends and whether a stream is wanted, and writes
 * canned bytes. A stream is paced by the request's `user` field, `TOKENSxMILLISECONDS`, and refused with a 400 when a
 * gateway lost that field on the way. The text of every streamed token is the moment it was due (`monotonicMs`).
 */
import { createServer, type Socket } from 'node:net';
import { contentMarker, monotonicMs, tickMs, upstreamModel } from './chat.ts';

const commonHeaders =
	'x-request-id: req_0123456789abcdef0123456789abcdef\r\n' +
	'openai-processing-ms: 412\r\n' +
	'x-ratelimit-limit-requests: 10000\r\n' +
	'x-ratelimit-remaining-requests: 9999\r\n';

const completion = JSON.stringify({
	id: 'chatcmpl-bench0123456789',
	object: 'chat.completion',
	created: 1767225600,
	model: upstreamModel,
	choices: [
		{
			index: 0,
			message: {
				role: 'assistant',
				content:
					'A domestic parcel that went back to the sorting centre usually moves again within two working days. Ask the ' +
					'carrier for the reason of the return, whether the label is still readable, and the next planned scan.',
				refusal: null,
			},
			logprobs: null,
			finish_reason: 'stop',
		},
	],
	usage: { prompt_tokens: 231, completion_tokens: 44, total_tokens: 275 },
	service_tier: 'default',
	system_fingerprint: 'fp_bench',
});

const wholeAnswer = Buffer.from(
	`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${commonHeaders}` +
		`content-length: ${Buffer.byteLength(completion)}\r\n\r\n${completion}`,
);
const streamHead = `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n${commonHeaders}transfer-encoding: chunked\r\n\r\n`;
const ready = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
const badRequest = Buffer.from('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n');
const lengthRequired = Buffer.from('HTTP/1.1 411 Length Required\r\ncontent-length: 0\r\n\r\n');

const streamEnd = chunked(`${event('{}', '"stop"')}data: [DONE]\n\n`) + chunked('');

function event(delta: string, finishReason: string): string {
	return (
		`data: {"id":"chatcmpl-bench0123456789","object":"chat.completion.chunk","created":1767225600,` +
		`"model":"${upstreamModel}","system_fingerprint":"fp_bench","choices":[{"index":0,"delta":${delta},` +
		`"logprobs":null,"finish_reason":${finishReason}}]}\n\n`
	);
}

function token(dueMs: number): string {
	return chunked(event(`{${contentMarker}${dueMs.toFixed(3)}"}`, 'null'));
}

function chunked(data: string): string {
	return `${data.length.toString(16)}\r\n${data}\r\n`;
}

interface Stream {
	socket: Socket;
	tokensLeft: number;
	intervalTicks: number;
}

/** The streams by the tick in which their next token is due. One timer serves all; one buffer serves a whole slot. */
const wheel = new Map<number, Stream[]>();
let lastTick = Math.floor(monotonicMs() / tickMs);

setInterval(() => {
	const thisTick = Math.floor(monotonicMs() / tickMs);
	while (lastTick < thisTick) {
		lastTick += 1;
		const due = wheel.get(lastTick);
		if (due === undefined) continue;
		wheel.delete(lastTick);
		serveSlot(due, lastTick);
	}
}, tickMs);

function serveSlot(streams: Stream[], tick: number): void {
	const next = Buffer.from(token(tick * tickMs));
	const last = Buffer.concat([next, Buffer.from(streamEnd)]);
	for (const stream of streams) {
		if (stream.socket.destroyed) continue;
		stream.tokensLeft -= 1;
		stream.socket.write(stream.tokensLeft === 0 ? last : next);
		if (stream.tokensLeft > 0) schedule(stream, tick + stream.intervalTicks);
	}
}

function schedule(stream: Stream, tick: number): void {
	const slot = wheel.get(tick);
	if (slot === undefined) {
		wheel.set(tick, [stream]);
		return;
	}
	slot.push(stream);
}

function startStream(socket: Socket, tokens: number, intervalMs: number): void {
	const nowMs = monotonicMs();
	socket.write(streamHead + token(nowMs) + (tokens === 1 ? streamEnd : ''));
	if (tokens === 1) return;
	const intervalTicks = Math.max(1, Math.round(intervalMs / tickMs));
	schedule({ socket, tokensLeft: tokens - 1, intervalTicks }, Math.ceil(nowMs / tickMs) + intervalTicks);
}

function answer(socket: Socket, request: Buffer): void {
	if (request[0] === 0x47 /* GET */) {
		socket.write(ready);
		return;
	}
	if (!request.includes('"stream":true')) {
		socket.write(wholeAnswer);
		return;
	}
	const pace = /"user":"(\d+)x(\d+)"/.exec(request.toString('latin1'));
	if (pace === null) {
		socket.write(badRequest);
		return;
	}
	startStream(socket, Number(pace[1]), Number(pace[2]));
}

/** Length of the first whole request in the bytes; 0 while it is not whole, -1 when it says no length. */
function requestLength(bytes: Buffer): number {
	const headEnd = bytes.indexOf('\r\n\r\n');
	if (headEnd === -1) return 0;
	if (bytes[0] === 0x47 /* GET */) return headEnd + 4;
	const bodyLength = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, headEnd))?.[1];
	if (bodyLength === undefined) return -1;
	const length = headEnd + 4 + Number(bodyLength);
	return bytes.length >= length ? length : 0;
}

function serve(socket: Socket): void {
	let pending: Buffer = Buffer.alloc(0);
	socket.setNoDelay(true);
	socket.on('error', () => socket.destroy());
	socket.on('data', (piece: Buffer) => {
		pending = pending.length === 0 ? piece : Buffer.concat([pending, piece]);
		for (let length = requestLength(pending); length !== 0; length = requestLength(pending)) {
			if (length === -1) {
				socket.end(lengthRequired);
				return;
			}
			answer(socket, pending.subarray(0, length));
			pending = pending.subarray(length);
		}
	});
}

createServer(serve).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 });
