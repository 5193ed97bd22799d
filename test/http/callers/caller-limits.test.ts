import { afterEach, describe, expect, test, vi } from 'vitest';
import { clockFollowsDate } from '../../helpers/fake-clock.ts';
import { failureOf, startGateway, type TestGateway } from '../../helpers/gateway.ts';
import { answers, chunksOf, completes, completionOf, hangs, status, streams } from '../../helpers/upstream.ts';

const key = 'planted-web-key-0001';
const otherKey = 'planted-app-key-0001';
const web = { headers: { authorization: `Bearer ${key}` } };
const other = { headers: { authorization: `Bearer ${otherKey}` } };

let breakwater: TestGateway;

afterEach(async () => {
	vi.useRealTimers();
	expect(breakwater.crashes).toEqual([]);
	await breakwater.close();
});

async function start(limits: object): Promise<void> {
	breakwater = await startGateway({
		names: ['a'],
		server: { clients: { web: { key, ...limits }, app: { key: otherKey } } },
	});
}

const usage = (total: number) => ({ prompt_tokens: total - 10, completion_tokens: 10, total_tokens: total });
const remaining = (response: Response) => Number(response.headers.get('x-ratelimit-remaining-tokens'));

/** About 200 tokens. */
const long = { messages: [{ role: 'user', content: 'Seven ferries leave the harbour today. '.repeat(28) }] };

describe('tokens in a minute', () => {
	function stopTime(): void {
		vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
		clockFollowsDate();
	}

	test('what was used is taken from them, the rest of the estimate given back', async () => {
		await start({ tokensPerMinute: 1000 });
		stopTime();
		breakwater.upstream('a').next(answers('Hi', { usage: usage(650) }));
		const first = await breakwater.post(long, web);
		expect([first.status, first.headers.get('x-ratelimit-limit-tokens')]).toEqual([200, '1000']);
		// Until it is known what was used, the estimate stands for it.
		expect(remaining(first)).toBeGreaterThan(750);
		expect(remaining(first)).toBeLessThan(830);
		await first.text();

		const second = await breakwater.post({}, web);
		expect(remaining(second)).toBeGreaterThan(330);
		expect(remaining(second)).toBeLessThan(350);
	});

	test('who has too few is told when there are enough, and costs no provider anything', async () => {
		await start({ tokensPerMinute: 1000 });
		stopTime();
		breakwater.upstream('a').next(answers('Hi', { usage: usage(1500) }));
		await (await breakwater.post(long, web)).text();

		const refused = await breakwater.post(long, web);
		expect(refused.status).toBe(429);
		expect(await failureOf(refused)).toEqual({
			error: {
				message: expect.stringMatching(
					/^The client 'web' may use 1000 tokens a minute \(server\.clients\), and this request has about \d+; try again in \d+ s\.$/,
				),
				type: 'rate_limit_error',
				param: null,
				code: 'client_rate_limited',
			},
		});
		expect(breakwater.upstream('a').requests).toHaveLength(1);
		expect(remaining(refused)).toBe(0);
		expect((await breakwater.post(long, other)).status).toBe(200);

		// 500 below nothing and 200 more, at 1000 a minute.
		const seconds = Number(refused.headers.get('retry-after'));
		expect(seconds).toBeGreaterThan(40);
		expect(seconds).toBeLessThan(46);
		vi.setSystemTime(Date.now() + (seconds - 1) * 1000);
		expect((await breakwater.post(long, web)).status).toBe(429);
		vi.setSystemTime(Date.now() + 1000);
		expect((await breakwater.post(long, web)).status).toBe(200);
	});

	test('in the words of Messages', async () => {
		await start({ tokensPerMinute: 10 });
		const response = await fetch(`${breakwater.origin}/v1/messages`, {
			method: 'POST',
			headers: { 'x-api-key': key, 'content-type': 'application/json' },
			body: JSON.stringify({ model: 'default', max_tokens: 10, ...long }),
		});
		expect(response.status).toBe(429);
		expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } });
	});

	test('a request that alone is too large is told so, and not to come again', async () => {
		await start({ tokensPerMinute: 100 });
		const refused = await breakwater.post(long, web);
		expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('x-should-retry')]).toEqual([
			429,
			null,
			'false',
		]);
		expect((await failureOf(refused)).error.message).toMatch(/this request alone has about \d+; make it shorter\.$/);
	});

	test.each([
		['where nothing was answered nothing was used', status(500, {}), 1000, 1000],
		[
			'where nobody counts what was answered the estimate stands',
			completes({ ...completionOf('Hi'), usage: undefined }),
			750,
			850,
		],
	])('%s', async (_name, behaviour, least, most) => {
		await start({ tokensPerMinute: 1000 });
		stopTime();
		breakwater.upstream('a').next(behaviour, answers('Hi', { usage: usage(20) }));
		await (await breakwater.post(long, web)).text();
		const next = await breakwater.post({ messages: [{ role: 'user', content: 'x' }] }, web);
		expect(remaining(next) + 5).toBeGreaterThanOrEqual(least - 10);
		expect(remaining(next)).toBeLessThanOrEqual(most);
	});

	test('a count of tokens uses none', async () => {
		await start({ tokensPerMinute: 100 });
		const response = await fetch(`${breakwater.origin}/v1/messages/count_tokens`, {
			method: 'POST',
			headers: { 'x-api-key': key, 'content-type': 'application/json' },
			body: JSON.stringify({ model: 'default', ...long }),
		});
		expect([response.status, response.headers.get('x-breakwater-estimated'), remaining(response)]).toEqual([
			200,
			'true',
			100,
		]);
	});
});

describe('requests in flight', () => {
	const isOpen = (count: number) => vi.waitFor(() => expect(breakwater.upstream('a').requests).toHaveLength(count));

	test('one too many is refused at once; a place is free when one ends, however it ends', async () => {
		await start({ concurrent: 2 });
		breakwater.upstream('a').next(hangs(), streams(chunksOf('some words'), { delayMs: 50 }));
		const leaving = new AbortController();
		const left = breakwater.post({}, { ...web, signal: leaving.signal }).catch(() => 'left');
		await isOpen(1);
		const streaming = await breakwater.post({ stream: true }, web);

		const refused = await breakwater.post({}, web);
		expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
		expect((await failureOf(refused)).error).toMatchObject({
			message:
				"The client 'web' has 2 requests in flight, as many as it may (server.clients); try again when one of them has ended.",
			code: 'client_rate_limited',
		});
		expect((await breakwater.post({}, other)).status).toBe(200);

		await streaming.text();
		expect((await breakwater.post({}, web)).status).toBe(200);
		leaving.abort();
		await left;
		breakwater.upstream('a').next(hangs());
		const waiting = breakwater.post({}, web).catch(() => undefined);
		await isOpen(5);
		await vi.waitFor(async () => expect((await breakwater.post({}, web)).status).toBe(200));
		breakwater.gateway.interrupt();
		expect((await waiting)?.status).toBe(503);
		expect((await breakwater.post({}, web)).status).toBe(200);
	});

	test('one that is refused for itself keeps no place', async () => {
		await start({ concurrent: 1 });
		const image = [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }];
		for (const body of [
			{ messages: [] },
			{ model: 'nobody/knows', messages: [{ role: 'user', content: image }] },
			'{',
		]) {
			await (await breakwater.post(body, web)).text();
		}
		expect((await breakwater.post({}, web)).status).toBe(200);
	});
});
