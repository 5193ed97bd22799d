import { once } from 'node:events';
import { connect, createServer as createListener } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listenAt } from '../../src/http/listen.ts';
import { Load } from '../../src/http/load/load.ts';
import { createServer } from '../../src/http/server.ts';
import { messages, soon, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { type Behaviour, chunksOf } from '../helpers/upstream.ts';

/** Every address of 127.0.0.0/8 is loopback on Linux. */
const lookUp = async () => ['127.0.0.1', '127.0.0.2', '127.0.0.1'].map((address) => ({ address }));

describe.runIf(process.platform === 'linux')('a server at `localhost`, which is two addresses', () => {
	let breakwater: TestGateway;
	let server: ReturnType<typeof createServer>;
	let load: Load;
	let port: number;

	beforeEach(async () => {
		breakwater = await startGateway({ names: ['a'] });
		const limits = { requests: 10, connections: 2, memory: 1e6, eventLoopLag: 60_000 };
		load = new Load(limits, { heap: 1e9, descriptors: undefined });
		server = createServer(breakwater.gateway, { bodyLimit: 10_000, unknownModel: 'default', version: '0', load });
	});

	afterEach(async () => {
		server.server.closeAllConnections();
		await server.close();
		await breakwater.close();
	});

	async function start(): Promise<void> {
		const addresses = await listenAt(server, { host: 'localhost', port: 0 }, lookUp);
		expect(addresses.map(({ address }) => address)).toEqual(['127.0.0.1', '127.0.0.2']);
		expect(new Set(addresses.map((address) => address.port)).size).toBe(1);
		port = addresses[0]?.port ?? 0;
	}

	async function connected(host: string) {
		const socket = connect(port, host).on('error', () => undefined);
		await once(socket, 'connect');
		return socket;
	}

	it('answers at both', async () => {
		await start();
		for (const host of ['127.0.0.1', '127.0.0.2'])
			expect((await fetch(`http://${host}:${port}/health`, { headers: { connection: 'close' } })).status).toBe(200);
	});

	it('counts and bounds the connections of both together', async () => {
		await start();
		const sockets = [await connected('127.0.0.1'), await connected('127.0.0.2')];
		await soon(() => expect(load.figures.connections).toBe(2));
		const third = await connected('127.0.0.2');
		third.write(
			`POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`,
		);
		expect(await text(third)).toMatch(/^HTTP\/1\.1 503 [\s\S]*server\.limits\.connections/);
		const further = await Promise.all(Array.from({ length: 10 }, () => connected('127.0.0.2')));
		await soon(() => expect(further.filter(({ closed }) => closed).length).toBeGreaterThanOrEqual(8));
		expect(load.figures.shed.connections).toBeGreaterThanOrEqual(8);
		for (const socket of [...sockets, ...further]) socket.destroy();
		await soon(() => expect(load.figures.connections).toBe(0));
	});

	it('finishes the answers of both when it stops, and says on both that they were the last', async () => {
		await start();
		const idle = await connected('127.0.0.2');
		const isClosed = once(idle.resume(), 'close');
		const slow: Behaviour = async ({ response, write }) => {
			response.setHeader('content-type', 'text/event-stream');
			const [first, ...rest] = chunksOf('some words').map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`);
			await write(first ?? '');
			await sleep(300);
			await write(`${rest.join('')}data: [DONE]\n\n`);
			response.end();
		};
		breakwater.upstream('a').next(slow);
		const socket = await connected('127.0.0.2');
		const body = JSON.stringify({ messages, stream: true });
		socket.write(
			`POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
		);
		await soon(() => expect(breakwater.upstream('a').requests).toHaveLength(1));
		server.connections.drain();
		const closing = setInterval(() => server.connections.closeIdle(), 20);
		await server.close();
		await server.connections.furtherEnded();
		clearInterval(closing);
		const answer = await text(socket);
		expect(answer).toMatch(/^connection: close\r$/im);
		expect(answer).toContain('[DONE]');
		await isClosed;
	});

	it('does not listen at one of them where another program has the other', async () => {
		const other = createListener().listen(0, '127.0.0.2');
		await once(other, 'listening');
		const { port: taken } = other.address() as { port: number };
		await expect(listenAt(server, { host: 'localhost', port: taken }, lookUp)).rejects.toThrow('EADDRINUSE');
		expect(server.server.listening).toBe(false);
		other.close();
	});

	it('does without an address that the machine has not', async () => {
		const some = async () => ['127.0.0.1', '2001:db8::1'].map((address) => ({ address }));
		expect(await listenAt(server, { host: 'localhost', port: 0 }, some)).toHaveLength(1);
	});
});
