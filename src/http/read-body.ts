import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createZstdDecompress } from 'node:zlib';
import type { FastifyRequest } from 'fastify';
import { Refusal } from '../contract/refusal.ts';
import { Pieces } from '../values/pieces.ts';
import { overloaded } from './load/admission.ts';
import type { Upload, Uploads } from './uploads.ts';

/** By their names in `Content-Encoding`. */
const decoders: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
	['gzip', createGunzip],
	['x-gzip', createGunzip],
	['br', createBrotliDecompress],
	['zstd', createZstdDecompress],
]);

export interface BodyOptions {
	/** Bytes of the largest body, also when it is decoded. */
	limit: number;
	/** How long one may take, ms; one that keeps coming may take longer. */
	timeoutMs: number;
	uploads: Uploads;
	/** The responses to requests that wait for `100 Continue` before they send their body. */
	waiting: WeakMap<IncomingMessage, ServerResponse>;
}

type Done = (error: Error | null, body?: string) => void;

/** What a body is read for: who has sent it, and what it holds. */
type Reader = Pick<FastifyRequest, 'raw' | 'share'>;

/**
 * Reads request bodies as text in UTF-8: decoded, and without a byte-order mark.
 * @returns a parser for Fastify; its errors are Refusals, and what is left of a refused body is not read
 */
export function bodyReader(options: BodyOptions): (request: Reader, body: IncomingMessage, done: Done) => void {
	const { limit, waiting } = options;

	return (request, body, done) => {
		const { 'content-encoding': encoding = '', 'content-length': length } = body.headers;
		const name = encoding.trim().toLowerCase();
		const decode = decoders.get(name);
		if (decode === undefined && name !== '' && name !== 'identity') return done(unknownEncoding());
		if (Number(length) > limit) return done(tooLarge(limit));
		waiting.get(body)?.writeContinue();
		read(body, options, (error, bytes) => {
			if (bytes === undefined) done(error);
			else if (decode === undefined) takeText(bytes, request, done);
			else decodeBody(decode(), bytes, { limit, name, request }, done);
		});
	};
}

function read(
	body: IncomingMessage,
	{ limit, timeoutMs, uploads }: BodyOptions,
	done: (error: Error | null, bytes?: Buffer) => void,
): void {
	const pieces = new Pieces();
	const upload: Upload = {
		received: 0,
		patienceMs: timeoutMs,
		onLate: (isStopping) => end(isStopping ? stopping() : tooSlow()),
	};
	uploads.add(upload);
	body.on('data', take);
	body.on('end', end);
	body.on('error', leave);

	function take(piece: Buffer): void {
		upload.received += piece.length;
		if (upload.received > limit) end(tooLarge(limit));
		else pieces.add(piece);
	}

	/** Also where the process takes no more bytes on (`load/admission.ts`), which says so itself. */
	function leave(error: Error): void {
		if (error instanceof Refusal) end(error);
		else end(unreadable());
	}

	function end(refusal?: Refusal): void {
		uploads.delete(upload);
		body.off('data', take);
		body.off('end', end);
		body.off('error', leave);
		if (refusal !== undefined) done(refusal);
		else done(null, pieces.whole());
	}
}

/** Whoever decodes is not asked for more than there is room for: twenty kilobytes may become twenty megabytes. */
function decodeBody(
	decoder: Transform,
	bytes: Buffer,
	{ limit, name, request }: { limit: number; name: string; request: Reader },
	done: Done,
): void {
	const pieces = new Pieces();
	let length = 0;
	decoder.on('data', take);
	decoder.on('end', end);
	decoder.on('error', () => end(notWhole(name)));
	decoder.end(bytes);

	function take(piece: Buffer): void {
		length += piece.length;
		const { raw } = request;
		if (length > limit) end(tooLarge(limit));
		// What it holds has been given back: nobody would give back what it takes from now on.
		else if (raw.socket.destroyed) end(unreadable());
		else hold(piece);
	}

	function hold(piece: Buffer): void {
		const reason = request.share?.holdBody(bytes.length + length);
		if (reason === undefined) pieces.add(piece);
		else end(overloaded(reason));
	}

	function end(refusal?: Refusal): void {
		decoder.destroy();
		if (refusal !== undefined) done(refusal);
		else if (request.raw.socket.destroyed) done(unreadable());
		else takeText(pieces.whole(), request, done);
	}
}

function takeText(bytes: Buffer, { share }: Reader, done: Done): void {
	const text = textOf(bytes);
	const reason = share?.holdText(bytes.length, text.length);
	if (reason === undefined) done(null, text);
	else done(overloaded(reason));
}

/** Editors and some shells put a byte-order mark in front of a text; to JSON it is no white space. */
function textOf(bytes: Buffer): string {
	const text = bytes.toString('utf8');
	return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function unreadable(): Refusal {
	return new Refusal('invalid_request', 'The request could not be read; check its headers and its Content-Length.');
}

function notWhole(name: string): Refusal {
	return new Refusal('invalid_request', `The body is not whole ${name}, as its Content-Encoding says.`);
}

function tooLarge(limit: number): Refusal {
	return new Refusal('body_too_large', `The body is larger than server.bodyLimit allows (${limit} bytes).`);
}

function tooSlow(): Refusal {
	return new Refusal(
		'request_timeout',
		'The body did not come in time (server.timeouts.body); send the whole of it, of the length that Content-Length says.',
	);
}

function stopping(): Refusal {
	return new Refusal('shutting_down', 'Breakwater is shutting down, and the body had not come whole.');
}

function unknownEncoding(): Refusal {
	return new Refusal('unsupported_media_type', 'Send the body without Content-Encoding, or in gzip, br or zstd.', {
		param: 'Content-Encoding',
		headers: { 'accept-encoding': 'gzip, br, zstd' },
	});
}
