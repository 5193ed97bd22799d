import type { Failure } from '../../../../machines/failure.ts';
import type { Policy } from '../../../../machines/policy.ts';
import { failureSamples } from '../failure-samples.ts';
import { ruleOf, spending } from './facts.ts';
import type { Stop } from './route.ts';

/** Failures that stand for all that a target can fail with. */
export interface Samples {
	/** Every sample failure. */
	all: readonly Failure[];
	/** One for each kind that a right machine, and the policy, treats alike before the commit. */
	fresh: readonly Failure[];
	/** Those of `fresh` without a hint. */
	plain: readonly Failure[];
	/** One for each kind that is treated alike after the commit. */
	continuing: readonly Failure[];
	/** Those of `fresh` that make for the longest waits. */
	slow: readonly Failure[];
	/** Those that are retried after a wait. */
	waited: readonly Failure[];
}

/**
 * The failures that are tried on a target, sorted by what they are good for.
 * @param policy of the request
 * @param isWhole with those that only a clock can tell apart
 */
export function samplesFor(stop: Stop, { continuation }: Policy, { isWhole }: { isWhole: boolean }): Samples {
	const known = failureSamples(stop.policy);
	const hintOf = ({ retryAfterMs }: Failure) => {
		if (!retryAfterMs) return 'none';
		return retryAfterMs <= stop.policy.retry.maxRetryAfter ? 'short' : 'long';
	};
	const signOf = ({ category, reason = '' }: Failure, then: readonly string[]) => {
		const isSpending = spending.includes(category) ? category : '';
		const isCaller = category === 'BAD_REQUEST' ? category : '';
		const own = ['context_length', 'prefill', 'seam_ambiguous'].includes(reason) ? reason : '';
		return [then.join(), isSpending, isCaller, own, continuation.categories.includes(category)].join(' ');
	};
	const kind = (failure: Failure) => {
		const { retries, then } = ruleOf(stop, failure);
		return `${signOf(failure, then)} ${retries}`;
	};
	const isWaitedFor = (failure: Failure) => ruleOf(stop, failure).retries > 0;
	const hinted = firstBy(known, (failure) => `${kind(failure)} ${hintOf(failure)}`);
	// Where nothing is retried, a short wait differs from a long one in nothing but its length.
	const fresh = hinted.filter((failure) => hintOf(failure) !== 'short' || isWaitedFor(failure));
	const plain = fresh.filter((failure) => hintOf(failure) === 'none');
	const slow = fresh.filter((failure) => hintOf(failure) !== 'long');
	// Nothing is retried after the commit.
	const continuing = firstBy(plain, (failure) => signOf(failure, ruleOf(stop, failure).then));
	const waited = slow.filter(isWaitedFor);
	// A provider that asks for no wait at all has not said how long to wait.
	const unsaid = plain.filter(isWaitedFor).map((failure) => ({ ...failure, retryAfterMs: 0 }));
	const all = isWhole ? [...known, ...unsaid] : known;
	return { all, fresh, plain, continuing, slow, waited };
}

function firstBy<T>(list: readonly T[], keyOf: (entry: T) => string): T[] {
	const first = new Map<string, T>();
	for (const entry of list) if (!first.has(keyOf(entry))) first.set(keyOf(entry), entry);
	return [...first.values()];
}
