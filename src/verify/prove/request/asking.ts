import type { Fallback, Policy } from '../../../../machines/policy.ts';
import type { Way } from '../../../../machines/request/progress.ts';
import { failureWords } from '../failure-samples.ts';
import { ruleOf } from './facts.ts';
import type { RequestProperty } from './properties.ts';
import { isTooSmall, type Stop } from './route.ts';
import { type Failed, hasHopFailed, type Seen } from './seen.ts';

/** Says that a property does not hold, and what happened instead. */
export type Blame = (property: RequestProperty, message: string) => void;

export interface Ask {
	position: number;
	early: boolean;
	/** It follows a wait. */
	isRetry: boolean;
}

/** Which targets may be asked for a permit when: what the policy promises, told from what an onlooker has seen. */
export class AskingRules {
	readonly #stops: readonly Stop[];
	readonly #policy: Policy;

	constructor(stops: readonly Stop[], policy: Policy) {
		this.#stops = stops;
		this.#policy = policy;
	}

	/** @param seen before the ask */
	check(seen: Seen, ask: Ask, blame: Blame): void {
		const stop = this.#stops[ask.position];
		if (stop === undefined) return;
		if (seen.spent.includes(stop.credential)) {
			blame('spent-credential-left-alone', `${stop.credential} is asked again, although it is of no more use`);
		}
		if (seen.isCommitted) this.#checkContinuing(seen, stop, blame);
		else if (ask.early) this.#checkEarly(seen, stop, blame);
		else if (ask.position === seen.position) this.#checkAgain(seen, stop, ask, blame);
		else this.#checkMove(seen, stop, blame);
	}

	/** A target that the policy leads to, and that was not asked when the request gave up. */
	leftOver(seen: Seen): Stop | undefined {
		const { failed } = seen;
		if (seen.isCommitted) return this.#canContinue(seen) ? this.#continuing(seen) : undefined;
		if (failed !== undefined) return this.#ledTo(seen, failed);
		return this.#stops.find(({ position }) => !seen.gone.includes(position));
	}

	/**
	 * What the request leaves for one attempt elsewhere, when it asks this target.
	 * @param seen before the ask
	 */
	hopTo(seen: Seen, position: number): Failed | undefined {
		const { failed } = seen;
		if (seen.isCommitted || failed === undefined) return undefined;
		const [way, next] = this.#wayOn(seen, failed) ?? [];
		const isHop = failed.isSilent || way === 'other-provider';
		return isHop && next?.position === position ? failed : undefined;
	}

	#checkAgain(seen: Seen, stop: Stop, { isRetry }: Ask, blame: Blame): void {
		if (seen.left !== undefined) blame('one-hop-only', `${stop.target} is asked again after the one attempt there`);
		const { failed } = seen;
		if (failed === undefined || failed.position !== stop.position || !isRetry) {
			blame('always-ends', `${stop.target} is asked again at once, which could go on for ever`);
			return;
		}
		const retries = failed.isSilent ? 0 : ruleOf(stop, failed.failure).retries;
		if (seen.attemptsHere > retries) {
			const words = failureWords(failed.failure);
			blame(
				'attempts-within-policy',
				`${stop.target} is retried after ${words} ${seen.attemptsHere} times, not ${retries}`,
			);
		}
	}

	#checkMove(seen: Seen, stop: Stop, blame: Blame): void {
		if (hasHopFailed(seen)) {
			blame('one-hop-only', `${stop.target} is asked after the one attempt elsewhere failed`);
			return;
		}
		if (stop.position < seen.position) {
			blame('request-goes-down', `${stop.target} is asked after a target further down`);
			return;
		}
		if (isTooSmall(stop, seen.tooSmallWindow)) {
			blame(
				'long-prompt-goes-to-larger-window',
				`${stop.target} has a window of ${stop.contextWindow} tokens, and ${seen.tooSmallWindow} were too few`,
			);
			return;
		}
		const { failed } = seen;
		if (failed === undefined) {
			if (stop.position !== seen.position + 1) this.#blamePassing(seen.position + 1, stop, blame);
			return;
		}
		const from = this.#stops[failed.position];
		if (from === undefined) return;
		const ways = waysOn(from, failed);
		if (!ways.some((way) => leads(way, from, stop))) {
			const then = ways.join(', ') || 'fail';
			blame('fail-fast-stays', `${stop.target} is asked after ${failureWords(failed.failure)}, which says ${then}`);
			return;
		}
		const next = this.#ledTo(seen, failed);
		if (next !== undefined && next.position !== stop.position) this.#blamePassing(next.position, stop, blame);
	}

	#blamePassing(position: number, stop: Stop, blame: Blame): void {
		const passed = this.#stops[position]?.target ?? '';
		blame('no-target-passed-over', `${stop.target} is asked, and ${passed}, which comes before it, is not`);
	}

	/** Where the ways of the last failure lead: to the first target of the first way that leads anywhere. */
	#ledTo(seen: Seen, failed: Failed): Stop | undefined {
		return this.#wayOn(seen, failed)?.[1];
	}

	#wayOn(seen: Seen, failed: Failed): [way: Fallback, to: Stop] | undefined {
		const from = this.#stops[failed.position];
		if (from === undefined || hasHopFailed(seen)) return undefined;
		const usable = (stop: Stop) =>
			stop.position > seen.position && !seen.spent.includes(stop.credential) && !isTooSmall(stop, seen.tooSmallWindow);
		for (const way of waysOn(from, failed)) {
			const next = this.#stops.find((stop) => usable(stop) && leads(way, from, stop));
			if (next !== undefined) return [way, next];
		}
		return undefined;
	}

	#checkEarly(seen: Seen, stop: Stop, blame: Blame): void {
		const { target, position } = stop;
		const said = (other: number) => seen.said[other] ?? 0;
		if (this.#policy.whenAllDenied !== 'try-soonest') {
			blame('early-asks-are-earned', `${target} is asked early, which the policy does not say`);
		} else if (seen.failed !== undefined || seen.gone.length < this.#stops.length) {
			blame('early-asks-are-earned', `${target} is asked early, although not every target was denied`);
		} else if (seen.goneEarly.includes(position)) {
			blame('early-asks-are-earned', `${target} is asked early twice`);
		} else if (
			this.#stops.some((other) => !seen.goneEarly.includes(other.position) && said(other.position) < said(position))
		) {
			blame('early-asks-are-earned', `${target} is asked early before one that would open sooner`);
		}
	}

	#checkContinuing(seen: Seen, stop: Stop, blame: Blame): void {
		const { failed } = seen;
		if (failed === undefined) {
			blame('no-second-start', `${stop.target} is asked although the answer did not break`);
			return;
		}
		if (!this.#canContinue(seen)) {
			const words = `after ${failureWords(failed.failure)} and ${seen.continuations} continuations`;
			blame('continuations-within-policy', `${stop.target} is asked to carry on an answer ${words}`);
			return;
		}
		if (stop.position === seen.position && seen.gone.includes(stop.position)) {
			if (seen.asksHere >= WAYS_TO_CARRY_ON || failed.position !== stop.position || !mayAskOtherwise(failed)) {
				blame('continuations-within-policy', `${stop.target} is asked once more to carry the answer on`);
			}
			return;
		}
		if (seen.gone.includes(stop.position)) {
			blame('continuations-within-policy', `${stop.target} is asked twice between two breaks`);
		} else if (!this.#opens(failed, stop)) {
			const words = failureWords(failed.failure);
			blame('fail-fast-stays', `${stop.target} is asked to carry on after ${words}, which does not lead there`);
		} else if (stop.position !== this.#continuing(seen)?.position) {
			blame('no-target-passed-over', `${stop.target} is asked to carry on out of its turn`);
		}
	}

	/**
	 * After a settlement: a way of asking that was refused, or that left open where it goes on, is followed by another.
	 * @param seen before the request has done anything about it
	 * @param asked the target that it asks then, if it does
	 */
	checkSettled(seen: Seen, asked: number | undefined, blame: Blame): void {
		const { failed } = seen;
		const stop = this.#stops[failed?.position ?? -1];
		if (failed === undefined || stop === undefined || !failed.wasCommitted || failed.wasAnswering) return;
		if (!failed.isContinuable || !mayAskOtherwise(failed) || seen.spent.includes(stop.credential)) return;
		if (asked === stop.position) return;
		blame('no-target-passed-over', `${stop.target} is not asked in another way to carry on, which it may well do`);
	}

	/** How an attempt on the target that has just granted must ask. */
	wayOf({ isCommitted, failed, asksHere, permit }: Seen, { position, prefill }: Stop): Way {
		if (!isCommitted) return 'fresh';
		const isAskedOtherwise = asksHere > 1 && failed?.position === position && !failed.wasAnswering;
		if (isAskedOtherwise) return isPrefillRefused(failed) ? 'instruct' : 'rewind';
		return prefill && permit?.refusesPrefill !== true ? 'prefill' : 'instruct';
	}

	#canContinue({ failed, continuations }: Seen): boolean {
		const { maxContinuations, categories } = this.#policy.continuation;
		if (failed === undefined || !failed.isContinuable) return false;
		return !failed.wasAnswering || (categories.includes(failed.failure.category) && continuations < maxContinuations);
	}

	/** The next target in the cycle that could carry the answer on. */
	#continuing(seen: Seen): Stop | undefined {
		const { failed } = seen;
		if (failed === undefined) return undefined;
		for (let step = 1; step <= this.#stops.length; step++) {
			const stop = this.#stops[(seen.position + step) % this.#stops.length];
			if (stop === undefined || seen.gone.includes(stop.position) || seen.spent.includes(stop.credential)) continue;
			if (!isTooSmall(stop, seen.tooSmallWindow) && this.#opens(failed, stop)) return stop;
		}
		return undefined;
	}

	/** A break of the answer itself is no verdict on how to go on; a failed attempt to carry it on is. */
	#opens(failed: Failed, stop: Stop): boolean {
		const from = this.#stops[failed.position];
		if (from === undefined || failed.wasAnswering || isPrefillRefused(failed)) return true;
		const { then } = ruleOf(from, failed.failure);
		if (then.includes('next') || then.includes('larger-context')) return true;
		if (then.includes('other-provider') && stop.provider !== from.provider) return true;
		return then.includes('credential') && stop.link === from.link;
	}
}

/** `prefill`, `instruct` and `rewind`. */
const WAYS_TO_CARRY_ON = 3;

function isPrefillRefused({ failure, way }: Failed): boolean {
	return way === 'prefill' && failure.category === 'BAD_REQUEST' && failure.reason === 'prefill';
}

function mayAskOtherwise({ failure, way }: Failed): boolean {
	if (way === 'prefill' && failure.category === 'BAD_REQUEST') return true;
	return failure.reason === 'seam_ambiguous' && way !== 'rewind';
}

/** The ways that count: `fail` ends them. Silence leads on whatever the policy says of failures. */
function waysOn(from: Stop, { failure, isSilent }: Failed): Exclude<Fallback, 'fail'>[] {
	if (isSilent) return ['next'];
	const ways: Exclude<Fallback, 'fail'>[] = [];
	for (const way of ruleOf(from, failure).then) {
		if (way === 'fail') break;
		ways.push(way);
	}
	return ways;
}

function leads(way: Exclude<Fallback, 'fail'>, from: Stop, to: Stop): boolean {
	if (way === 'credential') return to.link === from.link;
	if (way === 'other-provider') return to.provider !== from.provider;
	if (to.link === from.link) return false;
	return way === 'next' || to.contextWindow === undefined || to.contextWindow > (from.contextWindow ?? 0);
}
