import type { Policy, RetryPolicy } from '../../../../machines/policy.ts';
import { durationWords } from '../../../values/time-text.ts';
import { failureWords } from '../failure-samples.ts';
import type { Blame } from './asking.ts';
import { ruleOf } from './facts.ts';
import type { Stop } from './route.ts';
import { closedUntil, type Failed, openingOf, type Seen } from './seen.ts';

/** A wait, ms: no more than the rounding to whole ms lies between the two. */
export interface Wait {
	readonly least: number;
	readonly most: number;
}

/** Whether a failed target is tried again, and after which wait: both what must be and what must not. */
export class RetryRules {
	readonly #stops: readonly Stop[];
	readonly #policy: Policy;
	readonly #deadlineAt: number;

	/** @param policy of the request */
	constructor(stops: readonly Stop[], policy: Policy, deadlineAt: number) {
		this.#stops = stops;
		this.#policy = policy;
		this.#deadlineAt = deadlineAt;
	}

	/**
	 * Must the last failure lead to another attempt on its target, as far as it is up to the request?
	 * @param seen after the failure, before a settlement
	 * @returns undefined where rounding decides
	 */
	isWanted(seen: Seen): boolean | undefined {
		const { failed } = seen;
		const stop = this.#stops[failed?.position ?? -1];
		if (failed === undefined || stop === undefined || failed.wasCommitted || seen.left !== undefined) return false;
		if (failed.isSilent) return false;
		const { failure, at } = failed;
		if (seen.attemptsHere > ruleOf(stop, failure).retries) return false;
		if ((failure.retryAfterMs ?? 0) > stop.policy.retry.maxRetryAfter) return false;
		const { least, most } = waitAfter(stop, failed, seen.attemptsHere);
		if (at + least >= this.#deadlineAt) return false;
		return at + most < this.#deadlineAt ? true : undefined;
	}

	/**
	 * After a settlement: a retry that is allowed is made.
	 * @param seen before the request has done anything about it
	 * @param isWaiting it waits now
	 */
	checkSettled(seen: Seen, isWaiting: boolean, blame: Blame): void {
		const { failed } = seen;
		const stop = this.#stops[failed?.position ?? -1];
		if (isWaiting || failed === undefined || stop === undefined || seen.spent.includes(stop.credential)) return;
		if (this.isWanted(seen) !== true) return;
		const { least } = waitAfter(stop, failed, seen.attemptsHere);
		if ((seen.said[stop.position] ?? 0) > failed.at + least) return;
		const { retries } = ruleOf(stop, failed.failure);
		blame(
			'retries-are-made',
			`${stop.target} is not tried again after ${failureWords(failed.failure)}: ${seen.attemptsHere - 1} of ${retries} retries are made, and it would grant in ${durationWords(least)}`,
		);
	}

	/** A wait has begun. @param until ms since the epoch */
	checkWait(seen: Seen, until: number, now: number, blame: Blame): void {
		const { failed } = seen;
		const stop = this.#stops[failed?.position ?? -1];
		if (failed === undefined || stop === undefined) {
			this.#checkOpening(seen, until, now, blame);
			return;
		}
		if (seen.left !== undefined) {
			blame('one-hop-only', `${stop.target} is waited for after the one attempt there`);
			return;
		}
		if (failed.isSilent) {
			blame('left-answer-is-kept', `${stop.target} is waited for after it had nothing to say`);
			return;
		}
		const { retry } = stop.policy;
		const waitMs = until - now;
		const words = `${stop.target} is waited for ${durationWords(waitMs)}`;
		const { least, most } = waitAfter(stop, failed, seen.attemptsHere);
		if (waitMs < least || waitMs > most) {
			const right = least === most ? durationWords(least) : `${durationWords(least)} to ${durationWords(most)}`;
			blame('waits-within-policy', `${words}, not for ${right}`);
		}
		if (waitMs > retry.maxRetryAfter && failed.failure.retryAfterMs) {
			blame('waits-within-policy', `${words}, longer than maxRetryAfter`);
		}
		if (until >= this.#deadlineAt) blame('waits-within-policy', `${words}, until after the deadline`);
		if (closedUntil(seen, stop) > until) blame('waits-within-policy', `${words}, which will still be closed`);
		if (seen.attemptsHere > ruleOf(stop, failed.failure).retries) {
			blame('attempts-within-policy', `${words}, although it has no retry left`);
		}
	}

	/** Nothing failed: all that may be waited for is the first target to open, once all were denied. */
	#checkOpening(seen: Seen, until: number, now: number, blame: Blame): void {
		const opening = openingOf(seen, this.#policy, now);
		const words = `the request waits for ${durationWords(until - now)} although nothing failed`;
		if (opening === undefined) blame('opening-is-awaited', `${words}, and no target is to be waited for`);
		else if (seen.gone.length < this.#stops.length) blame('opening-is-awaited', `${words}, and not all were asked`);
		else if (opening.until !== until) {
			blame('opening-is-awaited', `${words}: the first opens in ${durationWords(opening.until - now)}`);
		}
	}
}

/**
 * The provider's own word, where it asks for a wait; else the README's words: `backoff`, times `factor` each time, at
 * most `maxBackoff`, spread by `jitter` both ways, as this `random` has it.
 * @param attemptsHere with the one that failed
 */
export function waitAfter(
	{ policy: { retry } }: Stop,
	{ failure, random }: Pick<Failed, 'failure' | 'random'>,
	attemptsHere: number,
): Wait {
	const hintMs = failure.retryAfterMs;
	if (hintMs) return { least: hintMs, most: hintMs };
	// What is exact in whole ms is not made a range by the last digit of a fraction.
	const exact = Number((grownBackoff(retry, attemptsHere - 1) * (1 + retry.jitter * (2 * random - 1))).toFixed(6));
	return { least: Math.floor(exact), most: Math.ceil(exact) };
}

function grownBackoff({ backoff, factor, maxBackoff }: RetryPolicy, retry: number): number {
	let grown = backoff;
	const longest = Math.max(backoff, maxBackoff);
	for (let step = 0; step < retry && grown < longest; step++) grown *= factor;
	return Math.min(grown, longest);
}
