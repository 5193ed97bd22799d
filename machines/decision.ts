import { retryBackoff } from './backoff.ts';
import { type Failure, lookup } from './failure.ts';
import type { ErrorPolicy, Way } from './policy.ts';
import { currentRung, type Decision, isUsable, type RequestContext, type Rung } from './walk.ts';

/**
 * What a request does after a failure. The order of preference is the policy's: another attempt on the same
 * target while it has retries and time, then the ways that `then` names.
 * @param context with the failure, its `random`, and what the provider said of `retryAt` in it
 */
export function decideAfterFailure(context: RequestContext): Decision {
	const { failure } = context;
	if (failure === undefined) throw new Error(`request ${context.id} decides about a failure that it does not have`);
	if (context.committed) return { go: 'end', ending: 'interrupted' };
	const rung = currentRung(context);
	const rule = errorPolicy(rung, failure);

	const waitMs = retryWait(context, rung, failure);
	if (wouldRetry(context, failure) && grantsAt(context, context.now + waitMs)) return { go: 'retry', waitMs };

	for (const way of rule.then) {
		if (way === 'fail') return { go: 'end', ending: 'rejected' };
		const position = follow(way, context, rung);
		if (position !== undefined) return { go: 'ask', position, early: false };
	}
	return { go: 'end', ending: rule.then.includes('next') ? 'exhausted' : 'rejected' };
}

/** What a request does after a denial: the next rung, and when there is none, what `whenAllDenied` says. */
export function decideAfterDenial(context: RequestContext): Decision {
	if (context.early) return nextEarly(context);
	const position = nextRung(context, () => true);
	if (position !== undefined) return { go: 'ask', position, early: false };
	if (context.attempts > 0) return { go: 'end', ending: 'exhausted' };
	if (context.policy.whenAllDenied === 'fail') return { go: 'end', ending: 'denied' };
	return { go: 'ask', position: soonestFirst(context)[0] ?? 0, early: true };
}

/** Positions in the order in which their rungs would open. */
function soonestFirst(context: RequestContext): number[] {
	const retryAt = (position: number) => context.retryAts[position] ?? context.now;
	return context.rungs.map((_, position) => position).sort((a, b) => retryAt(a) - retryAt(b));
}

function nextEarly(context: RequestContext): Decision {
	const order = soonestFirst(context);
	const position = order[order.indexOf(context.position) + 1];
	return position === undefined ? { go: 'end', ending: 'denied' } : { go: 'ask', position, early: true };
}

/** What the policy of a rung says of a failure; what it does not name goes to the next rung. */
function errorPolicy(rung: Rung, failure: Failure): ErrorPolicy {
	return lookup(rung.policy.onError, failure) ?? { retries: 0, then: ['next'] };
}

/** The provider's own word, where it gave one; else our backoff. */
function retryWait(context: RequestContext, rung: Rung, failure: Failure): number {
	return failure.retryAfterMs || retryBackoff(rung.policy.retry, context.retries, context.random);
}

/**
 * Would this request attempt the same target again after this failure, as far as it is up to the request? Not when the
 * wait is longer than a request waits, or outlasts the deadline. What the provider says comes later, as `retryAt`.
 * @param context with the `now` and the `random` of the failure
 */
export function wouldRetry(context: RequestContext, failure: Failure): boolean {
	const rung = currentRung(context);
	if (context.committed || context.retries >= errorPolicy(rung, failure).retries) return false;
	if ((failure.retryAfterMs ?? 0) > rung.policy.retry.maxRetryAfter) return false;
	return context.now + retryWait(context, rung, failure) < context.deadlineAt;
}

/** A wait is in vain when it ends at a closed door. */
function grantsAt(context: RequestContext, at: number): boolean {
	return (context.retryAts[context.position] ?? 0) <= at;
}

function follow(way: Exclude<Way, 'fail'>, context: RequestContext, from: Rung): number | undefined {
	if (way === 'credential') return nextRung(context, (rung) => rung.link === from.link);
	if (way === 'next') return nextRung(context, (rung) => rung.link !== from.link);
	return nextRung(context, (rung) => rung.link !== from.link && hasLargerWindow(rung, from));
}

function hasLargerWindow(rung: Rung, from: Rung): boolean {
	return rung.contextWindow === undefined || rung.contextWindow > (from.contextWindow ?? 0);
}

/** The first rung further down that this request can still use. The walk never goes back up. */
function nextRung(context: RequestContext, wanted: (rung: Rung) => boolean): number | undefined {
	const position = context.rungs.findIndex(
		(rung, index) => index > context.position && wanted(rung) && isUsable(context, rung),
	);
	return position === -1 ? undefined : position;
}
