import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawClient {
	readonly socket: Socket;
	/** Everything that came so far, with CRLF as it was sent. */
	readonly received: Buffer;
	/** Sizes of the pieces in which it came. */
	readonly pieceBytes: readonly number[];
	/** How the other side ended the connection; resolves when it does. */
	readonly ended: Promise<'fin' | 'rst'>;
	/** Resolves when what came contains this text. */
	has(text: string): Promise<void>;
}

/** Sends one request over a plain socket, so that a test sees exactly the bytes of the answer. */
export function requestRaw(baseUrl: string, body: object | string = {}, path = '/chat/completions'): RawClient {
	const { hostname, port, pathname } = new URL(`${baseUrl}${path}`);
	const text = typeof body === 'string' ? body : JSON.stringify(body);
	const socket = connect(Number(port), hostname);
	const pieces: Buffer[] = [];
	socket.on('data', (piece) => pieces.push(piece));
	socket.write(`POST ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\n`);
	socket.write(`content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
	const ended = new Promise<'fin' | 'rst'>((resolve) => {
		socket.on('end', () => resolve('fin'));
		socket.on('error', () => resolve('rst'));
	});
	return {
		socket,
		get received() {
			return Buffer.concat(pieces);
		},
		get pieceBytes() {
			return pieces.map((piece) => piece.byteLength);
		},
		ended,
		async has(wanted) {
			while (!Buffer.concat(pieces).includes(wanted)) await once(socket, 'data');
		},
	};
}

/** The body behind the headers, as it came on the wire. */
export function bodyOf(received: Buffer): Buffer {
	return received.subarray(received.indexOf('\r\n\r\n') + 4);
}
