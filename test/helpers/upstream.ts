import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { answers } from './behaviours.ts';
import { type Behaviour, type ReceivedRequest, settle } from './exchange.ts';

export * from './behaviours.ts';
export type { Behaviour, Exchange, ReceivedRequest } from './exchange.ts';
export * from './openai-shapes.ts';

export interface Upstream {
	/** As a provider's `baseUrl`: `http://127.0.0.1:43210/v1`. Every path is answered. */
	readonly baseUrl: string;
	/** Requests whose body arrived whole, in order. */
	readonly requests: readonly ReceivedRequest[];
	/** Connections that stand now, idle keep-alive ones included. */
	readonly openSockets: number;
	/** Requests that the client left before their answer was whole. */
	readonly aborted: number;
	/** Queues behaviours for the next requests, one each. */
	next(...behaviours: Behaviour[]): void;
	/** Answers every request for which nothing is queued; at first `answers('ok')`. */
	always(behaviour: Behaviour): void;
	/** Drops every connection. Rejects with the error of a behaviour that threw, so that no test passes over one. */
	close(): Promise<void>;
}

/** Starts an HTTP upstream on a free loopback port that behaves as told. */
export async function startUpstream(): Promise<Upstream> {
	const requests: ReceivedRequest[] = [];
	const sockets = new Set<Socket>();
	const used = new WeakSet<Socket>();
	const queue: Behaviour[] = [];
	const errors: unknown[] = [];
	let fallback = answers('ok');
	let aborted = 0;
	let isClosing = false;

	const server = createServer(async (incoming, response) => {
		const over = new AbortController();
		let hasHungUp = false;
		response.on('close', () => {
			if (!response.writableFinished && !hasHungUp && !isClosing) aborted += 1;
			over.abort();
		});
		try {
			const isReused = used.has(incoming.socket);
			used.add(incoming.socket);
			const request = await receive(incoming);
			requests.push(request);
			await (queue.shift() ?? fallback)({
				request,
				response,
				socket: incoming.socket,
				isReused,
				over: over.signal,
				write: (piece) => settle((done) => response.write(piece, done)),
				end: (piece) => settle((done) => response.end(piece ?? '', () => done())),
				hangUp(how) {
					hasHungUp = true;
					if (how === 'rst') incoming.socket.resetAndDestroy();
					if (how === 'fin') incoming.socket.destroySoon();
				},
			});
		} catch (error) {
			if (over.signal.aborted || incoming.socket.destroyed) return;
			errors.push(error);
			incoming.socket.destroy();
		}
	});
	// By default it closes a connection that is idle for 5 s, and in a process that is held up it would close one on which a
	// request has come that it has not seen yet.
	server.keepAliveTimeout = 600_000;
	server.on('connection', (socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
	});
	await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));

	return {
		baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
		requests,
		get openSockets() {
			return sockets.size;
		},
		get aborted() {
			return aborted;
		},
		next: (...behaviours) => void queue.push(...behaviours),
		always: (behaviour) => {
			fallback = behaviour;
		},
		async close() {
			isClosing = true;
			server.close();
			await Promise.all([...sockets].map((socket) => once(socket.destroy(), 'close')));
			if (errors.length > 0) throw errors[0];
		},
	};
}

async function receive(incoming: IncomingMessage): Promise<ReceivedRequest> {
	const { method = '', url: path = '', headers } = incoming;
	const text = await readText(incoming);
	return { method, path, headers, text, json: parse(text) };
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
