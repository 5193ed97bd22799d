import { type Failure, lookup } from '../failure.ts';
import type { BreakerPolicy, Effect, Policy } from '../policy.ts';
import { countResults, type FailureWindow } from './failure-window.ts';

/** What a failure means to a provider. A category that the policy does not name is no evidence. */
export function effectOf(policy: BreakerPolicy, failure: Failure): Effect {
	return lookup(policy.effects, failure) ?? 'none';
}

/** Should a closed breaker open? On enough failures in a row, or on too large a share of the recent results. */
export function shouldTrip(
	policy: BreakerPolicy,
	consecutiveFailures: number,
	window: FailureWindow,
	now: number,
): boolean {
	if (consecutiveFailures >= policy.failureThreshold) return true;
	const { total, failed } = countResults(window, now, policy.window);
	return total >= policy.minimumVolume && failed / total >= policy.failureRate;
}

/** Is this one transient failure more? A provider that only paces us, with a short wait, has not failed. */
export function isTransientFailure(policy: BreakerPolicy, failure: Failure): boolean {
	const effect = effectOf(policy, failure);
	if (effect === 'cool') return failure.retryAfterMs === undefined;
	return effect === 'count';
}

/**
 * The time until which the failure itself closes the door: a rejected credential, or a wait that the provider
 * asked for and that is longer than a request waits. It holds however late the failure is reported.
 * @returns ms since the epoch, and why; undefined when the failure names no such time
 */
export function namedCooldown(
	policy: Policy,
	failure: Failure,
	now: number,
): { until: number; reason: 'auth' | 'hint' } | undefined {
	const effect = effectOf(policy.breaker, failure);
	const hintMs = failure.retryAfterMs ?? 0;
	if (effect === 'auth') return { until: now + Math.max(policy.breaker.authCooldown, hintMs), reason: 'auth' };
	const obeysHints = effect === 'count' || effect === 'cool';
	if (obeysHints && hintMs > policy.retry.maxRetryAfter) return { until: now + hintMs, reason: 'hint' };
	return undefined;
}

/** When an exhausted quota is asked again: at the provider's own reset time where it gives one. ms since the epoch. */
export function quotaUntil(policy: BreakerPolicy, failure: Failure, now: number): number {
	return now + (failure.retryAfterMs ?? policy.quotaCooldown);
}

/** Until when an unavailable model is unavailable, ms since the epoch. */
export function modelCooldownUntil(policy: BreakerPolicy, failure: Failure, now: number): number {
	return now + (failure.retryAfterMs ?? policy.modelCooldown);
}
