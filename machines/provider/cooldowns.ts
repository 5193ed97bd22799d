import { cooldown, timerDelay } from '../backoff.ts';
import type { TripReason } from '../events.ts';
import type { ProviderContext } from './context.ts';

/** How a cooldown begins and ends, as changes of the context. */

/** A trip: the epoch ends, and a longer deadline is never replaced by a shorter one. */
export function tripped(
	context: ProviderContext,
	reason: TripReason,
	until: number,
	now: number,
): Partial<ProviderContext> {
	const longest = Math.max(until, context.until);
	return {
		reason: longest > until ? context.reason : reason,
		until: longest,
		...timerFor(longest, now),
		epoch: context.epoch + 1,
		since: now,
		probes: [],
		...(context.ramp && { ramp: undefined }),
	};
}

/**
 * An operator's trip, whose reason is theirs whatever else it waits for: an early probe may cut short a guess of ours,
 * never a person's decision. It replaces what they said before, also by less; a deadline that is not theirs stays.
 */
export function takenOut(context: ProviderContext, forMs: number, now: number): Partial<ProviderContext> {
	const isAlready = context.reason === 'operator';
	const named = isAlready ? context.named : context.until;
	const until = Math.max(named, now + forMs);
	return {
		reason: 'operator',
		until,
		named,
		...timerFor(until, now),
		epoch: context.epoch + 1,
		since: isAlready ? context.since : now,
		probes: [],
		...(context.ramp && { ramp: undefined }),
	};
}

/** A probe has been silent until its deadline, which is when it counts as failed. */
export function trippedByOverdueProbe(context: ProviderContext, id: string): Partial<ProviderContext> {
	const at = context.probes.find((probe) => probe.id === id)?.deadline ?? context.since;
	return tripped(context, 'failures', at + cooldown(context.policy.breaker, context.reopenings, 0), at);
}

/** @param since ms since the epoch */
export function halfOpened(since: number) {
	return {
		since,
		until: 0,
		named: 0,
		probes: [],
		probeSuccesses: 0,
		reason: 'probing',
		alarmed: [],
		failingModels: {},
	} as const satisfies Partial<ProviderContext>;
}

function timerFor(until: number, now: number): Pick<ProviderContext, 'waitMs' | 'timerAt'> {
	const waitMs = timerDelay(until - now);
	return { waitMs, timerAt: now + waitMs };
}
