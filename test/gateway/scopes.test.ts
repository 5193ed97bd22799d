import { afterEach, describe, expect, test } from 'vitest';
import { contentOf, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, status } from '../helpers/upstream.ts';

let breakwater: TestGateway;

afterEach(() => breakwater.close());

const quick = { retry: { backoff: '1ms' }, onError: { SERVER_ERROR: { retries: 0 } } };

/** One key, `a`, with two models: the one named is broken, the other answers. */
async function withBroken(model: string, how = status(500)) {
	breakwater = await startGateway({
		names: ['a'],
		profiles: { default: { chain: ['a/one', 'a/two'] } },
		policy: quick,
	});
	breakwater.upstream('a').always((exchange) => {
		const isBroken = exchange.request.text.includes(`"${model}"`);
		return (isBroken ? how : answers('from the sibling'))(exchange);
	});
}

describe('a key with two models', () => {
	test('one that is broken takes no request of the other, and is asked no more itself', async () => {
		await withBroken('one');
		for (let call = 0; call < 10; call++) expect(await contentOf(await breakwater.post())).toBe('from the sibling');
		const health = await breakwater.health();
		expect(health['a/one']).toMatchObject({ state: 'open', reason: 'failures' });
		expect(health['a/two']).toMatchObject({ state: 'closed' });
		expect(health.a).toMatchObject({ state: 'closed', consecutiveFailures: 0 });
		const asked = breakwater.upstream('a').requests.filter(({ text }) => text.includes('"one"'));
		expect(asked).toHaveLength(3);
		const { trace = [] } = breakwater.records.at(-1) ?? {};
		expect(trace[0]).toMatchObject({ did: 'deny', target: 'a/one', model: 'one', state: 'open' });
	});

	test('one that is rate limited for long waits alone', async () => {
		await withBroken('one', status(429, {}, { 'retry-after': '600' }));
		await breakwater.post();
		expect(await contentOf(await breakwater.post())).toBe('from the sibling');
		expect((await breakwater.health())['a/one']).toMatchObject({ state: 'open', reason: 'hint' });
	});

	test('a rejected key is rejected for both, and an operator trusts all of it again at once', async () => {
		await withBroken('one', status(401));
		await breakwater.post();
		expect((await breakwater.post()).status).toBe(502);
		expect((await breakwater.health()).a).toMatchObject({ state: 'open', reason: 'auth' });
		breakwater.upstream('a').always(status(500));
		breakwater.gateway.operate('a', { type: 'operator.reset', now: Date.now() });
		for (let call = 0; call < 3; call++) await breakwater.post();
		const open = Object.values(await breakwater.health()).filter(({ state }) => state === 'open');
		expect(open).toHaveLength(3);
		breakwater.gateway.operate('a', { type: 'operator.reset', now: Date.now() });
		for (const { state } of Object.values(await breakwater.health())) expect(state).toBe('closed');
	});

	test('is ready as long as one model of it is', async () => {
		await withBroken('one');
		for (let call = 0; call < 3; call++) await breakwater.post({ model: 'a/one' });
		expect(breakwater.gateway.servable()).toMatchObject({ default: true });
		expect(breakwater.gateway.grants('a', 'one')).toBe(false);
		expect(breakwater.gateway.grants('a', 'two')).toBe(true);
	});
});

describe('a request that every provider answers with the same error', () => {
	test.each([false, true])('is to blame itself: no innocent one is denied for it (stream: %s)', async (stream) => {
		breakwater = await startGateway({ policy: quick });
		for (const name of ['a', 'b']) breakwater.upstream(name).always(status(500));
		for (let call = 0; call < 8; call++) expect((await breakwater.post({ stream })).status).toBe(502);
		for (const { state, consecutiveFailures, recentResults } of Object.values(await breakwater.health())) {
			expect([state, consecutiveFailures, recentResults]).toEqual(['closed', 0, { total: 0, failed: 0 }]);
		}
		breakwater.upstream('a').always(answers('innocent'));
		expect(await contentOf(await breakwater.post({ stream }))).toBe('innocent');
	});

	test('is not where another provider answers it: then they failed', async () => {
		breakwater = await startGateway({ policy: quick });
		breakwater.upstream('a').always(status(500));
		for (let call = 0; call < 3; call++) await breakwater.post();
		expect((await breakwater.health()).a).toMatchObject({ state: 'open', reason: 'failures' });
	});

	test.each([
		['a limit', () => status(429)],
		['an overload', () => status(529)],
	])('is not to blame for %s', async (_, how) => {
		breakwater = await startGateway({
			policy: { ...quick, onError: { SERVER_ERROR: { retries: 0 }, RATE_LIMIT: { retries: 0 } } },
		});
		for (const name of ['a', 'b']) breakwater.upstream(name).always(how());
		for (let call = 0; call < 3; call++) await breakwater.post();
		expect((await breakwater.health()).a).toMatchObject({ state: 'open', reason: 'failures' });
	});
});
