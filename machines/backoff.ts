import type { BreakerPolicy, RetryPolicy } from './policy.ts';

/**
 * The longest timer that is ever set, ms. A timer of 2³¹ ms or more fires after 1 ms, which would turn the
 * longest cooldown into none; a provider that is out of credit for longer is probed once in this time.
 */
export const LONGEST_TIMER_MS = 24 * 24 * 60 * 60 * 1000;

/** How waits grow: in ms, by `factor`, up to `maxBackoff`, each spread by a share of it. */
export type Backoff = Pick<RetryPolicy, 'backoff' | 'maxBackoff' | 'factor' | 'jitter'>;

/** A delay that is safe to hand to a timer. */
export function timerDelay(delayMs: number): number {
	return Math.min(Math.max(delayMs, 0), LONGEST_TIMER_MS);
}

/**
 * The wait before a retry, ms: exponential, capped at `maxBackoff` (or `backoff`, where that is the longer one), then
 * spread by ±jitter.
 * @param retry 0 for the first retry on a target
 * @param random 0 to 1
 */
export function retryBackoff(policy: Backoff, retry: number, random: number): number {
	const longest = Math.max(policy.backoff, policy.maxBackoff);
	const grown = Math.min(longest, policy.backoff * policy.factor ** retry);
	return Math.round(grown * (1 + policy.jitter * (2 * random - 1)));
}

/**
 * How long a breaker stays open after a run of failures, ms: grows with every re-opening, is lengthened by
 * jitter, and never exceeds `maxCooldown` (or `cooldown`, where that is the longer one).
 * @param reopenings how often it has gone from `half-open` back to `open` since it was last closed
 * @param random 0 to 1
 */
export function cooldown(policy: BreakerPolicy, reopenings: number, random: number): number {
	const longest = Math.max(policy.cooldown, policy.maxCooldown);
	const grown = Math.min(longest, policy.cooldown * policy.cooldownFactor ** reopenings);
	return Math.round(Math.min(longest, grown * (1 + policy.cooldownJitter * random)));
}
