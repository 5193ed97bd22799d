import { retryBackoff } from '../backoff.ts';
import { type Category, type Failure, failureName } from '../failure.ts';
import type { Fallback } from '../policy.ts';
import {
	type Candidate,
	type CandidateFailure,
	currentCandidate,
	errorPolicy,
	isUsable,
	lastFailed,
	type Progress,
} from './progress.ts';

/**
 * What a request does before the commit, after a failure or a denial. The order of preference is the policy's: another
 * attempt on the same target while it has retries and time, then the ways that `then` names.
 */

/**
 * Would a request attempt the same target again after this failure, as far as it is up to the request? Not when the
 * wait is longer than a request waits, or outlasts the deadline. What the provider says comes later (`mayRetryHere`).
 * It holds before the commit: after it nothing is retried.
 * @param progress with the `now` and the `random` of the failure
 */
export function wouldRetry(progress: Progress, failure: Failure): boolean {
	// The one attempt elsewhere is one attempt.
	if (progress.hop !== undefined) return false;
	const candidate = currentCandidate(progress);
	if (progress.retries >= errorPolicy(candidate, failure).retries) return false;
	if ((failure.retryAfterMs ?? 0) > candidate.policy.retry.maxRetryAfter) return false;
	return progress.now + waitAfter(progress, failure) < progress.deadlineAt;
}

/**
 * A retry that its provider would deny is not waited for.
 * @param retryAt when the provider would grant again, ms since the epoch
 */
export function mayRetryHere(progress: Progress, retryAt: number): boolean {
	const { failure, isSilent } = lastFailed(progress);
	return !isSilent && wouldRetry(progress, failure) && retryAt <= progress.now + waitAfter(progress, failure);
}

/** The wait before the retry after the last failure, ms. */
export function retryWait(progress: Progress): number {
	return waitAfter(progress, lastFailed(progress).failure);
}

/** The provider's own word, where it gave one; else our backoff. */
function waitAfter(progress: Progress, failure: Failure): number {
	const { retry } = currentCandidate(progress).policy;
	return failure.retryAfterMs || retryBackoff(retry, progress.retries, progress.random);
}

/**
 * The position of the target that comes next: along the ways that the last failure left open, or simply the next one
 * where nothing failed yet. A denial on the way does not open a way that the failure closed. In the early round nothing
 * comes next but the soonest, and after a failed hop nothing does.
 */
export function nextTarget(progress: Progress): number | undefined {
	return nextStep(progress)?.position;
}

/** The same, and whether it is the one hop elsewhere: to another provider (`other-provider`), or away from silence. */
export function nextStep(progress: Progress): { position: number; isHop: boolean } | undefined {
	if (progress.early || hasHopFailed(progress)) return undefined;
	if (progress.failed === undefined) return stepTo(nextCandidate(progress, () => true));
	const { failure, candidate, isSilent } = progress.failed;
	if (isSilent) return stepTo(follow('next', progress, candidate), true);
	for (const fallback of errorPolicy(candidate, failure).then) {
		if (fallback === 'fail') return undefined;
		const step = stepTo(follow(fallback, progress, candidate), fallback === 'other-provider');
		if (step !== undefined) return step;
	}
	return undefined;
}

function stepTo(position: number | undefined, isHop = false): { position: number; isHop: boolean } | undefined {
	return position === undefined ? undefined : { position, isHop };
}

/**
 * May the present attempt's answer, should it say nothing, be left for one attempt at the next target? Where nothing comes
 * next, or where it is itself such an attempt, it is the answer.
 */
export function mayLeaveSilence(progress: Progress): boolean {
	if (progress.policy.emptyAnswer === 'pass' || progress.way !== 'fresh' || progress.hop !== undefined) return false;
	return follow('next', progress, currentCandidate(progress)) !== undefined;
}

/** An attempt was made where the hop led, and failed. A denial on the way is none: the next other provider may be asked. */
function hasHopFailed({ hop, failed }: Progress): boolean {
	return hop !== undefined && failed !== hop;
}

/**
 * The position of the target to ask ahead of its time (`whenAllDenied: try-soonest`): of those that were not asked so
 * yet, the one that would open first. It is for a request that was denied everywhere.
 */
export function soonestTarget(progress: Progress): number | undefined {
	if (progress.failed !== undefined || progress.policy.whenAllDenied !== 'try-soonest') return undefined;
	const order = soonestFirst(progress);
	return progress.early ? order[order.indexOf(progress.position) + 1] : order[0];
}

/**
 * The target that a request which was denied everywhere waits for (`whenAllDenied: { wait }`), and when it opens, ms since the
 * epoch. A target that named no time to come is not waited for. It waits once, and neither longer than the policy says nor
 * until the deadline: a request that would be denied all the same is told so at once.
 */
export function openingToAwait(progress: Progress): { position: number; at: number } | undefined {
	const { failed, hasAwaitedOpening, now, deadlineAt, retryAts } = progress;
	const { whenAllDenied } = progress.policy;
	if (failed !== undefined || hasAwaitedOpening || typeof whenAllDenied === 'string') return undefined;
	const position = soonestFirst(progress).find((index) => (retryAts[index] ?? now) > now);
	const at = position === undefined ? undefined : retryAts[position];
	if (position === undefined || at === undefined) return undefined;
	return at <= now + whenAllDenied.wait && at < deadlineAt ? { position, at } : undefined;
}

/** Positions in the order in which their targets would open, without those that never take this request. */
function soonestFirst(progress: Progress): number[] {
	const retryAt = (position: number) => progress.retryAts[position] ?? progress.now;
	const positions = progress.candidates.map((_, position) => position);
	return positions.filter((position) => Number.isFinite(retryAt(position))).sort((a, b) => retryAt(a) - retryAt(b));
}

/**
 * Is the last failure one that the policy sends to the caller, as no way leads on? A denial after it says that there was
 * a way: then the chain is exhausted.
 */
export function isFailureFinal(progress: Progress): boolean {
	if (progress.hop !== undefined) return true;
	const { failure, candidate } = lastFailed(progress);
	const { then } = errorPolicy(candidate, failure);
	const wasDenied = progress.trace.at(-1)?.did === 'deny';
	return then.includes('fail') || (!wasDenied && !then.includes('next'));
}

/** Failures that say themselves whose they are: a line, a slow provider, a limit, too much load. None is a request's own. */
const explained: readonly Category[] = ['NETWORK_ERROR', 'TIMEOUT', 'RATE_LIMIT'];

/**
 * What counted against providers, and is the request's own doing as far as one can tell: several providers answered it
 * alike, and none otherwise. It is for a request that has ended without an answer.
 */
export function requestsOwnFailures({ countedFailures }: Progress): readonly CandidateFailure[] {
	return countedFailures.filter(({ failure, candidate }) => {
		if (explained.includes(failure.category) || failure.reason === 'overloaded') return false;
		return countedFailures.some(
			(other) => other.candidate.provider !== candidate.provider && failureName(other.failure) === failureName(failure),
		);
	});
}

function follow(fallback: Exclude<Fallback, 'fail'>, progress: Progress, from: Candidate): number | undefined {
	if (fallback === 'credential') return nextCandidate(progress, (candidate) => candidate.link === from.link);
	if (fallback === 'next') return nextCandidate(progress, (candidate) => candidate.link !== from.link);
	if (fallback === 'other-provider') return nextCandidate(progress, ({ provider }) => provider !== from.provider);
	return nextCandidate(progress, (candidate) => candidate.link !== from.link && hasLargerWindow(candidate, from));
}

function hasLargerWindow(candidate: Candidate, from: Candidate): boolean {
	return candidate.contextWindow === undefined || candidate.contextWindow > (from.contextWindow ?? 0);
}

/** The first target further down that this request can still use. A request never goes back up. */
function nextCandidate(progress: Progress, wanted: (candidate: Candidate) => boolean): number | undefined {
	const position = progress.candidates.findIndex(
		(candidate, index) => index > progress.position && wanted(candidate) && isUsable(progress, candidate),
	);
	return position === -1 ? undefined : position;
}
