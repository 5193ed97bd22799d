import type { Failure } from '../../../../machines/failure.ts';
import type { Effect, Policy } from '../../../../machines/policy.ts';

/** What a failure means under a policy, as the reference reads it: it shares nothing with the machine. */

/** The entry of the policy for the reason, else for the category, else nothing. */
export function effectUnder({ breaker }: Policy, { category, reason }: Failure): Effect {
	return breaker.effects[`${category}.${reason ?? ''}`] ?? breaker.effects[category] ?? 'none';
}

/**
 * Does the policy say of this very reason that it concerns one model? A key that may not use one model, or a quota of
 * one model, is no verdict on the others; a whole category that is mapped so is, for its key is dead for all of them.
 */
export function isReasonForModel({ breaker }: Policy, { category, reason }: Failure): boolean {
	return reason !== undefined && breaker.effects[`${category}.${reason}`] === 'model';
}

/** How long a run of failures closes the door, ms. */
export function cooldownUnder({ breaker }: Policy, reopenings: number, random: number): number {
	const { cooldown, cooldownFactor, maxCooldown, cooldownJitter } = breaker;
	const most = Math.max(cooldown, maxCooldown);
	const planned = Math.min(cooldown * cooldownFactor ** reopenings, most);
	return Math.round(Math.min(planned + planned * cooldownJitter * random, most));
}

/** The time that a failure itself names, ms from now; undefined when it names none that a provider has to obey. */
export function namedWait(policy: Policy, failure: Failure): number | undefined {
	const { breaker, retry } = policy;
	const hint = failure.retryAfterMs;
	switch (effectUnder(policy, failure)) {
		case 'quota':
			return hint ?? breaker.quotaCooldown;
		case 'auth':
			return Math.max(breaker.authCooldown, hint ?? 0);
		case 'count':
		case 'cool':
			return hint !== undefined && hint > retry.maxRetryAfter ? hint : undefined;
		default:
			return undefined;
	}
}

/** Does this failure count as one more in a row? */
export function isCounted(policy: Policy, failure: Failure): boolean {
	const effect = effectUnder(policy, failure);
	return effect === 'count' || (effect === 'cool' && failure.retryAfterMs === undefined);
}
