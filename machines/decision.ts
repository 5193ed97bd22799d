import { retryBackoff } from './backoff.ts';
import { type Failure, lookup } from './failure.ts';
import type { ErrorPolicy, Way } from './policy.ts';
import { currentRung, type Decision, type Ending, isUsable, type Rung, type Walk } from './walk.ts';

/**
 * What a request does after a failure. The order of preference is the policy's: another attempt on the same
 * target while it has retries and time, then the ways that `then` names.
 * @param walk with the failure, its `random`, and what the provider said of `retryAt` in it
 */
export function decideAfterFailure(walk: Walk): Decision {
	const { failure } = walk;
	if (failure === undefined) throw new Error(`request ${walk.id} decides about a failure that it does not have`);
	if (walk.committed) return decideAfterBreak(walk, failure);
	const rung = currentRung(walk);
	const rule = errorPolicy(rung, failure);

	const waitMs = retryWait(walk, rung, failure);
	if (wouldRetry(walk, failure) && grantsAt(walk, walk.now + waitMs)) return { go: 'retry', waitMs };

	return moveOn(walk, rule, rung, rule.then.includes('next') ? 'exhausted' : 'rejected');
}

/**
 * What a request does after a denial: on along the ways that its last failure left open, or to the next rung where
 * nothing failed yet; and when every rung was denied, what `whenAllDenied` says.
 */
export function decideAfterDenial(walk: Walk): Decision {
	if (walk.early) return nextEarly(walk);
	if (walk.committed) return carryOn(walk);
	if (walk.failed !== undefined) {
		const { failure, rung } = walk.failed;
		return moveOn(walk, errorPolicy(rung, failure), rung, 'exhausted');
	}
	const position = nextRung(walk, () => true);
	if (position !== undefined) return { go: 'ask', position, early: false };
	if (walk.policy.whenAllDenied === 'fail') return { go: 'end', ending: 'denied' };
	return { go: 'ask', position: soonestFirst(walk)[0] ?? 0, early: true };
}

/**
 * What becomes of an answer that broke after the commit, or that another attempt could not carry on. No answer is
 * started over: either the next attempt continues this one, or the caller is told that it is not whole.
 */
function decideAfterBreak(walk: Walk, failure: Failure): Decision {
	const { maxContinuations, categories } = walk.policy.continuation;
	if (!walk.isContinuable) return interrupted;
	if (walk.isAnswering) {
		const isAllowed = categories.includes(failure.category) && walk.continuations < maxContinuations;
		return isAllowed ? carryOn(walk) : interrupted;
	}
	const again: Decision = { go: 'ask', position: walk.position, early: false };
	if (refusedPrefill(walk, failure)) return again;
	// Some providers refuse a prefill without saying that it is what they refuse.
	if (walk.way === 'prefill' && failure.category === 'BAD_REQUEST') return { ...again, rewind: true };
	if (walk.way !== 'rewind' && failure.reason === 'seam_ambiguous') return { ...again, rewind: true };
	return carryOn(walk);
}

/** It is the way of asking that was refused, which is neither the caller's mistake nor the provider's. */
function refusedPrefill({ way }: Walk, { category, reason }: Failure): boolean {
	return way === 'prefill' && category === 'BAD_REQUEST' && reason === 'prefill';
}

const interrupted: Decision = { go: 'end', ending: 'interrupted' };

/**
 * The next rung that has not been asked to carry on yet: further down first, then from the top, the same one last.
 * Where a continuation failed, and not the answer itself, the policy says how far: a denial on the way opens no more.
 */
function carryOn(walk: Walk): Decision {
	const { rungs, position, asked, failed, isAnswering } = walk;
	if (failed === undefined) throw new Error(`request ${walk.id} carries on an answer that did not break`);
	const isNoVerdict = isAnswering || refusedPrefill(walk, failed.failure);
	const open = isNoVerdict ? () => true : opened(errorPolicy(failed.rung, failed.failure), failed.rung);
	const order = rungs.map((_, index) => (position + 1 + index) % rungs.length);
	const next = order.find((index) => {
		const rung = rungs[index];
		return rung !== undefined && !asked.includes(index) && isUsable(walk, rung) && open(rung);
	});
	return next === undefined ? interrupted : { go: 'ask', position: next, early: false };
}

/** Which rungs the ways of a rule lead to. */
function opened(rule: ErrorPolicy, from: Rung): (rung: Rung) => boolean {
	const leadsOn = rule.then.some((way) => way === 'next' || way === 'larger-context');
	const staysOn = rule.then.includes('credential');
	return (rung) => leadsOn || (staysOn && rung.link === from.link);
}

/**
 * @param from the rung that failed: a denial on the way does not open a way that its failure closed
 * @param otherwise how it ends when no way leads on
 */
function moveOn(walk: Walk, rule: ErrorPolicy, from: Rung, otherwise: Ending): Decision {
	for (const way of rule.then) {
		if (way === 'fail') return { go: 'end', ending: 'rejected' };
		const position = follow(way, walk, from);
		if (position !== undefined) return { go: 'ask', position, early: false };
	}
	return { go: 'end', ending: otherwise };
}

/** Positions in the order in which their rungs would open. */
function soonestFirst(walk: Walk): number[] {
	const retryAt = (position: number) => walk.retryAts[position] ?? walk.now;
	return walk.rungs.map((_, position) => position).sort((a, b) => retryAt(a) - retryAt(b));
}

function nextEarly(walk: Walk): Decision {
	const order = soonestFirst(walk);
	const position = order[order.indexOf(walk.position) + 1];
	return position === undefined ? { go: 'end', ending: 'denied' } : { go: 'ask', position, early: true };
}

/** What the policy of a rung says of a failure; what it does not name goes to the next rung. */
function errorPolicy(rung: Rung, failure: Failure): ErrorPolicy {
	return lookup(rung.policy.onError, failure) ?? { retries: 0, then: ['next'] };
}

/** The provider's own word, where it gave one; else our backoff. */
function retryWait(walk: Walk, rung: Rung, failure: Failure): number {
	return failure.retryAfterMs || retryBackoff(rung.policy.retry, walk.retries, walk.random);
}

/**
 * Would this request attempt the same target again after this failure, as far as it is up to the request? Not when the
 * wait is longer than a request waits, or outlasts the deadline. What the provider says comes later, as `retryAt`.
 * @param walk with the `now` and the `random` of the failure
 */
export function wouldRetry(walk: Walk, failure: Failure): boolean {
	const rung = currentRung(walk);
	if (walk.committed || walk.retries >= errorPolicy(rung, failure).retries) return false;
	if ((failure.retryAfterMs ?? 0) > rung.policy.retry.maxRetryAfter) return false;
	return walk.now + retryWait(walk, rung, failure) < walk.deadlineAt;
}

/** A wait is in vain when it ends at a closed door. */
function grantsAt(walk: Walk, at: number): boolean {
	return (walk.retryAts[walk.position] ?? 0) <= at;
}

function follow(way: Exclude<Way, 'fail'>, walk: Walk, from: Rung): number | undefined {
	if (way === 'credential') return nextRung(walk, (rung) => rung.link === from.link);
	if (way === 'next') return nextRung(walk, (rung) => rung.link !== from.link);
	return nextRung(walk, (rung) => rung.link !== from.link && hasLargerWindow(rung, from));
}

function hasLargerWindow(rung: Rung, from: Rung): boolean {
	return rung.contextWindow === undefined || rung.contextWindow > (from.contextWindow ?? 0);
}

/** The first rung further down that this request can still use. The walk never goes back up. */
function nextRung(walk: Walk, wanted: (rung: Rung) => boolean): number | undefined {
	const position = walk.rungs.findIndex((rung, index) => index > walk.position && wanted(rung) && isUsable(walk, rung));
	return position === -1 ? undefined : position;
}
