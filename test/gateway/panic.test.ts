import { afterEach, describe, expect, test } from 'vitest';
import { contentOf, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, chunksOf, status, streams } from '../helpers/upstream.ts';

let breakwater: TestGateway;

afterEach(() => breakwater.close());

const once = { retry: { backoff: '1ms' }, onError: { SERVER_ERROR: { retries: 0 } }, breaker: { failureThreshold: 1 } };

/** Both providers are open, for a minute, because of what they answered. */
async function allOpen(how = status(500, { error: { message: 'a', code: 'one' } })) {
	breakwater = await startGateway({ policy: once });
	for (const name of ['a', 'b']) breakwater.upstream(name).next(how);
	await breakwater.post();
	for (const name of ['a', 'b']) breakwater.upstream(name).always(answers('well again'));
	for (const { state } of Object.values(await breakwater.health())) expect(state).not.toBe('closed');
}

describe('when every target is denied', () => {
	test.each([false, true])(
		'because of failures, the soonest is tried rather than nobody (stream: %s)',
		async (stream) => {
			await allOpen();
			expect(await contentOf(await breakwater.post({ stream }))).toBe('well again');
			expect(breakwater.records.at(-1)?.trace).toMatchObject([
				{ did: 'deny' },
				{ did: 'deny' },
				{ did: 'attempt', probe: true, outcome: 'succeeded' },
			]);
		},
	);

	test.each([
		['a time that the provider named', status(503, {}, { 'retry-after': '600' })],
		['a dead key', status(401)],
		['an empty account', status(429, { error: { message: 'no credit', code: 'insufficient_quota' } })],
	])('because of %s, nobody is tried before it', async (_, how) => {
		breakwater = await startGateway({
			policy: { ...once, onError: { ...once.onError, AUTH_ERROR: { then: 'next' } } },
		});
		for (const name of ['a', 'b']) breakwater.upstream(name).next(how);
		await breakwater.post();
		const before = breakwater.upstream('a').requests.length + breakwater.upstream('b').requests.length;
		expect((await breakwater.post()).status).toBeGreaterThanOrEqual(429);
		expect(breakwater.upstream('a').requests.length + breakwater.upstream('b').requests.length).toBe(before);
	});
});

describe('a provider that does not know n', () => {
	test('and streams one whole answer has answered, and has not failed', async () => {
		breakwater = await startGateway({ names: ['a'] });
		breakwater.upstream('a').always(streams(chunksOf('the only one')));
		for (let call = 0; call < 4; call++) {
			expect(await contentOf(await breakwater.post({ stream: true, n: 2 }))).toBe('the only one');
		}
		expect((await breakwater.health()).a).toMatchObject({ state: 'closed', consecutiveFailures: 0 });
	});
});

test.each(['0', '-1', '1.5', '1e400', '129', '"2"', '[]'])('n: %s is refused before anybody is asked', async (n) => {
	breakwater = await startGateway({ names: ['a'] });
	const response = await breakwater.post(`{"messages":[{"role":"user"}],"n":${n}}`);
	expect(response.status).toBe(400);
	expect(await response.json()).toMatchObject({ error: { param: 'n', message: expect.stringContaining('1 to 128') } });
	expect(breakwater.upstream('a').requests).toHaveLength(0);
});
