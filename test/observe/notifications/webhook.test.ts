import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
	type DeliveryOutcome,
	patientTiming,
	retryAfterMs,
	Webhook,
} from '../../../src/observe/notifications/webhook.ts';
import { soon } from '../../helpers/gateway.ts';
import { type Behaviour, hangs, raw, resets, startUpstream, status, type Upstream } from '../../helpers/upstream.ts';

const timing = { retries: 4, backoffMs: 1, maxBackoffMs: 4, maxRetryAfterMs: 400, timeoutMs: 10_000 };

let receiver: Upstream;
let webhook: Webhook;
let outcomes: DeliveryOutcome[];
let line: Promise<unknown>;

beforeEach(async () => {
	receiver = await startUpstream();
	start();
});

afterEach(async () => {
	await webhook.close();
	await receiver.close();
});

function start(over: Partial<ConstructorParameters<typeof Webhook>[0]> = {}): void {
	outcomes = [];
	const url = `${receiver.baseUrl}/hook?token=planted`;
	webhook = new Webhook({ url, headers: {}, timing, ...over });
	line = Promise.resolve();
}

/** One after the other, as its callers do. */
function send(body: string): void {
	line = line.then(async () => outcomes.push(await webhook.deliver(body)));
}

const received = () => receiver.requests.map(({ text }) => text);

test('a message is posted as JSON, with the headers of the configuration', async () => {
	start({ headers: { authorization: 'Bearer t', 'user-agent': 'mine' } });
	send('{"a":1}');
	await soon(() => expect(outcomes).toEqual([{ is: 'delivered' }]));
	expect(receiver.requests[0]).toMatchObject({
		method: 'POST',
		path: '/v1/hook?token=planted',
		text: '{"a":1}',
		headers: { 'content-type': 'application/json', authorization: 'Bearer t', 'user-agent': 'mine' },
	});
	expect(webhook.origin).toBe(new URL(receiver.baseUrl).origin);
});

const wrongs: [string, Behaviour, string][] = [
	['500', status(500), 'status 500'],
	['404', status(404), 'status 404'],
	['a redirection, which is not followed', status(302, '', { location: '/elsewhere' }), 'status 302'],
	['no answer at all', hangs(), 'TimeoutError'],
	['a reset', resets(), 'ECONNRESET'],
	['an end without an answer', raw(''), 'UND_ERR_SOCKET'],
	['something that is not HTTP', raw('garbage\r\n\r\n'), 'HTTPParserError'],
];

describe.each(wrongs)('a receiver that gives %s', (_name, wrong, why) => {
	beforeEach(() => {
		if (why === 'TimeoutError') start({ timing: { ...timing, timeoutMs: 400 } });
	});

	test('and then is right, gets the message once it is', async () => {
		receiver.next(wrong, wrong);
		send('one');
		send('two');
		await soon(() => expect(outcomes).toEqual([{ is: 'delivered' }, { is: 'delivered' }]));
		expect(received()).toEqual(['one', 'one', 'one', 'two']);
		expect(receiver.requests.map(({ path }) => path)).not.toContain('/elsewhere');
	});

	test('and never anything else, is given up after so many times, and gets the next one', async () => {
		receiver.next(wrong, wrong, wrong, wrong, wrong);
		send('one');
		send('two');
		await soon(() => expect(outcomes).toEqual([{ is: 'failed', attempts: 5, why }, { is: 'delivered' }]));
		expect(received().filter((text) => text === 'one')).toHaveLength(5);
	});
});

test('a receiver that is not there gets what it missed when it comes', async () => {
	const port = await freePort();
	start({ url: `http://127.0.0.1:${port}/`, timing: { ...timing, retries: 50, maxBackoffMs: 20 } });
	send('missed');
	await new Promise((resolve) => setTimeout(resolve, 50));
	expect(outcomes).toEqual([]);
	const late = createServer((request, response) => response.end(String(request.method))).listen(port, '127.0.0.1');
	await soon(() => expect(outcomes).toEqual([{ is: 'delivered' }]));
	late.closeAllConnections();
	late.close();
});

test('an answer that never ends is a delivery all the same, and holds up nothing', async () => {
	receiver.next(async ({ response, write }) => {
		response.setHeader('content-type', 'text/plain');
		await write('ok');
	});
	send('one');
	send('two');
	await soon(() => expect(outcomes).toEqual([{ is: 'delivered' }, { is: 'delivered' }]));
	expect(received()).toEqual(['one', 'two']);
});

test('the wait that a receiver asks for is kept, up to a limit', async () => {
	const seconds = (text: string) => status(429, '', { 'retry-after': text });
	start({ timing: { ...timing, maxRetryAfterMs: 120 } });
	receiver.next(seconds('60'), seconds('86400'), seconds('nonsense'));
	const startedAt = performance.now();
	send('one');
	await soon(() => expect(outcomes).toEqual([{ is: 'delivered' }]));
	expect(performance.now() - startedAt).toBeGreaterThan(230);
	expect(performance.now() - startedAt).toBeLessThan(60_000);
});

describe('the end', () => {
	test.each<[string, Behaviour]>([
		['never answers', hangs()],
		['asks for a long wait', status(503, '', { 'retry-after': '3600' })],
		['fails', status(500)],
	])('does not wait for a receiver that %s', async (_name, behaviour) => {
		receiver.always(behaviour);
		start({ timing: { ...patientTiming } });
		for (const text of ['one', 'two', 'three']) send(text);
		await soon(() => expect(receiver.requests).toHaveLength(1));
		const startedAt = performance.now();
		webhook.stop();
		await line;
		await webhook.close();
		expect(performance.now() - startedAt).toBeLessThan(patientTiming.timeoutMs);
		expect(outcomes.map(({ is }) => is)).toEqual(['failed', 'dropped', 'dropped']);
	});
});

test.each([
	['120', 120_000],
	['0', 0],
	['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
	['Thu, 01 Jan 2025 00:00:30 GMT', 0],
	['-5', 0],
	['soon', 0],
	['', 0],
	[undefined, 0],
])('retry-after: %j is %d ms', (header, expected) => {
	expect(retryAfterMs(header, Date.UTC(2026, 0, 1))).toBe(expected);
});

async function freePort(): Promise<number> {
	const server = createServer().listen(0, '127.0.0.1');
	await soon(() => expect(server.listening).toBe(true));
	const { port } = server.address() as AddressInfo;
	await new Promise((closed) => server.close(closed));
	return port;
}
