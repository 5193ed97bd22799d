import type { ErrorPolicy } from '../policy.ts';
import { type Candidate, errorPolicy, isUsable, lastFailed, type Progress } from './progress.ts';

/**
 * What a request does after the commit, when the answer broke or another attempt could not carry it on. No answer is
 * started over: either the next attempt continues this one, or the caller is told that it is not whole.
 */

/** May another attempt carry the answer on, as far as the policy and what has been sent of it allow? */
export function mayCarryOn(progress: Progress): boolean {
	const { failure, brokeAnswer } = lastFailed(progress);
	const { maxContinuations, categories } = progress.policy.continuation;
	if (!progress.isContinuable) return false;
	return !brokeAnswer || (categories.includes(failure.category) && progress.continuations < maxContinuations);
}

/** The target refused to be shown the beginning of its own answer: it may take an instruction. */
export function shouldAskWithoutPrefill(progress: Progress): boolean {
	return hasFailedToCarryOn(progress) && refusedPrefill(progress);
}

/** Where the target went on could not be told, or it may have refused a prefill without saying so: from further back. */
export function shouldAskFromFurtherBack(progress: Progress): boolean {
	if (!hasFailedToCarryOn(progress)) return false;
	const { failure } = lastFailed(progress);
	if (progress.way === 'prefill' && failure.category === 'BAD_REQUEST') return failure.reason !== 'prefill';
	return progress.way !== 'rewind' && failure.reason === 'seam_ambiguous';
}

function hasFailedToCarryOn(progress: Progress): boolean {
	return progress.isContinuable && !lastFailed(progress).brokeAnswer;
}

/** It is the way of asking that was refused, which is neither the caller's mistake nor the provider's. */
function refusedPrefill(progress: Progress): boolean {
	const { category, reason } = lastFailed(progress).failure;
	return progress.way === 'prefill' && category === 'BAD_REQUEST' && reason === 'prefill';
}

/**
 * The position of the next target that has not been asked to carry on yet: further down first, then from the top, the
 * same one last. Where a continuation failed, and not the answer itself, the policy says how far: a denial on the way
 * opens no more.
 */
export function nextToCarryOn(progress: Progress): number | undefined {
	const { candidates, position, asked } = progress;
	const { failure, candidate: from, brokeAnswer } = lastFailed(progress);
	const isNoVerdict = brokeAnswer || refusedPrefill(progress);
	const isOpen = isNoVerdict ? () => true : opened(errorPolicy(from, failure), from);
	const order = candidates.map((_, index) => (position + 1 + index) % candidates.length);
	return order.find((index) => {
		const candidate = candidates[index];
		return candidate !== undefined && !asked.includes(index) && isUsable(progress, candidate) && isOpen(candidate);
	});
}

/** Which targets the ways of a rule lead to. */
function opened(rule: ErrorPolicy, from: Candidate): (candidate: Candidate) => boolean {
	const leadsOn = rule.then.some((fallback) => fallback === 'next' || fallback === 'larger-context');
	const leadsElsewhere = rule.then.includes('other-provider');
	const staysOn = rule.then.includes('credential');
	return ({ link, provider }) =>
		leadsOn || (leadsElsewhere && provider !== from.provider) || (staysOn && link === from.link);
}
