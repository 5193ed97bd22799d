import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { eventually, withFakeTimers } from '../helpers/fake-timers.ts';
import { contentOf, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, status } from '../helpers/upstream.ts';

const rounds = 5;

let breakwater: TestGateway;

beforeEach(async () => {
	breakwater = await startGateway({ policy: { breaker: { failureThreshold: 10_000, minimumVolume: 10_000 } } });
	breakwater.upstream('a').always(status(503));
	breakwater.upstream('b').always(answers('ok'));
});

afterEach(() => breakwater.close());

test.each([false, true])('a failover waits for nothing: error out, next attempt in (stream: %s)', async (stream) => {
	for (let round = 0; round < rounds; round++) {
		// No timer goes off here: with one to wait for it would never be over.
		await withFakeTimers(async () => {
			let content = '';
			const asked = breakwater.post({ stream }).then(async (response) => {
				content = await contentOf(response);
			});
			await eventually(() => expect(content).toBe('ok'));
			await asked;
		});
	}
	expect(breakwater.upstream('a').requests).toHaveLength(rounds);
	expect(breakwater.upstream('b').requests).toHaveLength(rounds);
});

test('but a retry of the same target does wait, for its backoff', async () => {
	await breakwater.close();
	const retry = { backoff: '1m', maxBackoff: '1m', jitter: 0 };
	breakwater = await startGateway({
		policy: { retry, onError: { SERVER_ERROR: { retries: 1 } }, timeouts: { request: '1h' } },
	});
	breakwater.upstream('a').next(status(503));
	await withFakeTimers(async () => {
		const asked = breakwater.post();
		await eventually(() => expect(breakwater.gateway.health().a?.consecutiveFailures).toBe(1));
		await sleep(30);
		expect(breakwater.upstream('a').requests).toHaveLength(1);
		vi.advanceTimersByTime(60_000);
		expect((await asked).headers.get('x-breakwater-target')).toBe('a/model-a');
	});
	expect(breakwater.upstream('a').requests).toHaveLength(2);
});
