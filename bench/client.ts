import { connect, type Socket } from 'node:net';
import { monotonicMs } from './chat.ts';
import { type DialectName, dialects } from './dialects.ts';

/** A system under load: where it listens on loopback, and the headers that make it forward to the upstream. */
export interface Target {
	port: number;
	headers: Record<string, string>;
	/** In which it is asked. */
	dialect: DialectName;
}

/** Called for each token as it arrives: when the upstream had it due, and now; both `monotonicMs`. */
export type OnToken = (dueMs: number, nowMs: number) => void;

interface Exchange {
	onToken: OnToken;
	resolve: () => void;
	reject: (error: Error) => void;
}

/** Longer than a marker with its token and than the end of a chunked body: what may be cut between two reads. */
const longestCut = 64;

/**
 * One keep-alive connection that streams answers, cheaply: it looks for tokens and for the end of the chunked body in
 * the raw bytes instead of parsing HTTP and JSON.
 */
export class Connection {
	#socket: Socket;
	#head: string;
	#marker: string;
	#exchange: Exchange | undefined;
	#started = false;
	#rest = '';

	private constructor(socket: Socket, target: Target) {
		const { path, contentMarker } = dialects[target.dialect];
		this.#socket = socket;
		this.#marker = contentMarker;
		const headers = Object.entries(target.headers).map(([name, value]) => `${name}: ${value}\r\n`);
		this.#head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${target.port}\r\n${headers.join('')}`;
		socket.setNoDelay(true);
		socket.on('data', (piece: Buffer) => this.#read(piece));
		socket.on('error', () => socket.destroy());
		socket.on('close', () => this.#fail('the connection closed before the answer ended'));
	}

	/** @throws the system error when nothing listens at the target. */
	static open(target: Target): Promise<Connection> {
		return new Promise((resolve, reject) => {
			const socket = connect(target.port, '127.0.0.1');
			socket.once('error', reject);
			socket.once('connect', () => {
				socket.off('error', reject);
				resolve(new Connection(socket, target));
			});
		});
	}

	/**
	 * Sends one request, and resolves when its streamed answer has ended.
	 * @param body JSON text with ASCII only.
	 * @throws when the status is not 200, or the connection closes before the end.
	 */
	stream(body: string, onToken: OnToken): Promise<void> {
		return new Promise((resolve, reject) => {
			if (this.#socket.destroyed) {
				reject(new Error('the connection was already closed when a stream was asked for.'));
				return;
			}
			this.#exchange = { onToken, resolve, reject };
			this.#started = false;
			this.#rest = '';
			this.#socket.write(`${this.#head}content-length: ${body.length}\r\n\r\n${body}`);
		});
	}

	/** Hangs up, in the middle of an answer too; a pending `stream` is rejected. */
	close(): void {
		this.#socket.destroy();
	}

	#fail(reason: string): void {
		this.#exchange?.reject(new Error(`${reason}.`));
		this.#exchange = undefined;
	}

	#read(piece: Buffer): void {
		const exchange = this.#exchange;
		if (exchange === undefined) return;
		const nowMs = monotonicMs();
		const text = this.#rest + piece.toString('latin1');
		if (!this.#started) {
			if (text.length < longestCut) {
				this.#rest = text;
				return;
			}
			if (!text.startsWith('HTTP/1.1 200')) {
				this.#fail(`a stream was answered with ${text.slice(0, text.indexOf('\r\n'))}`);
				return;
			}
			this.#started = true;
		}
		const readUpTo = reportTokens(text, this.#marker, exchange.onToken, nowMs);
		if (text.endsWith('\r\n0\r\n\r\n')) {
			this.#exchange = undefined;
			exchange.resolve();
			return;
		}
		this.#rest = text.slice(Math.max(readUpTo, text.length - longestCut));
	}
}

/**
 * Reports every whole token in the text.
 * @param before what stands before each
 * @returns the index behind the last of them.
 */
function reportTokens(text: string, before: string, onToken: OnToken, nowMs: number): number {
	let readUpTo = 0;
	for (;;) {
		const marker = text.indexOf(before, readUpTo);
		if (marker === -1) return readUpTo;
		const start = marker + before.length;
		const end = text.indexOf('"', start);
		if (end === -1) return readUpTo;
		if (end > start) onToken(Number(text.slice(start, end)), nowMs);
		readUpTo = end;
	}
}
