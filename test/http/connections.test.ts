import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createServer } from '../../src/http/server.ts';
import { messages, soon, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { chunksOf, hangs, streams } from '../helpers/upstream.ts';

const json = JSON.stringify({ messages });
const post = (length = json.length) =>
	`POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;

let breakwater: TestGateway;
let server: ReturnType<typeof createServer>;
let port: number;
let closed: boolean;

beforeEach(async () => {
	breakwater = await startGateway({ names: ['a'] });
	server = createServer(breakwater.gateway, { bodyLimit: 1_000_000, unknownModel: 'default', version: '0' });
	port = Number(new URL(await server.listen({ host: '127.0.0.1', port: 0 })).port);
	closed = false;
});

afterEach(async () => {
	server.server.closeAllConnections();
	if (!closed) await server.close();
	await breakwater.close();
});

/** What `serve` does from a signal on. */
async function stop(): Promise<void> {
	server.connections.drain();
	const idle = setInterval(() => server.connections.closeIdle(), 20);
	await server.close();
	closed = true;
	clearInterval(idle);
}

interface Raw {
	readonly socket: Socket;
	readonly received: string;
}

async function raw(text: string): Promise<Raw> {
	const socket = connect(port, '127.0.0.1');
	let received = '';
	socket.on('data', (piece) => {
		received += piece;
	});
	socket.on('error', () => undefined);
	await once(socket, 'connect');
	socket.write(text);
	return {
		socket,
		get received() {
			return received;
		},
	};
}

const closeHeaders = (text: string) => text.match(/^connection: close\r$/gim)?.length ?? 0;

describe('a server that is told to stop', () => {
	test('says so in the answer to a request that had come before', async () => {
		breakwater.upstream('a').next(hangs());
		const waiting = await raw(post() + json);
		await soon(() => expect(breakwater.upstream('a').requests).toHaveLength(1));
		server.connections.drain();
		breakwater.gateway.interrupt();
		await soon(() => expect(waiting.received).toMatch(/^HTTP\/1\.1 503 /));
		expect(closeHeaders(waiting.received)).toBe(1);
	});

	test('answers a request that comes on a kept connection, whole or streamed, and says that it was the last', async () => {
		breakwater.upstream('a').next(streams(chunksOf('some words')));
		const agent = new Agent({ keepAlive: true, maxSockets: 1 });
		const ask = async (path: string, body?: object) => {
			const method = body === undefined ? 'GET' : 'POST';
			const sent = request({ agent, port, host: '127.0.0.1', path, method });
			sent.end(body === undefined ? undefined : JSON.stringify({ messages, ...body }));
			const [response] = (await once(sent, 'response')) as [IncomingMessage];
			response.resume();
			await once(response, 'end');
			return [response.statusCode, response.headers.connection];
		};
		expect(await ask('/health')).toEqual([200, 'keep-alive']);
		server.connections.drain();
		expect(await ask('/v1/chat/completions', { stream: true })).toEqual([200, 'close']);
		for (const path of ['/health', '/ready', '/nowhere']) expect((await ask(path))[1]).toBe('close');
		agent.destroy();
	});

	test('loses no request of clients that keep their connections busy', async () => {
		const kept = await Promise.all(Array.from({ length: 30 }, () => raw('')));
		const ask = async (one: Raw) => {
			const before = one.received.length;
			one.socket.write(post() + json);
			await soon(() => expect(one.received.slice(before)).toMatch(/"finish_reason"[\s\S]*\}$/));
			return closeHeaders(one.received.slice(before));
		};
		expect(await Promise.all(kept.map(ask))).toEqual(kept.map(() => 0));
		const stopped = stop();
		expect(await Promise.all(kept.map(ask))).toEqual(kept.map(() => 1));
		await stopped;
	});

	test('waits neither for a kept connection without a request nor for half a head', async () => {
		const idle = await raw('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n');
		await soon(() => expect(idle.received).toContain('uptimeSeconds'));
		const silent = await raw('');
		const half = await raw('POST /v1/chat');
		await stop();
		for (const { socket } of [idle, silent, half]) if (!socket.closed) await once(socket, 'close');
	});

	test('does not wait for half a body, and says why there is no answer', async () => {
		const half = await raw(`${post(1000)}{`);
		await soon(async () => expect(await connectionsOf()).toBe(1));
		await stop();
		await soon(() => expect(half.received).toMatch(/^HTTP\/1\.1 503 [\s\S]*"shutting_down"/));
		expect(closeHeaders(half.received)).toBe(1);
		expect(breakwater.upstream('a').requests).toHaveLength(0);
	});

	test('still takes a body that comes to its end in time', async () => {
		const half = await raw(post() + json.slice(0, 5));
		await soon(async () => expect(await connectionsOf()).toBe(1));
		const stopped = stop();
		half.socket.write(json.slice(5));
		await stopped;
		await soon(() => expect(half.received).toMatch(/^HTTP\/1\.1 200 /));
		expect(closeHeaders(half.received)).toBe(1);
	});
});

test('a server that is not told to stop keeps its connections', async () => {
	const kept = await raw('GET /ready HTTP/1.1\r\nhost: localhost\r\n\r\n');
	await soon(() => expect(kept.received).toContain('"ready"'));
	server.connections.closeIdle(performance.now() + 100_000);
	expect(closeHeaders(kept.received)).toBe(0);
	kept.socket.write('GET /ready HTTP/1.1\r\nhost: localhost\r\n\r\n');
	await soon(() => expect(kept.received.match(/"ready"/g)).toHaveLength(2));
	kept.socket.destroy();
});

function connectionsOf(): Promise<number> {
	return new Promise((resolve) => {
		server.server.getConnections((_error, count) => resolve(count));
	});
}
