import { describe, expect, it } from 'vitest';
import { cooldown, LONGEST_TIMER_MS, retryBackoff, timerDelay } from '../../machines/backoff.ts';
import { policyWith } from '../helpers/policy.ts';

describe('a timer', () => {
	it('is never set to what Node takes for 1 ms', () => {
		expect(LONGEST_TIMER_MS).toBeLessThan(2 ** 31);
		expect(timerDelay(2 ** 31)).toBe(LONGEST_TIMER_MS);
		expect(timerDelay(Number.POSITIVE_INFINITY)).toBe(LONGEST_TIMER_MS);
	});

	it('is never negative, and else what it was asked for', () => {
		expect(timerDelay(-1)).toBe(0);
		expect(timerDelay(1_234)).toBe(1_234);
	});
});

describe('the wait before a retry', () => {
	const { retry } = policyWith({ retry: { backoff: 500, factor: 2, maxBackoff: 3_000, jitter: 0.2 } });

	it('grows by the factor up to the maximum', () => {
		expect([0, 1, 2, 3, 4].map((turn) => retryBackoff(retry, turn, 0.5))).toEqual([500, 1_000, 2_000, 3_000, 3_000]);
	});

	it('is spread by the jitter both ways, the longest one too', () => {
		expect([0, 0.25, 1].map((random) => retryBackoff(retry, 0, random))).toEqual([400, 450, 600]);
		expect([0, 1].map((random) => retryBackoff(retry, 9, random))).toEqual([2_400, 3_600]);
	});

	it('is never shorter than the first one, even where the maximum is', () => {
		expect(retryBackoff({ ...retry, maxBackoff: 100 }, 3, 0.5)).toBe(500);
	});

	it('stays finite however often it is retried', () => {
		expect(retryBackoff(retry, 10_000, 0.5)).toBe(3_000);
	});
});

describe('the cooldown', () => {
	const { breaker } = policyWith({
		breaker: { cooldown: 60_000, cooldownFactor: 2, maxCooldown: 180_000, cooldownJitter: 0.1 },
	});

	it('grows with every re-opening up to the maximum', () => {
		expect([0, 1, 2, 3].map((reopenings) => cooldown(breaker, reopenings, 0))).toEqual([
			60_000, 120_000, 180_000, 180_000,
		]);
	});

	it('is only ever lengthened by the jitter, and not past the maximum', () => {
		expect([0, 0.5, 1].map((random) => cooldown(breaker, 0, random))).toEqual([60_000, 63_000, 66_000]);
		expect(cooldown(breaker, 2, 1)).toBe(180_000);
	});

	it('is never shorter than the first one, even where the maximum is', () => {
		expect(cooldown({ ...breaker, maxCooldown: 1_000 }, 0, 0)).toBe(60_000);
	});

	it('stays finite however often it re-opens', () => {
		expect(cooldown(breaker, 10_000, 1)).toBe(180_000);
	});
});
