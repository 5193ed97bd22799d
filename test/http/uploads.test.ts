import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, type TestContext, test } from 'vitest';
import type { RefusedCall } from '../../src/contract/observer.ts';
import { messages, soon, startGateway, type TestGateway } from '../helpers/gateway.ts';

const callerKey = 'planted-caller-key-1';
const json = JSON.stringify({ messages });

interface Started {
	readonly breakwater: TestGateway;
	readonly refused: readonly RefusedCall[];
}

/** A gateway of a test's own: these tests wait more than they work, and do so side by side. */
async function start({ onTestFinished }: TestContext, server: Record<string, unknown>): Promise<Started> {
	const refused: RefusedCall[] = [];
	const breakwater = await startGateway({
		server,
		observe: () => ({ callRefused: (refusal) => void refused.push(refusal) }),
	});
	onTestFinished(async () => {
		expect(breakwater.crashes).toEqual([]);
		await breakwater.close();
	});
	return { breakwater, refused };
}

interface Dribble {
	readonly socket: Socket;
	/** All that came until the other side ended the connection. */
	readonly answer: Promise<string>;
}

/** Sends this, and then a byte of `x` again and again for as long as it can. */
function dribble({ breakwater }: Started, text: string, everyMs = 100): Dribble {
	const socket = connect(Number(new URL(breakwater.origin).port), '127.0.0.1');
	// A reset after the answer is a way to end, too.
	socket.on('error', () => undefined);
	let received = '';
	socket.on('data', (piece) => {
		received += piece;
	});
	socket.write(text);
	const timer = everyMs === 0 ? undefined : setInterval(() => socket.writable && socket.write('x'), everyMs);
	// Not `once`, which fails where an error comes first.
	const answer = new Promise<string>((resolve) => {
		socket.on('close', () => {
			clearInterval(timer);
			resolve(received);
		});
	});
	return { socket, answer };
}

const head = (length: string, more = '') =>
	`POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${more}${length}\r\n\r\n`;

function expectRefusal({ refused }: Started, answer: string, status: number, code: string): void {
	const [before = '', body = ''] = answer.split('\r\n\r\n');
	expect(before).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
	expect(before).toMatch(/\r\nconnection: close(\r\n|$)/i);
	expect(before).toMatch(/\r\nx-breakwater-request-id: req_/);
	expect(JSON.parse(body).error).toMatchObject({ code, type: expect.any(String), message: expect.any(String) });
	expect(refused).toMatchObject([{ code, status, address: '127.0.0.1' }]);
}

describe.concurrent('a body that does not come', () => {
	test.for([
		['nothing of it', 'content-length: 10', 0],
		['a byte now and then', 'content-length: 100000', 100],
		['a chunk that does not end', 'transfer-encoding: chunked', 0],
	] as const)(
		'%s: 408 in the shape of an error, and the connection is closed',
		async ([_name, length, everyMs], context) => {
			const started = await start(context, { timeouts: { body: '1s' } });
			const beginning = length.startsWith('transfer') ? '5\r\n{"me' : '{';
			expectRefusal(started, await dribble(started, head(length) + beginning, everyMs).answer, 408, 'request_timeout');
			expect(started.breakwater.upstream('a').requests).toHaveLength(0);
		},
	);

	test('one that keeps coming at a fair pace may take longer than the limit', async (context) => {
		const started = await start(context, { timeouts: { body: '1s' } });
		const text = JSON.stringify({ messages: [{ role: 'user', content: 'x'.repeat(200_000) }] });
		const { socket } = dribble(started, head(`content-length: ${text.length}`), 0);
		const answered = once(socket, 'data');
		for (let piece = 0; piece < 10; piece++) {
			socket.write(text.slice((piece * text.length) / 10, ((piece + 1) * text.length) / 10));
			await sleep(250);
		}
		expect(String(await answered)).toMatch(/^HTTP\/1.1 200 /);
		socket.destroy();
	});

	test('a client that leaves in the middle is no fault of ours, and nobody’s request', async (context) => {
		const started = await start(context, {});
		const { socket } = dribble(started, `${head('content-length: 100')}{`, 0);
		await once(socket, 'connect');
		await sleep(50);
		socket.destroy();
		await soon(() => expect(started.refused).toMatchObject([{ code: 'invalid_request', status: 400 }]));
		expect((await started.breakwater.post()).status).toBe(200);
	});
});

describe.concurrent('a head that does not come', () => {
	test('is answered with 408', async (context) => {
		const started = await start(context, { timeouts: { head: '1s' } });
		const { answer } = dribble(started, 'GET /health HTTP/1.1\r\nhost: localhost\r\nx: ');
		expectRefusal(started, await answer, 408, 'request_timeout');
	});

	test('at all: the connection is closed without a word', async (context) => {
		const started = await start(context, { timeouts: { head: '1s' } });
		expect(await dribble(started, '', 0).answer).toBe('');
		expect(started.refused).toEqual([]);
	});
});

describe.concurrent('a request that is refused while its body still comes', () => {
	const wrong = 'authorization: Bearer planted-wrong-key\r\n';

	test.for([
		['a wrong key', head('content-length: 100000', wrong), 401, 'invalid_api_key'],
		['no key', head('content-length: 100000'), 401, 'invalid_api_key'],
		['a wrong key, in chunks', `${head('transfer-encoding: chunked', wrong)}ffff\r\n`, 401, 'invalid_api_key'],
	] as const)('%s: answered at once, and not kept', async ([_name, text, status, code], context) => {
		const started = await start(context, { clients: { web: { key: callerKey } } });
		expectRefusal(started, await dribble(started, text).answer, status, code);
	});

	test.for([
		['a path that is not there', 'POST /nowhere HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99\r\n\r\n', 404],
		['a strange name', 'POST /v1/chat/completions HTTP/1.1\r\nhost: evil\r\ncontent-length: 99\r\n\r\n', 403],
		['another type', `${head('content-length: 99').replace('/json', '/pdf')}`, 415],
		['a path of those with keys', 'POST /v1/nowhere HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99\r\n\r\n', 404],
		['what is not HTTP', 'hello\r\n\r\n', 400],
	] as const)('%s: the same', async ([_name, text, status], context) => {
		const started = await start(context, {});
		const answer = await dribble(started, text).answer;
		expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
		expect(answer).toMatch(/\r\nconnection: close\r\n/i);
		expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
	});

	test('its connection is kept when the body had come whole', async (context) => {
		const started = await start(context, { clients: { web: { key: callerKey } } });
		const { socket } = dribble(started, head(`content-length: ${json.length}`, wrong) + json, 0);
		expect(String((await once(socket, 'data'))[0])).not.toMatch(/connection: close/i);
		socket.destroy();
	});

	test.for([
		['announced', true],
		['not announced', false],
	] as const)(
		'a client that sends all of a body over the limit, %s, before it reads sees the 413',
		async ([_name, announced], context) => {
			const started = await start(context, { bodyLimit: '1MB' });
			const bytes = Buffer.alloc(40 * 1024 * 1024, ' ');
			const sent = request(`${started.breakwater.origin}/v1/chat/completions`, {
				method: 'POST',
				agent: false,
				headers: {
					'content-type': 'application/json',
					...(announced ? { 'content-length': bytes.length } : { 'transfer-encoding': 'chunked' }),
				},
			});
			const errors: unknown[] = [];
			sent.on('error', (error) => errors.push(error));
			const answered = once(sent, 'response');
			await new Promise((resolve) => sent.end(bytes, () => resolve(undefined)));
			const [response] = await answered;
			expect([response.statusCode, response.headers.connection]).toEqual([413, 'close']);
			expect(JSON.parse(await readText(response)).error.code).toBe('body_too_large');
			expect(errors).toEqual([]);
			expect(started.refused).toMatchObject([{ code: 'body_too_large' }]);
		},
	);

	test('one that waits for leave to send it is told at once, and gets none', async (context) => {
		const started = await start(context, { clients: { web: { key: callerKey } }, bodyLimit: '1KB' });
		const expecting = 'expect: 100-continue\r\n';
		const right = `authorization: Bearer ${callerKey}\r\n`;
		const noKey = await dribble(started, head('content-length: 100', expecting), 0).answer;
		expect(noKey).toMatch(/^HTTP\/1.1 401 /);
		const large = await dribble(started, head('content-length: 2000', expecting + right), 0).answer;
		expect(large).toMatch(/^HTTP\/1.1 413 /);
		const { socket } = dribble(started, head(`content-length: ${json.length}`, expecting + right), 0);
		expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 100 Continue/);
		socket.write(json);
		expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 200 /);
		socket.destroy();
	});
});

test.concurrent.for(['GET', 'HEAD', 'OPTIONS'])(
	'a body that nobody reads does not keep the connection of a %s',
	async (method, context) => {
		const started = await start(context, { corsOrigins: ['https://app.example'] });
		const cors = 'origin: https://app.example\r\naccess-control-request-method: POST\r\n';
		const text = `${method} /health HTTP/1.1\r\nhost: localhost\r\n${cors}content-length: 100000\r\n\r\n`;
		const answer = await dribble(started, text).answer;
		expect(answer).toMatch(/^HTTP\/1\.1 20\d /);
		expect(answer).toMatch(/\r\nconnection: close\r\n/i);
	},
);

describe.concurrent('server.limits.connectionsPerAddress', () => {
	test('refuses more, and takes the next when one has gone', async (context) => {
		const started = await start(context, { limits: { connectionsPerAddress: 2 } });
		const first = dribble(started, '', 0);
		const second = dribble(started, '', 0);
		await Promise.all([once(first.socket, 'connect'), once(second.socket, 'connect')]);
		const third = await dribble(started, '', 0).answer;
		expect(third).toMatch(/\r\nretry-after: 1\r\n/);
		expectRefusal(started, third, 429, 'too_many_connections');
		first.socket.destroy();
		await soon(async () => {
			const { socket } = dribble(started, 'GET /ready HTTP/1.1\r\nhost: localhost\r\n\r\n', 0);
			expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 200 /);
			socket.destroy();
		});
		second.socket.destroy();
	});

	test('is off by default', async (context) => {
		const started = await start(context, {});
		const many = Array.from({ length: 50 }, () => dribble(started, '', 0));
		await Promise.all(many.map(({ socket }) => once(socket, 'connect')));
		expect((await started.breakwater.post()).status).toBe(200);
		for (const { socket } of many) socket.destroy();
	});
});
