import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contentOf, startGateway, type TestGateway } from '../helpers/gateway.ts';
import {
	answers,
	type Behaviour,
	chunkOf,
	chunksOf,
	completes,
	completionOf,
	compressed,
	delayed,
	hangs,
	raw,
	resets,
	stallsAfter,
	status,
	streams,
	trickles,
	truncates,
} from '../helpers/upstream.ts';

let breakwater: TestGateway;

beforeEach(async () => {
	breakwater = await startGateway();
	breakwater.upstream('b').always(answers('from the fallback'));
});

afterEach(() => breakwater.close());

const role = chunkOf({ role: 'assistant', content: '' });
const error = { error: { message: 'It broke.', type: 'server_error', code: null } };
const html = '<html><body>502 Bad Gateway</body></html>';

/** What happens in answer to anything, streamed or not. */
const always: [string, Behaviour, string][] = [
	['503', status(503), 'SERVER_ERROR'],
	['500 in HTML', status(500, html, { 'content-type': 'text/html' }), 'SERVER_ERROR'],
	['429', status(429), 'RATE_LIMIT'],
	['402', status(402, { error: { message: 'Insufficient credits' } }), 'QUOTA_EXCEEDED'],
	['404 of a model', status(404, { error: { code: 'model_not_found', message: 'no such' } }), 'MODEL_UNAVAILABLE'],
	['408', status(408), 'UNKNOWN_TRANSIENT'],
	['a reset', resets(), 'NETWORK_ERROR'],
	['a hang', hangs(), 'TIMEOUT'],
	['half a header', raw('HTTP/1.1 200 OK\r\ncontent-'), 'NETWORK_ERROR'],
	['what is not HTTP', raw('hello\r\n\r\n'), 'SERVER_ERROR'],
	['HTML with a 200', status(200, html, { 'content-type': 'text/html' }), 'SERVER_ERROR'],
	['a JSON error with a 200', completes(error), 'SERVER_ERROR'],
	['an empty 200', status(200, ''), 'SERVER_ERROR'],
	['garbage with a 200', status(200, 'garbage {{{'), 'SERVER_ERROR'],
	['a redirect', status(302, '', { location: 'http://127.0.0.1:9/' }), 'SERVER_ERROR'],
];

const whole: [string, Behaviour, string][] = [
	['truncated JSON', truncates(), 'SERVER_ERROR'],
	['a JSON body that is not whole', status(200, JSON.stringify(completionOf('x')).slice(0, -9)), 'SERVER_ERROR'],
	['a list', completes([]), 'SERVER_ERROR'],
	['no choice', completes({ ...completionOf('x'), choices: [] }), 'SERVER_ERROR'],
	['a stall in the body', stallsAfter('{"id":'), 'TIMEOUT'],
	['a slow answer', delayed(2000, answers('too late')), 'TIMEOUT'],
	['a broken gzip', status(200, 'not gzip', { 'content-encoding': 'gzip' }), 'SERVER_ERROR'],
];

const streaming: [string, Behaviour, string][] = [
	['an error event in a 200', streams([role, error]), 'SERVER_ERROR'],
	[
		'an error event with its name',
		streams([Buffer.from(`event: error\ndata: ${JSON.stringify(error)}\n\n`)]),
		'SERVER_ERROR',
	],
	['an empty stream', streams([], { end: 'close' }), 'SERVER_ERROR'],
	['nothing but [DONE]', streams([]), 'SERVER_ERROR'],
	['a role and no content', streams([role], { end: 'close' }), 'SERVER_ERROR'],
	['garbage events', streams(['garbage', '{"a":', '[]'], { end: 'close' }), 'SERVER_ERROR'],
	['comments without end', streams([Buffer.from(': wait\n\n')], { end: 'stall' }), 'TIMEOUT'],
	['a slow first token', streams([role, ...chunksOf('late')], { delayMs: 150 }), 'TIMEOUT'],
	['a role, then a cut', streams([role], { end: 'cut' }), 'NETWORK_ERROR'],
	['a finish reason that is an error', streams([role, chunkOf({}, 'error', error)]), 'SERVER_ERROR'],
];

const rows = [
	...[...always, ...whole].map(([name, behaviour, category]) => ({ name, behaviour, category, stream: false })),
	...[...always, ...streaming].map(([name, behaviour, category]) => ({ name, behaviour, category, stream: true })),
];

describe('before the commit a failure is not seen', () => {
	test.concurrent.each(rows)('$name, stream: $stream', async ({ behaviour, category, stream }) => {
		const limit = category === 'TIMEOUT' ? '100ms' : '60s';
		const timeouts = { firstToken: limit, idle: limit, response: limit };
		const own = await startGateway({ providers: { a: { policy: { timeouts } } } });
		try {
			own.upstream('b').always(answers('from the fallback'));
			own.upstream('a').next(behaviour);
			const response = await own.post({ stream });
			expect(response.status).toBe(200);
			expect(response.headers.get('x-breakwater-target')).toBe('b/model-b');
			expect(response.headers.get('x-breakwater-attempts')).toBe('2');
			expect(await contentOf(response)).toBe('from the fallback');
			expect(own.records[0]?.trace).toMatchObject([
				{ target: 'a/model-a', outcome: 'failed', failure: { category } },
				{ target: 'b/model-b', outcome: 'succeeded' },
			]);
		} finally {
			await own.close();
		}
	});
});

test.each([false, true])('a refused connection is not seen (stream: %s)', async (stream) => {
	await breakwater.upstream('a').close();
	expect(await contentOf(await breakwater.post({ stream }))).toBe('from the fallback');
	expect(breakwater.records[0]?.trace[0]).toMatchObject({ failure: { category: 'NETWORK_ERROR' } });
});

test('malformed events between right ones are left out', async () => {
	const [first = role, ...rest] = chunksOf('right all along');
	breakwater.upstream('a').next(streams([first, 'garbage', Buffer.from(': ping\n\n'), ...rest]));
	const response = await breakwater.post({ stream: true });
	expect(response.headers.get('x-breakwater-target')).toBe('a/model-a');
	expect(await contentOf(response)).toBe('right all along');
});

test.each(['gzip', 'deflate', 'br'] as const)('an answer in %s reaches the client as text', async (encoding) => {
	breakwater.upstream('a').next(compressed(encoding, answers('unpacked')));
	expect(await contentOf(await breakwater.post())).toBe('unpacked');
	expect(breakwater.records[0]?.target).toBe('a/model-a');
});

test('a stream that comes byte by byte is put together exactly', async () => {
	const text = 'größer 日本 🎉 end';
	breakwater.upstream('a').next(trickles(answers(text)));
	expect(await contentOf(await breakwater.post({ stream: true }))).toBe(text);
});

describe('one request opens no breaker alone, whatever its retries', () => {
	const twoModels = () =>
		startGateway({
			names: ['a'],
			profiles: { default: { chain: ['a/one', 'a/two'] } },
			policy: { onError: { SERVER_ERROR: { retries: 2 } } },
		});

	test.each([false, true])('and the sixth attempt answers (stream: %s)', async (stream) => {
		const own = await twoModels();
		try {
			own.upstream('a').next(...Array.from({ length: 5 }, () => status(503)), answers('the sixth time'));
			expect(await contentOf(await own.post({ stream }))).toBe('the sixth time');
			const health = await own.health();
			expect(health['a/one']).toMatchObject({ state: 'closed', consecutiveFailures: 1 });
			expect(health['a/two']).toMatchObject({ state: 'closed', consecutiveFailures: 0 });
		} finally {
			await own.close();
		}
	});

	test.each([false, true])(
		'but three of them do, for both models and so for their key (stream: %s)',
		async (stream) => {
			const own = await twoModels();
			try {
				own.upstream('a').always(status(503));
				for (const failures of [1, 2]) {
					await own.post({ stream });
					const health = await own.health();
					expect(health.a).toMatchObject({ state: 'closed', consecutiveFailures: 0 });
					for (const id of ['a/one', 'a/two']) {
						expect(health[id]).toMatchObject({ state: 'closed', consecutiveFailures: failures });
					}
				}
				await own.post({ stream });
				const health = await own.health();
				for (const id of ['a', 'a/one', 'a/two'])
					expect(health[id]).toMatchObject({ state: 'open', reason: 'failures' });
			} finally {
				await own.close();
			}
		},
	);
});

test('once the breaker is open the failing provider is asked no more', async () => {
	breakwater.upstream('a').always(status(503));
	for (let round = 0; round < 5; round++) expect(await contentOf(await breakwater.post())).toBe('from the fallback');
	expect(breakwater.upstream('a').requests).toHaveLength(3);
	expect((await breakwater.health()).a).toMatchObject({ state: 'open', reason: 'failures', consecutiveFailures: 3 });
});
