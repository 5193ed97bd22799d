import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import type { FailureReport } from '../contract/failure-report.ts';
import { idHeaders } from './request-ids.ts';
import type { Upload, Uploads } from './uploads.ts';

/** For how long a refused body is read when nothing more comes, ms. */
const PATIENCE_MS = 2000;
/** For how long it is read at most, ms, and how much of it. */
const MOST_MS = 30_000;
const MOST_BYTES = 256 * 1024 * 1024;

/** Whether more of a request is to come than has been read. */
export function hasMoreToCome({ complete, headers }: IncomingMessage): boolean {
	const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers;
	return complete === false && (length !== '0' || encoding !== undefined);
}

/**
 * Answers a request with a failure before its body is whole, and closes the connection. What still comes is thrown away
 * for a while: a connection that is closed while bytes arrive is reset, and a client that is still sending would see the
 * reset and not the answer. Whoever sends next to nothing is not waited for.
 */
export function sendAndClose(
	reply: FastifyReply,
	requestId: string,
	{ status, headers }: FailureReport,
	body: string,
	contentType: string,
	uploads: Uploads,
): void {
	const { raw: response, request } = reply;
	reply.hijack();
	response.shouldKeepAlive = false;
	response.writeHead(status, {
		'content-type': contentType,
		'content-length': Buffer.byteLength(body),
		...headers,
		...idHeaders(reply, requestId),
	});
	response.write(body);
	discard(request.raw, uploads, () => response.end());
}

function discard(body: IncomingMessage, uploads: Uploads, done: () => void): void {
	const upload: Upload = { received: 0, patienceMs: PATIENCE_MS, mostMs: MOST_MS, onLate: end };
	uploads.add(upload);
	body.on('data', take);
	for (const event of ['end', 'error', 'close']) body.on(event, end);
	if (body.destroyed) end();
	else body.resume();

	function take(piece: Buffer): void {
		upload.received += piece.length;
		if (upload.received > MOST_BYTES) end();
	}

	function end(): void {
		uploads.delete(upload);
		body.off('data', take);
		for (const event of ['end', 'close']) body.off(event, end);
		done();
	}
}

/** The same for a connection on which there is no request: it is answered, and does not stay. */
export function endSoon(socket: Socket, text: string): void {
	socket.end(text);
	socket.resume();
	const timer = setTimeout(() => socket.destroy(), PATIENCE_MS).unref();
	socket.once('close', () => clearTimeout(timer));
}
