import { LONGEST_TIMER_MS } from '../../../../machines/backoff.ts';
import type { ProviderContext } from '../../../../machines/provider/context.ts';
import { durationWords } from '../../../values/time-text.ts';
import { failureWords } from '../failure-samples.ts';
import { isCooling, isOut, type ProviderObservation } from './ghost.ts';
import { effectUnder, isCounted, isReasonForModel, namedWait } from './meaning.ts';
import { isResult, type Property, resultWords, type Seen } from './seen.ts';

/** What is no model's: of an actor that stands for one, nothing is said of it. */
export const keyProperties: readonly string[] = [
	'quota-cools-down',
	'rejected-key-opens-at-once',
	'several-models-open-it',
];

/** What opens it, and what does not. */
export const tripProperties: readonly Property[] = [
	{
		id: 'opens-on-nth-failure',
		statement:
			'closed opens for failures on exactly the `breaker.failureThreshold`th in a row or when `breaker.failureRate` says so, not before and not after',
		check: ({ policy, event, isLate, before, expected, stateBefore, state }) => {
			if (stateBefore !== 'closed' || event.type !== 'attempt.failed' || isLate || event.counted.length > 0)
				return undefined;
			const { failure } = event;
			const isNamed = namedWait(policy, failure) !== undefined;
			if (isNamed || effectUnder(policy, failure) === 'none' || effectUnder(policy, failure) === 'model')
				return undefined;
			const { failureThreshold } = policy.breaker;
			const row = `transient failure ${before.failuresInARow + 1} in a row where the threshold is ${failureThreshold}`;
			const times = `${failureWords(failure)}, ${isCounted(policy, failure) ? row : 'which counts as no failure'},`;
			if (state !== 'open' && expected.ghost.state === 'open') return `${times} left it ${state}`;
			if (state !== 'closed' && expected.ghost.state === 'closed') return `${times} made it ${state}`;
			return undefined;
		},
	},
	{
		id: 'request-counts-once',
		statement:
			'one request counts at most one failure: one that comes after it changes no counter and opens nothing, unless it names a time or is a probe',
		check: ({ policy, event, stateBefore, state, contextBefore, context }) => {
			if (event.type !== 'attempt.failed') return undefined;
			const words = failureWords(event.failure);
			if (event.counted.length === 0 || stateBefore !== 'closed' || namedWait(policy, event.failure) !== undefined)
				return undefined;
			const again = `${words} of a request that has counted`;
			if (state !== stateBefore) return `${again} made it ${state}`;
			const changed = changedCounter(contextBefore, context);
			return changed === undefined || effectUnder(policy, event.failure) === 'model'
				? undefined
				: `${again} changed ${changed}`;
		},
	},
	{
		id: 'several-models-open-it',
		statement:
			'a key opens when a second one of its models opens for failures while the first one still is, with no success of any of them since each began to fail; one model alone never opens it',
		check: ({ event, stateBefore, state, expected }) => {
			if (event.type !== 'model.tripped' || state === expected.ghost.state) return undefined;
			return `model ${event.model} opened, and made it ${state} from ${stateBefore} where it had to be ${expected.ghost.state}`;
		},
	},
	{
		id: 'withdrawn-failures-count-no-more',
		statement:
			'a failure that its request takes upon itself counts no more, in a row and in the window; one that opened it, or came too late to count, changes nothing',
		check: ({ event, state, stateBefore, context, expected }) => {
			if (event.type !== 'failure.withdrawn') return undefined;
			if (state !== stateBefore) return `a failure that was taken back made it ${state}`;
			if (state !== 'closed') return undefined;
			const { failuresInARow, results } = expected.ghost;
			const total = results.reduce((sum, tenth) => sum + tenth.total, 0);
			if (context.consecutiveFailures !== failuresInARow)
				return `${context.consecutiveFailures} failures in a row are left of it, and they are ${failuresInARow}`;
			return resultsIn(context) === total ? undefined : `${resultsIn(context)} results are left, and they are ${total}`;
		},
	},
	{
		id: 'callers-mistake-is-no-evidence',
		statement: 'a caller’s mistake (BAD_REQUEST) changes neither the state nor the counters',
		check: ({ event, stateBefore, state, contextBefore, context, timersBefore, timers, before }) => {
			if (event.type !== 'attempt.failed' || event.failure.category !== 'BAD_REQUEST') return undefined;
			const words = failureWords(event.failure);
			if (state !== stateBefore) return `${words} moved it from ${stateBefore} to ${state}`;
			const changed = changedCounter(contextBefore, context);
			if (changed !== undefined) return `${words} changed ${changed}`;
			const isProbe = isOut(before, event.permit.id);
			return isProbe || timers.length === timersBefore.length ? undefined : `${words} changed its timers`;
		},
	},
	{
		id: 'quota-cools-down',
		statement:
			'an exhausted quota (QUOTA_EXCEEDED) leads to quota-cooldown from every state, for as long as it names; a reason of it that the policy maps to `model` makes the model unavailable instead',
		check: ({ policy, isOfModel, event, before, state, timers }) => {
			if (event.type !== 'attempt.failed' || isOfModel) return undefined;
			const { failure, now } = event;
			if (failure.category !== 'QUOTA_EXCEEDED' && effectUnder(policy, failure) !== 'quota') return undefined;
			if (isReasonForModel(policy, failure)) return undefined;
			if (state !== 'quota-cooldown') return `after ${failureWords(failure)} it is ${state}`;
			const waitMs = Math.min(failure.retryAfterMs ?? policy.breaker.quotaCooldown, LONGEST_TIMER_MS);
			const first = timers[0];
			if (first === undefined || first.at >= now + waitMs || before.deadline >= now + waitMs) return undefined;
			return `after ${failureWords(failure)} it cools down for ${durationWords(first.at - now)} instead of ${durationWords(waitMs)}`;
		},
	},
	{
		id: 'rejected-key-opens-at-once',
		statement:
			'a rejected credential (AUTH_ERROR) opens the provider at once, for at least `breaker.authCooldown`; a reason of it that the policy maps to `model` makes the model unavailable instead',
		check: ({ policy, isOfModel, event, before, state, timers }) => {
			if (event.type !== 'attempt.failed' || event.failure.category !== 'AUTH_ERROR' || isOfModel) return undefined;
			if (isReasonForModel(policy, event.failure)) return undefined;
			const words = failureWords(event.failure);
			if (state === 'closed' || state === 'half-open') return `after ${words} it is ${state}`;
			const waitMs = Math.min(policy.breaker.authCooldown, LONGEST_TIMER_MS);
			const first = timers[0];
			const until = event.now + waitMs;
			if (first === undefined || first.at >= until || before.deadline >= until) return undefined;
			return `after ${words} it waits ${durationWords(first.at - event.now)} instead of at least ${durationWords(waitMs)}`;
		},
	},
	{
		id: 'failed-probe-reopens',
		statement: 'a probe that fails for a reason of the provider’s opens it again',
		check: ({ event, isLate, before, stateBefore, state, expected }) => {
			if (stateBefore !== 'half-open' || event.type !== 'attempt.failed' || isLate) return undefined;
			if (!isOut(before, event.permit.id) || expected.ghost.state === 'half-open') return undefined;
			return state === 'half-open' || state === 'closed'
				? `a probe failed with ${failureWords(event.failure)}, and it is ${state}`
				: undefined;
		},
	},
	{
		id: 'hung-probe-does-not-wedge',
		statement: 'a probe that is silent for `breaker.probeDeadline` fails, so that half-open never lasts forever',
		check: ({ event, before, state, expected, timers }) => {
			const isProbeTimer = event.type === 'timer' && event.probe !== undefined && isOut(before, event.probe);
			if (isProbeTimer && state !== 'open') return `the probe is overdue, and the provider is ${state}, not open`;
			if (state !== 'half-open' || expected.ghost.state !== 'half-open') return undefined;
			const isWatched = (deadline: number) => timers.some(({ at }) => at <= deadline);
			const unwatched = expected.ghost.probes.find(({ deadline }) => !isWatched(deadline));
			if (unwatched !== undefined) return 'a probe is out, and no timer ends it when its deadline is over';
			const hasRoom = before.probes.length < expected.ghost.probes.length;
			return hasRoom && !isProbing(event) ? 'a probe is out that nobody asked for' : undefined;
		},
	},
	{
		id: 'late-results-decide-nothing',
		statement:
			'a result of an attempt from before the last trip closes nothing, counts for nothing and shortens no wait',
		check: (seen) => {
			const { policy, event, isLate, isRepeated } = seen;
			if (!isLate || isRepeated || !isResult(event)) return undefined;
			const isNamed = event.type === 'attempt.failed' && namedWait(policy, event.failure) !== undefined;
			const decided = whatItDecided(seen, isNamed);
			return decided === undefined ? undefined : `a late ${resultWords(event)} ${decided}`;
		},
	},
	{
		id: 'repeated-results-count-once',
		statement: 'the result of a probe that is reported twice counts once',
		check: (seen) => {
			const { policy, event, isRepeated } = seen;
			if (!isRepeated || !isResult(event)) return undefined;
			const isNamed = event.type === 'attempt.failed' && namedWait(policy, event.failure) !== undefined;
			const decided = whatItDecided(seen, isNamed);
			return decided === undefined ? undefined : `a ${resultWords(event)} of a probe that had its result ${decided}`;
		},
	},
];

/** What a result that is no verdict did all the same. A time that a failure names holds, however late it is told. */
function whatItDecided(seen: Seen, isNamed: boolean): string | undefined {
	const { before, stateBefore, state, context, contextBefore, timers } = seen;
	if (state === 'closed' && stateBefore !== 'closed') return `closed it from ${stateBefore}`;
	if (isCooling(before) && (timers[0]?.at ?? 0) < before.timerAt && (state === 'open' || state === 'quota-cooldown')) {
		return 'shortened the cooldown';
	}
	if (isNamed) return undefined;
	if (state !== stateBefore) return `moved it from ${stateBefore} to ${state}`;
	if (context.probeSuccesses !== contextBefore.probeSuccesses) return 'counted as a success of a probe';
	const isClosed = state === 'closed';
	if (isClosed && context.consecutiveFailures !== contextBefore.consecutiveFailures)
		return 'changed the failures in a row';
	if (isClosed && resultsIn(context) !== resultsIn(contextBefore)) return 'counted in the window';
	return timers.length < before.probes.length && state === 'half-open' ? 'took away the timer of a probe' : undefined;
}

function resultsIn({ window }: ProviderContext): number {
	return window.slices.reduce((sum, { succeeded, failed }) => sum + succeeded + failed, 0);
}

function changedCounter(before: ProviderContext, after: ProviderContext): string | undefined {
	if (before.consecutiveFailures !== after.consecutiveFailures) return 'the failures in a row';
	if (resultsIn(before) !== resultsIn(after)) return 'the results in the window';
	if (before.reopenings !== after.reopenings) return 'the number of re-openings';
	if (before.probeSuccesses !== after.probeSuccesses) return 'the successes of probes';
	if (before.until !== after.until) return 'the deadline';
	if (before.alarmed.length !== after.alarmed.length) return 'what a person was called for';
	const wasUnavailableBefore = Object.keys(before.unavailable).join() === Object.keys(after.unavailable).join();
	return wasUnavailableBefore ? undefined : 'the models that are unavailable';
}

function isProbing(event: ProviderObservation): boolean {
	return event.type === 'permit.requested';
}
