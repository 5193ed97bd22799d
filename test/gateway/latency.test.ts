import { afterEach, beforeEach, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, status } from '../helpers/upstream.ts';

const rounds = 50;

let breakwater: TestGateway;

beforeEach(async () => {
	const breaker = { failureThreshold: 10_000, minimumVolume: 10_000 };
	const retry = { backoff: '200ms', maxBackoff: '200ms', jitter: 0 };
	breakwater = await startGateway({ policy: { breaker, retry } });
});

afterEach(() => breakwater.close());

test.each([false, true])('a failover waits for nothing: error out, next attempt in (stream: %s)', async (stream) => {
	let failedAt = 0;
	const waitsMs: number[] = [];
	breakwater.upstream('a').always((exchange) => {
		failedAt = performance.now();
		return status(503)(exchange);
	});
	breakwater.upstream('b').always((exchange) => {
		waitsMs.push(performance.now() - failedAt);
		return answers('ok')(exchange);
	});
	for (let round = 0; round < rounds; round++) await (await breakwater.post({ stream })).text();

	expect(waitsMs).toHaveLength(rounds);
	// The quarter of the rounds that a busy machine disturbed least: a wait of the policy's would be in all of them.
	const quickestQuarter = waitsMs.sort((a, b) => a - b)[Math.floor(rounds / 4)];
	expect(quickestQuarter).toBeLessThan(25);
});
