import { connect } from 'node:net';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import {
	contentOf,
	failureOf,
	type GatewaySetup,
	messages,
	soon,
	startGateway,
	type TestGateway,
} from '../../helpers/gateway.ts';
import { requestRaw } from '../../helpers/raw-client.ts';
import { answers, type Behaviour, chunksOf, completionOf, hangs, streams } from '../../helpers/upstream.ts';

let breakwater: TestGateway;
afterEach(() => breakwater.close());

const MB = 1024 ** 2;
const patient = { timeouts: { firstToken: '1h', response: '1h', idle: '1h', request: '2h' } };

async function start(limits: object, setup: GatewaySetup = {}): Promise<TestGateway> {
	const server = { limits, ...setup.server };
	breakwater = await startGateway({ names: ['a'], policy: patient, machine: { heap: 1024 * MB }, ...setup, server });
	return breakwater;
}

/** As many requests as this stay open at the provider. */
async function stuck(count: number, body: object = {}): Promise<() => Promise<void>> {
	const { post, upstream, gateway } = breakwater;
	const before = upstream('a').requests.length;
	upstream('a').next(...Array.from({ length: count }, hangs));
	const asked = Array.from({ length: count }, () => post(body).then((response) => response.text()));
	await soon(() => expect(upstream('a').requests).toHaveLength(before + count));
	return async () => {
		gateway.interrupt();
		await Promise.all(asked);
		await soon(() => expect(breakwater.load.figures).toMatchObject({ requests: 0, bytes: 0 }));
	};
}

async function expectShed(response: Response, option: string): Promise<void> {
	expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
	const { error } = await failureOf(response);
	expect(error).toMatchObject({ type: 'server_error', code: 'overloaded' });
	expect(error.message).toContain(option);
}

async function metric(name: string): Promise<string> {
	const text = await (await fetch(`${breakwater.origin}/metrics`)).text();
	return text.split('\n').find((line) => line.startsWith(`breakwater_${name} `)) ?? '';
}

const unhurt = () => expect(breakwater.health()).resolves.toMatchObject({ a: { state: 'closed', lastFailure: null } });

describe('requests in flight', () => {
	it('that are too many are overload in Anthropic’s words to callers of Messages', async () => {
		await start({ requests: 1 });
		const release = await stuck(1);
		const headers = { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' };
		const body = JSON.stringify({ model: 'default', max_tokens: 10, messages });
		const response = await fetch(`${breakwater.origin}/v1/messages`, { method: 'POST', headers, body });
		expect([response.status, response.headers.get('retry-after')]).toEqual([529, '1']);
		expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'overloaded_error' } });
		await release();
	});

	it('are bounded, and those that run are not disturbed', async () => {
		await start({ requests: 3 });
		const release = await stuck(3);
		for (let again = 0; again < 5; again++) await expectShed(await breakwater.post(), 'server.limits.requests');
		expect(breakwater.upstream('a').requests).toHaveLength(3);
		for (const path of ['/health', '/ready', '/v1/models', '/metrics'])
			expect((await fetch(`${breakwater.origin}${path}`)).status).toBe(200);
		expect(await metric('shed_total{reason="requests"}')).toMatch(/ 5$/);
		expect(await metric('requests_in_flight')).toMatch(/ 3$/);
		expect(await metric('requests_refused_total{code="overloaded"}')).toMatch(/ 5$/);
		await release();
		expect(await contentOf(await breakwater.post())).toBe('ok');
	});

	it('count no stranger: a wrong key takes nobody’s place', async () => {
		const key = 'k'.repeat(32);
		await start({ requests: 1 }, { server: { clients: { web: { key } } } });
		const strangers = Array.from({ length: 5 }, () => breakwater.post());
		for (const response of await Promise.all(strangers)) expect(response.status).toBe(401);
		expect((await breakwater.post({}, { headers: { authorization: `Bearer ${key}` } })).status).toBe(200);
	});

	it('are over when their client leaves', async () => {
		await start({ requests: 1 });
		breakwater.upstream('a').next(hangs());
		const client = requestRaw(`${breakwater.origin}/v1`, { messages });
		await soon(() => expect(breakwater.upstream('a').requests).toHaveLength(1));
		client.socket.destroy();
		await soon(() => expect(breakwater.load.figures.requests).toBe(0));
		expect((await breakwater.post()).status).toBe(200);
	});
});

describe('connections', () => {
	it('beyond the limit are told why, and closed', async () => {
		await start({ connections: 2 });
		const port = Number(new URL(breakwater.origin).port);
		const idle = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
		await soon(() => expect(breakwater.load.figures.connections).toBe(2));
		const client = requestRaw(`${breakwater.origin}/v1`, { messages });
		expect(await client.ended).toBe('fin');
		expect(client.received.toString()).toMatch(
			/^HTTP\/1\.1 503 [\s\S]*retry-after: 1[\s\S]*server\.limits\.connections/,
		);
		expect(client.received.toString()).toMatch(/connection: close/);
		client.socket.destroy();
		for (const socket of idle) socket.destroy();
		await soon(() => expect(breakwater.load.figures.connections).toBe(0));
		expect((await breakwater.post()).status).toBe(200);
		expect(breakwater.load.figures.shed.connections).toBe(1);
	});

	it('that are idle beyond the limit, or far beyond it, are closed without a word', async () => {
		await start({ connections: 2 });
		const port = Number(new URL(breakwater.origin).port);
		const ended: number[] = [];
		const sockets = Array.from({ length: 10 }, (_, index) => {
			const socket = connect(port, '127.0.0.1').on('error', () => {});
			return socket.on('close', () => ended.push(index));
		});
		await soon(() => expect(ended).toHaveLength(8));
		expect(breakwater.load.figures.shed.connections).toBe(6);
		for (const socket of sockets) socket.destroy();
	});
});

const body = (bytes: number) => ({ messages: [{ role: 'user', content: 'x'.repeat(bytes) }] });

describe('request bodies', () => {
	it('are bounded together, while small ones still come through', async () => {
		await start({ memory: '1MB' });
		const release = await stuck(1, body(250_000));
		expect(breakwater.load.figures.bytes).toBeGreaterThan(750_000);
		const large = Array.from({ length: 5 }, () => breakwater.post(body(250_000)));
		for (const response of await Promise.all(large)) await expectShed(response, 'server.limits.memory');
		expect(await contentOf(await breakwater.post())).toBe('ok');
		expect(await metric('shed_total{reason="memory"}')).toMatch(/ 5$/);
		await soon(async () => expect(await metric('memory_in_flight_bytes')).toMatch(/ 75\d{4}$/));
		await release();
		expect((await breakwater.post(body(250_000))).status).toBe(200);
	});

	it('take room for what has come of them, and not for what they announce', async () => {
		await start({ memory: '1MB' });
		const { hostname, port } = new URL(breakwater.origin);
		const idle = Array.from({ length: 20 }, () => {
			const socket = connect(Number(port), hostname);
			socket.write('POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n');
			socket.write('content-length: 10000000\r\n\r\n{');
			return socket;
		});
		await soon(() => expect(breakwater.load.figures.requests).toBe(20));
		expect((await breakwater.post(body(200_000))).status).toBe(200);
		for (const socket of idle) socket.destroy();
		await soon(() => expect(breakwater.load.figures).toMatchObject({ requests: 0, bytes: 0 }));
	});

	it.each([
		['gzip', gzipSync],
		['br', brotliCompressSync],
		['zstd', zstdCompressSync],
	])('count as what they are decoded to: %s', async (encoding, encode) => {
		await start({ memory: '1MB' });
		const release = await stuck(1, body(50_000));
		const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
		const bomb = new Uint8Array(encode(JSON.stringify(body(300_000))));
		expect(bomb.length).toBeLessThan(2000);
		const send = () => fetch(`${breakwater.origin}/v1/chat/completions`, { method: 'POST', headers, body: bomb });
		await expectShed(await send(), 'server.limits.memory');
		expect(breakwater.load.figures.shed.memory).toBe(1);
		await release();
		breakwater.upstream('a').next(hangs());
		const taken = send();
		await soon(() => expect(breakwater.upstream('a').requests).toHaveLength(2));
		expect(breakwater.load.figures.bytes).toBeGreaterThan(900_000);
		breakwater.gateway.interrupt();
		await (await taken).text();
		await unhurt();
	});

	it('are not decoded to their end where there is no room for them', async () => {
		await start({ memory: '1MB' });
		const release = await stuck(1, body(50_000));
		const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
		const bomb = new Uint8Array(gzipSync(JSON.stringify(body(30 * MB))));
		const sent = fetch(`${breakwater.origin}/v1/chat/completions`, { method: 'POST', headers, body: bomb });
		await expectShed(await sent, 'server.limits.memory');
		await release();
	});

	it('hold nothing for a client that leaves while they are decoded', async () => {
		await start({ memory: '100MB' });
		const { hostname, port } = new URL(breakwater.origin);
		const bytes = gzipSync(JSON.stringify(body(10 * MB)));
		const socket = connect(Number(port), hostname);
		socket.write('POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n');
		socket.write(`content-encoding: gzip\r\ncontent-length: ${bytes.length}\r\n\r\n`);
		socket.write(bytes);
		await soon(() => expect(breakwater.load.figures.bytes).toBeGreaterThan(bytes.length * 6));
		socket.destroy();
		await soon(() => expect(breakwater.load.figures.requests).toBe(0));
		await soon(async () => expect(await metric('requests_refused_total{code="invalid_request"}')).toMatch(/ 1$/));
		expect(breakwater.load.figures.bytes).toBe(0);
		expect(breakwater.upstream('a').requests).toHaveLength(0);
	});

	it('that are not all ASCII count as wide as their texts are', async () => {
		await start({ memory: '1MB' });
		const release = await stuck(1, { messages: [{ role: 'user', content: `${'x'.repeat(100_000)}…` }] });
		expect(breakwater.load.figures.bytes).toBeGreaterThan(500_000);
		await release();
	});

	it('that are turned away leave their room to those that came with them', async () => {
		await start({ memory: '1MB' });
		const sent = await Promise.all(Array.from({ length: 8 }, () => breakwater.post(body(250_000))));
		expect(sent.filter(({ status }) => status === 200)).not.toHaveLength(0);
		await Promise.all(sent.map((response) => response.text()));
	});

	it('that never end are ended', async () => {
		await start({ memory: '1MB' });
		const release = await stuck(1, body(50_000));
		const { hostname, port } = new URL(breakwater.origin);
		const socket = connect(Number(port), hostname);
		let received = '';
		socket.on('data', (piece) => (received += piece));
		const closed = new Promise<void>((resolve) => socket.on('error', () => {}).on('close', () => resolve()));
		socket.write('POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n');
		socket.write('transfer-encoding: chunked\r\n\r\n');
		// As fast as it is taken: a body that is refused is read on until very much of it has come.
		const piece = `100000\r\n${'x'.repeat(MB)}\r\n`;
		const send = (error?: Error | null) => void (error instanceof Error || socket.write(piece, send));
		send();
		await closed;
		expect(received).toMatch(/^HTTP\/1\.1 503 [\s\S]*server\.limits\.memory/);
		await release();
	});
});

describe('answers that are held back', () => {
	const delta = { role: 'assistant', content: 'x'.repeat(20_000) };
	const largeChunk = { ...chunksOf('')[0], choices: [{ index: 0, delta, finish_reason: null }] };
	const endless: Behaviour = async ({ response, write, over }) => {
		response.setHeader('content-type', 'text/event-stream');
		while (!over.aborted) await write(`data: ${JSON.stringify(largeChunk)}\n\n`);
	};
	/** One event that never ends. */
	const endlessEvent: Behaviour = async ({ response, write, over }) => {
		response.setHeader('content-type', 'text/event-stream');
		await write('data: {"choices":[{"delta":{"content":"');
		while (!over.aborted) await write('x'.repeat(20_000));
	};
	const endlessDocument: Behaviour = async ({ response, write, over }) => {
		response.setHeader('content-type', 'application/json');
		await write('{"object":"chat.completion","choices":[{"message":{"content":"');
		while (!over.aborted) await write('x'.repeat(20_000));
	};
	/** Thirty kilobytes that become thirty megabytes. */
	const bomb: Behaviour = async ({ response, end }) => {
		response.setHeader('content-type', 'application/json');
		response.setHeader('content-encoding', 'gzip');
		await end(gzipSync(JSON.stringify(completionOf('x'.repeat(30 * MB)))));
	};
	const complete = { profiles: { default: { chain: ['a/model-a'], commit: 'complete' } } };

	it.each([
		['a stream that nothing goes out of before its end', endless, true, complete],
		['an event that never ends', endlessEvent, true, {}],
		['a document', endlessDocument, false, {}],
		['a stream that becomes a document', endless, false, { providers: { a: { streamUpstream: true } } }],
		['a gzip bomb', bomb, false, {}],
	] as const)('are shed where they outgrow the limit: %s', async (_, behaviour, stream, setup) => {
		await start({ memory: '1MB' }, setup);
		const release = await stuck(1, body(50_000));
		breakwater.upstream('a').next(behaviour);
		await expectShed(await breakwater.post({ stream }), 'server.limits.memory');
		expect(breakwater.records.at(-1)).toMatchObject({ outcome: 'failed', code: 'overloaded' });
		expect(breakwater.load.figures.shed.memory).toBe(1);
		await unhurt();
		expect(await contentOf(await breakwater.post({ stream }))).toBe('ok');
		await release();
	});

	it('flow through where nothing is held, whatever their length', async () => {
		await start({ memory: '1MB' });
		const release = await stuck(1);
		const long = Array.from({ length: 400 }, () => largeChunk);
		breakwater.upstream('a').next(streams([...long, ...chunksOf('end')]));
		const text = await (await breakwater.post({ stream: true })).text();
		expect(text).toContain('[DONE]');
		expect(text.length).toBeGreaterThan(8_000_000);
		expect(breakwater.load.figures.shed.memory).toBe(0);
		await release();
	});

	it('are counted until their client has them', async () => {
		await start({ memory: '100MB' });
		breakwater.upstream('a').next(answers('x'.repeat(40 * MB)));
		const response = await breakwater.post();
		await soon(() => expect(breakwater.load.figures.bytes).toBeGreaterThan(3 * 40 * MB));
		await response.text();
		await soon(() => expect(breakwater.load.figures.bytes).toBe(0));
	});
});
