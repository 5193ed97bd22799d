import { LONGEST_TIMER_MS } from '../../../../machines/backoff.ts';
import { durationWords } from '../../../values/time-text.ts';
import { isCooling, isOut } from './ghost.ts';
import { happeningWords, type Property } from './seen.ts';

const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** How long it waits, and what leads out again. */
export const recoveryProperties: readonly Property[] = [
	{
		id: 'quota-cooldown-is-left-by-time-or-operator',
		statement:
			'quota-cooldown is left only by its timer, by a request that comes when its time is over, or by an operator, and to closed only by an operator’s reset',
		check: ({ event, before, now, stateBefore, state }) => {
			if (stateBefore !== 'quota-cooldown' || state === 'quota-cooldown') return undefined;
			const left = `${happeningWords(event)} moved it from quota-cooldown to ${state}`;
			if (event.type === 'operator.reset' || event.type === 'operator.tripped') return undefined;
			if (state === 'closed') return left;
			if (event.type === 'timer') return now >= before.timerAt ? undefined : `${left} before its time`;
			if (event.type === 'permit.requested') return now >= before.deadline ? undefined : `${left} before its time`;
			return event.type === 'operator.probed' ? undefined : left;
		},
	},
	{
		id: 'longer-deadline-stays',
		statement:
			'a longer deadline is never replaced by a shorter one, except by an operator who resets, probes, or takes back some of their own trip',
		check: ({ event, before, stateBefore, state, timers, now }) => {
			if (event.type === 'operator.tripped' && before.reason === 'operator') return undefined;
			const wasCooling = stateBefore === 'open' || stateBefore === 'quota-cooldown';
			const isStillCooling = state === 'open' || state === 'quota-cooldown';
			if (!wasCooling || !isStillCooling || !isCooling(before)) return undefined;
			const at = timers[0]?.at;
			if (at === undefined || at >= before.timerAt) return undefined;
			return `it would have waited ${durationWords(before.timerAt - now)} more, and now waits ${durationWords(at - now)}`;
		},
	},
	{
		id: 'cooldown-as-the-policy-says',
		statement:
			'a cooldown is as long as the policy and the failure say: it grows by `breaker.cooldownFactor` with each re-opening that no whole answer precedes, up to `breaker.maxCooldown`, and an operator’s is at least as long as they said',
		check: ({ expected, state, timers, now, event }) => {
			const { ghost } = expected;
			if (state !== ghost.state || !isCooling(ghost)) return undefined;
			const at = timers[0]?.at;
			if (at === undefined || at === ghost.timerAt) return undefined;
			return `after ${happeningWords(event)} it waits ${durationWords(Math.max(0, at - now))} instead of ${durationWords(ghost.timerAt - now)}`;
		},
	},
	{
		id: 'first-content-is-the-verdict',
		statement:
			'the first content of a probe is its verdict: it counts as a success of the provider, and its slot and its deadline are free; a probe that had one, or a late one, decides nothing',
		check: ({ event, before, stateBefore, state, context, contextBefore, timers, timersBefore }) => {
			if (event.type !== 'probe.answering') return undefined;
			if (!isOut(before, event.id)) {
				const isSame = state === stateBefore && context.probeSuccesses === contextBefore.probeSuccesses;
				return isSame && timers.length === timersBefore.length
					? undefined
					: 'the first content of an attempt that is no probe any more decided something';
			}
			if (context.probes.some(({ id }) => id === event.id)) return 'a probe that answers keeps its slot';
			if (timers.length >= timersBefore.length) return 'a probe that answers is watched still';
			const isCounted = context.probeSuccesses > contextBefore.probeSuccesses || state === 'closed';
			return isCounted ? undefined : 'a probe that answers does not count as alive';
		},
	},
	{
		id: 'closes-after-the-successes-needed',
		statement:
			'half-open closes on exactly the `breaker.successThreshold`th probe that answers: with its first content, or with a whole answer',
		check: ({ policy, event, before, expected, stateBefore, state }) => {
			if (stateBefore !== 'half-open' || event.type === 'operator.reset') return undefined;
			const { successThreshold } = policy.breaker;
			const needed = successThreshold === 1 ? 'one success needed' : `${successThreshold} successes needed`;
			if (state === 'closed' && expected.ghost.state !== 'closed') {
				return `${happeningWords(event)} closed it after ${before.probeSuccesses} of the ${needed}`;
			}
			if (state === 'closed' || expected.ghost.state !== 'closed') return undefined;
			return `success ${before.probeSuccesses + 1}, of the ${needed}, left it ${state}`;
		},
	},
	{
		id: 'no-timer-is-left-behind',
		statement:
			'there is one timer in a cooldown and one for each probe that is out, no other, and none is set for 2^31 ms or more',
		check: ({ expected, timers, timersBefore, state, now }) => {
			const tooLong = timers.find((timer) => !timersBefore.includes(timer) && timer.at - now > LONGEST_DELAY_MS);
			if (tooLong !== undefined)
				return `a timer was set for ${durationWords(tooLong.at - now)}, and would go off at once`;
			const { ghost } = expected;
			if (state !== ghost.state) return undefined;
			const wanted = isCooling(ghost) ? 1 : ghost.probes.length;
			if (timers.length > wanted)
				return `${timers.length === 1 ? 'a timer is' : `${timers.length} timers are`} set in ${state}, where ${wanted === 0 ? 'none' : wanted} can be`;
			return timers.length < wanted && isCooling(ghost) ? `no timer ends ${state}` : undefined;
		},
	},
	{
		id: 'operator-is-obeyed',
		statement:
			'an operator’s action takes effect in every state: a trip opens it for at least as long as they said, a reset closes it, a probe ends its cooldown',
		check: ({ event, stateBefore, state, timers, now }) => {
			if (event.type === 'operator.reset') {
				return state === 'closed' ? undefined : `an operator’s reset left it ${state}`;
			}
			if (event.type === 'operator.probed') {
				const wasCooling = stateBefore === 'open' || stateBefore === 'quota-cooldown';
				return wasCooling && state !== 'half-open' ? `an operator’s probe left it ${state}` : undefined;
			}
			if (event.type !== 'operator.tripped') return undefined;
			if (state !== 'open') return `an operator’s trip left it ${state}`;
			const until = now + Math.min(event.forMs, LONGEST_TIMER_MS);
			const first = timers[0];
			if (first === undefined || first.at >= until) return undefined;
			return `an operator’s trip for ${durationWords(event.forMs)} lasts ${durationWords(first.at - now)}`;
		},
	},
];
