import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { RefusedCall } from '../contract/observer.ts';
import { Refusal } from '../contract/refusal.ts';
import { newRequestId } from '../values/request-id.ts';
import { endSoon } from './linger.ts';

/** What a request is refused with because of an error on its way to a handler, or in one. */
export function asRefusal(error: unknown): Refusal {
	if (error instanceof Refusal) return error;
	const { code, statusCode } = error as { code?: string; statusCode?: number };
	if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
		return new Refusal(
			'unsupported_media_type',
			'Send the body as JSON, with the header Content-Type: application/json.',
		);
	}
	if (code === 'FST_ERR_BAD_URL') {
		return new Refusal(
			'invalid_request',
			'The path of the address has a % that begins no escape of UTF-8; write a % itself as %25.',
		);
	}
	if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
		return new Refusal('invalid_request', 'The request could not be read; check its headers and its Content-Length.');
	}
	return new Refusal(
		'internal_error',
		'Breakwater failed on this request; its log says why. Other requests are not affected.',
	);
}

/** What is not HTTP, or does not come to the end of its head, never becomes a request: it is answered on the bare socket. */
export function refuseUnreadable(
	{ code = '' }: { code?: string },
	socket: Socket & { _httpMessage?: ServerResponse | null },
	onRefused: ((refused: RefusedCall) => void) | undefined,
): void {
	const response = socket._httpMessage;
	const isGone = !socket.writable || /^(HPE_INVALID_EOF_STATE|ECONNRESET|EPROTO|ERR_(SSL|TLS)_.*)$/.test(code);
	// Nobody is there any more, or no TLS is agreed on in which to tell. Into an answer that has begun nothing may be written; and who has sent nothing has nothing to be told.
	if (isGone || response?.headersSent || socket.bytesRead === 0) {
		socket.destroy();
		return;
	}
	const { refusal, line } = unreadable(code);
	const id = newRequestId();
	const { body, status } = refusal.report();
	// What is wrong in the body of a request ends the request too, which is told of by itself.
	if (!response)
		onRefused?.({ id, code: refusal.code, status: Number.parseInt(line, 10) || status, address: socket.remoteAddress });
	endSoon(socket, bareAnswer(line, id, JSON.stringify(body)));
}

function unreadable(code: string): { refusal: Refusal; line: string } {
	if (code === 'HPE_HEADER_OVERFLOW') {
		const message = 'The headers are too large; send fewer or shorter ones.';
		return { refusal: new Refusal('invalid_request', message), line: '431 Request Header Fields Too Large' };
	}
	if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
		const message = 'The headers did not come to their end in time (server.timeouts.head); send them at once.';
		return { refusal: new Refusal('request_timeout', message), line: '408 Request Timeout' };
	}
	return { refusal: new Refusal('invalid_request', 'This is not an HTTP request.'), line: '400 Bad Request' };
}

/** @param line status and reason: `400 Bad Request` */
export function bareAnswer(line: string, id: string, body: string, headers: readonly string[] = []): string {
	return [
		`HTTP/1.1 ${line}`,
		'connection: close',
		'content-type: application/json; charset=utf-8',
		`content-length: ${Buffer.byteLength(body)}`,
		`x-request-id: ${id}`,
		`x-breakwater-request-id: ${id}`,
		...headers,
		'',
		body,
	].join('\r\n');
}
