import { retryBackoff } from '../backoff.ts';
import { type Failure, lookup } from '../failure.ts';
import type { ErrorPolicy, Fallback } from '../policy.ts';
import { type Candidate, currentCandidate, type Decision, type Ending, isUsable, type Progress } from './progress.ts';

/**
 * What a request does after a failure. The order of preference is the policy's: another attempt on the same
 * target while it has retries and time, then the ways that `then` names.
 * @param walk with the failure, its `random`, and what the provider said of `retryAt` in it
 */
export function decideAfterFailure(progress: Progress): Decision {
	const { failure } = progress;
	if (failure === undefined) throw new Error(`request ${progress.id} decides about a failure that it does not have`);
	if (progress.committed) return decideAfterBreak(progress, failure);
	const candidate = currentCandidate(progress);
	const rule = errorPolicy(candidate, failure);

	const waitMs = retryWait(progress, candidate, failure);
	if (wouldRetry(progress, failure) && grantsAt(progress, progress.now + waitMs)) return { go: 'retry', waitMs };

	return moveOn(progress, rule, candidate, rule.then.includes('next') ? 'exhausted' : 'rejected');
}

/**
 * What a request does after a denial: on along the ways that its last failure left open, or to the next target where
 * nothing failed yet; and when every target was denied, what `whenAllDenied` says.
 */
export function decideAfterDenial(progress: Progress): Decision {
	if (progress.early) return nextEarly(progress);
	if (progress.committed) return carryOn(progress);
	if (progress.failed !== undefined) {
		const { failure, candidate } = progress.failed;
		return moveOn(progress, errorPolicy(candidate, failure), candidate, 'exhausted');
	}
	const position = nextCandidate(progress, () => true);
	if (position !== undefined) return { go: 'ask', position, early: false };
	if (progress.policy.whenAllDenied === 'fail') return { go: 'end', ending: 'denied' };
	return { go: 'ask', position: soonestFirst(progress)[0] ?? 0, early: true };
}

/**
 * What becomes of an answer that broke after the commit, or that another attempt could not carry on. No answer is
 * started over: either the next attempt continues this one, or the caller is told that it is not whole.
 */
function decideAfterBreak(progress: Progress, failure: Failure): Decision {
	const { maxContinuations, categories } = progress.policy.continuation;
	if (!progress.isContinuable) return interrupted;
	if (progress.isAnswering) {
		const isAllowed = categories.includes(failure.category) && progress.continuations < maxContinuations;
		return isAllowed ? carryOn(progress) : interrupted;
	}
	const again: Decision = { go: 'ask', position: progress.position, early: false };
	if (refusedPrefill(progress, failure)) return again;
	// Some providers refuse a prefill without saying that it is what they refuse.
	if (progress.way === 'prefill' && failure.category === 'BAD_REQUEST') return { ...again, rewind: true };
	if (progress.way !== 'rewind' && failure.reason === 'seam_ambiguous') return { ...again, rewind: true };
	return carryOn(progress);
}

/** It is the way of asking that was refused, which is neither the caller's mistake nor the provider's. */
function refusedPrefill({ way }: Progress, { category, reason }: Failure): boolean {
	return way === 'prefill' && category === 'BAD_REQUEST' && reason === 'prefill';
}

const interrupted: Decision = { go: 'end', ending: 'interrupted' };

/**
 * The next target that has not been asked to carry on yet: further down first, then from the top, the same one last.
 * Where a continuation failed, and not the answer itself, the policy says how far: a denial on the way opens no more.
 */
function carryOn(progress: Progress): Decision {
	const { candidates, position, asked, failed, isAnswering } = progress;
	if (failed === undefined) throw new Error(`request ${progress.id} carries on an answer that did not break`);
	const isNoVerdict = isAnswering || refusedPrefill(progress, failed.failure);
	const open = isNoVerdict ? () => true : opened(errorPolicy(failed.candidate, failed.failure), failed.candidate);
	const order = candidates.map((_, index) => (position + 1 + index) % candidates.length);
	const next = order.find((index) => {
		const candidate = candidates[index];
		return candidate !== undefined && !asked.includes(index) && isUsable(progress, candidate) && open(candidate);
	});
	return next === undefined ? interrupted : { go: 'ask', position: next, early: false };
}

/** Which targets the ways of a rule lead to. */
function opened(rule: ErrorPolicy, from: Candidate): (candidate: Candidate) => boolean {
	const leadsOn = rule.then.some((fallback) => fallback === 'next' || fallback === 'larger-context');
	const staysOn = rule.then.includes('credential');
	return (candidate) => leadsOn || (staysOn && candidate.link === from.link);
}

/**
 * @param from the target that failed: a denial on the way does not open a way that its failure closed
 * @param otherwise how it ends when no way leads on
 */
function moveOn(progress: Progress, rule: ErrorPolicy, from: Candidate, otherwise: Ending): Decision {
	for (const fallback of rule.then) {
		if (fallback === 'fail') return { go: 'end', ending: 'rejected' };
		const position = follow(fallback, progress, from);
		if (position !== undefined) return { go: 'ask', position, early: false };
	}
	return { go: 'end', ending: otherwise };
}

/** Positions in the order in which their targets would open. */
function soonestFirst(progress: Progress): number[] {
	const retryAt = (position: number) => progress.retryAts[position] ?? progress.now;
	return progress.candidates.map((_, position) => position).sort((a, b) => retryAt(a) - retryAt(b));
}

function nextEarly(progress: Progress): Decision {
	const order = soonestFirst(progress);
	const position = order[order.indexOf(progress.position) + 1];
	return position === undefined ? { go: 'end', ending: 'denied' } : { go: 'ask', position, early: true };
}

/** What the policy of a target says of a failure; what it does not name goes to the next target. */
function errorPolicy(candidate: Candidate, failure: Failure): ErrorPolicy {
	return lookup(candidate.policy.onError, failure) ?? { retries: 0, then: ['next'] };
}

/** The provider's own word, where it gave one; else our backoff. */
function retryWait(progress: Progress, candidate: Candidate, failure: Failure): number {
	return failure.retryAfterMs || retryBackoff(candidate.policy.retry, progress.retries, progress.random);
}

/**
 * Would this request attempt the same target again after this failure, as far as it is up to the request? Not when the
 * wait is longer than a request waits, or outlasts the deadline. What the provider says comes later, as `retryAt`.
 * @param walk with the `now` and the `random` of the failure
 */
export function wouldRetry(progress: Progress, failure: Failure): boolean {
	const candidate = currentCandidate(progress);
	if (progress.committed || progress.retries >= errorPolicy(candidate, failure).retries) return false;
	if ((failure.retryAfterMs ?? 0) > candidate.policy.retry.maxRetryAfter) return false;
	return progress.now + retryWait(progress, candidate, failure) < progress.deadlineAt;
}

/** A wait is in vain when it ends at a closed door. */
function grantsAt(progress: Progress, at: number): boolean {
	return (progress.retryAts[progress.position] ?? 0) <= at;
}

function follow(fallback: Exclude<Fallback, 'fail'>, progress: Progress, from: Candidate): number | undefined {
	if (fallback === 'credential') return nextCandidate(progress, (candidate) => candidate.link === from.link);
	if (fallback === 'next') return nextCandidate(progress, (candidate) => candidate.link !== from.link);
	return nextCandidate(progress, (candidate) => candidate.link !== from.link && hasLargerWindow(candidate, from));
}

function hasLargerWindow(candidate: Candidate, from: Candidate): boolean {
	return candidate.contextWindow === undefined || candidate.contextWindow > (from.contextWindow ?? 0);
}

/** The first target further down that this request can still use. The trace never goes back up. */
function nextCandidate(progress: Progress, wanted: (candidate: Candidate) => boolean): number | undefined {
	const position = progress.candidates.findIndex(
		(candidate, index) => index > progress.position && wanted(candidate) && isUsable(progress, candidate),
	);
	return position === -1 ? undefined : position;
}
