/**
 * A mock provider that costs next to nothing, so that the gateway in front of it is what gets measured:
 * `node bench/upstream.ts PORT`. It reads of a request only its path, where it ends and whether a stream is wanted, and
 * writes canned bytes in the dialect of the path. A stream is paced by the name of the request's end user,
 * `TOKENSxMILLISECONDS`, and refused with a 400 when a gateway lost it on the way. The text of every streamed token is
 * the moment it was due (`monotonicMs`).
 */
import { createServer, type Socket } from 'node:net';
import { answersByPath, type CannedAnswer, type CannedStream } from './answers.ts';
import { monotonicMs, tickMs } from './chat.ts';

/** Where the path stands in a request. */
const afterMethod = 'POST '.length;

const commonHeaders =
	'x-request-id: req_0123456789abcdef0123456789abcdef\r\n' +
	'openai-processing-ms: 412\r\n' +
	'x-ratelimit-limit-requests: 10000\r\n' +
	'x-ratelimit-remaining-requests: 9999\r\n';

/** What is written for one path, as bytes where nothing in it changes. */
interface Answer {
	whole: Buffer;
	stream: StreamAnswer | undefined;
}

/** The same, but in chunks; a token is put into one when it is due. */
interface StreamAnswer {
	begin: string;
	token: readonly [before: string, behind: string];
	end: string;
}

const answers = new Map([...answersByPath].map(([path, canned]): [string, Answer] => [path, answerOf(canned)]));

function answerOf({ document, stream }: CannedAnswer): Answer {
	const head =
		`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${commonHeaders}` +
		`content-length: ${Buffer.byteLength(document)}\r\n\r\n`;
	return { whole: Buffer.from(head + document), stream: stream && chunksOf(stream) };
}

function chunksOf({ begin, token, end }: CannedStream): StreamAnswer {
	return { begin: begin === '' ? '' : chunked(begin), token, end: chunked(end) + chunked('') };
}

const streamHead = `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n${commonHeaders}transfer-encoding: chunked\r\n\r\n`;
const ready = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
const notFound = Buffer.from('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
const badRequest = Buffer.from('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n');
const lengthRequired = Buffer.from('HTTP/1.1 411 Length Required\r\ncontent-length: 0\r\n\r\n');

function tokenAt(dueMs: number, [before, behind]: readonly [string, string]): string {
	return chunked(before + dueMs.toFixed(3) + behind);
}

function chunked(data: string): string {
	return `${data.length.toString(16)}\r\n${data}\r\n`;
}

interface Stream {
	socket: Socket;
	answer: StreamAnswer;
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
	const written = new Map<StreamAnswer, { next: Buffer; last: Buffer }>();
	for (const stream of streams) {
		if (stream.socket.destroyed) continue;
		const { answer } = stream;
		let bytes = written.get(answer);
		if (bytes === undefined) {
			const next = Buffer.from(tokenAt(tick * tickMs, answer.token));
			bytes = { next, last: Buffer.concat([next, Buffer.from(answer.end)]) };
			written.set(answer, bytes);
		}
		stream.tokensLeft -= 1;
		stream.socket.write(stream.tokensLeft === 0 ? bytes.last : bytes.next);
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

function startStream(socket: Socket, answer: StreamAnswer, tokens: number, intervalMs: number): void {
	const nowMs = monotonicMs();
	socket.write(streamHead + answer.begin + tokenAt(nowMs, answer.token) + (tokens === 1 ? answer.end : ''));
	if (tokens === 1) return;
	const intervalTicks = Math.max(1, Math.round(intervalMs / tickMs));
	schedule({ socket, answer, tokensLeft: tokens - 1, intervalTicks }, Math.ceil(nowMs / tickMs) + intervalTicks);
}

function answer(socket: Socket, request: Buffer): void {
	if (request[0] === 0x47 /* GET */) {
		socket.write(ready);
		return;
	}
	const found = answers.get(request.toString('latin1', afterMethod, request.indexOf(' ', afterMethod)));
	if (found === undefined) {
		socket.write(notFound);
		return;
	}
	if (!request.includes('"stream":true')) {
		socket.write(found.whole);
		return;
	}
	const pace = /"user(?:_id)?":"(\d+)x(\d+)"/.exec(request.toString('latin1'));
	if (pace === null || found.stream === undefined) {
		socket.write(badRequest);
		return;
	}
	startStream(socket, found.stream, Number(pace[1]), Number(pace[2]));
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
