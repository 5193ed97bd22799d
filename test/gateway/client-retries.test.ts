import { afterEach, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../helpers/gateway.ts';
import { status } from '../helpers/upstream.ts';

let breakwater: TestGateway;

afterEach(() => breakwater.close());

/** Every target is taken out of traffic for so long. */
async function closedFor(seconds: number, setup: Parameters<typeof startGateway>[0] = {}) {
	breakwater = await startGateway(setup);
	for (const name of ['a', 'b']) {
		breakwater.gateway.operate(name, { type: 'operator.tripped', now: Date.now(), forMs: seconds * 1000 });
	}
	return breakwater.post();
}

describe('a client library is told not to try again by itself', () => {
	test.each([
		['later than a minute', 90, {}, 'false'],
		['within a minute', 50, {}, null],
		['later than the setting', 50, { policy: { clientRetryWithin: '20s' } }, 'false'],
		['within the setting', 90, { policy: { clientRetryWithin: '10m' } }, null],
		['later, and jobs wait on purpose', 90, { policy: { clientRetryWithin: 'off' } }, null],
		['later, and the profile waits on purpose', 90, profileThat({ clientRetryWithin: 'off' }), null],
	])('when the first target opens %s', async (_, seconds, setup, told) => {
		const response = await closedFor(seconds, setup);
		expect(response.status).toBe(503);
		expect(response.headers.get('x-should-retry')).toBe(told);
		expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(seconds - 10);
		expect(Number(response.headers.get('retry-after'))).toBeLessThanOrEqual(seconds);
	});

	test('after a chain whose every target failed for longer', async () => {
		breakwater = await startGateway({ policy: { onError: { RATE_LIMIT: { retries: 0 } } } });
		const limited = () => status(429, { error: { message: 'slow down' } }, { 'retry-after': '120' });
		breakwater.upstream('a').next(limited());
		breakwater.upstream('b').next(limited());
		const response = await breakwater.post();
		expect([response.status, response.headers.get('x-should-retry')]).toEqual([429, 'false']);
	});

	test('and the OpenAI client obeys', async () => {
		breakwater = await startGateway();
		for (const name of ['a', 'b']) {
			breakwater.gateway.operate(name, { type: 'operator.tripped', now: Date.now(), forMs: 90_000 });
		}
		const begun = performance.now();
		const client = breakwater.openai.withOptions({ maxRetries: 2 });
		const asked = client.chat.completions.create({ model: 'default', messages: [{ role: 'user', content: 'hi' }] });
		await expect(asked).rejects.toMatchObject({ status: 503 });
		expect(performance.now() - begun).toBeLessThan(3_000);
		expect(breakwater.records).toHaveLength(1);
	});
});

function profileThat(policy: object) {
	return { profiles: { default: { chain: ['a/model-a', 'b/model-b'], policy } } };
}
