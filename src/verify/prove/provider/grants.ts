import { durationWords } from '../../../values/time-text.ts';
import { failureWords } from '../failure-samples.ts';
import { isBeyondBudget, isGuess, rampAt, roomAt } from './ghost.ts';
import { effectUnder } from './meaning.ts';
import type { Property } from './seen.ts';

/** Who is granted a permit, and who is not. */
export const grantProperties: readonly Property[] = [
	{
		id: 'only-closed-and-half-open-grant',
		statement: 'only closed and half-open grant permits, and half-open only for probes',
		check: ({ state, replies }) => {
			for (const reply of replies) {
				if (reply.type !== 'permit.granted') continue;
				const { probe } = reply.permit;
				if (state === 'closed' && !probe) continue;
				if (state === 'half-open' && probe) continue;
				return `a permit was granted ${probe ? 'as a probe ' : ''}in ${state}`;
			}
			return undefined;
		},
	},
	{
		id: 'unavailable-model-is-not-granted',
		statement: 'an unavailable model is not granted, while its provider and its other models are not affected',
		check: ({ policy, event, before, now, replies, stateBefore, state, expected }) => {
			if (event.type === 'permit.requested') {
				const isUnavailable = (before.unavailable[event.model] ?? 0) > now;
				const isGranted = replies.some(({ type }) => type === 'permit.granted');
				if (isUnavailable && isGranted) return `model ${event.model} was granted while it is unavailable`;
				const isBlamed = replies.some((reply) => reply.type === 'permit.denied' && reply.reason === 'model');
				if (isBlamed && !isUnavailable) return `model ${event.model} was denied as unavailable, which it is not`;
				return undefined;
			}
			if (event.type !== 'attempt.failed' || effectUnder(policy, event.failure) !== 'model') return undefined;
			if (state === stateBefore) return undefined;
			return state === expected.ghost.state
				? undefined
				: `${failureWords(event.failure)}, which concerns one model, moved the provider from ${stateBefore} to ${state}`;
		},
	},
	{
		id: 'probes-are-limited',
		statement: 'half-open never has more probes out than `breaker.probes`',
		check: ({ policy, event, before, replies, stateBefore }) => {
			if (event.type !== 'permit.requested' || stateBefore !== 'half-open') return undefined;
			if (before.probes.length < policy.breaker.probes) return undefined;
			if (!replies.some(({ type }) => type === 'permit.granted')) return undefined;
			return `a probe was granted with ${before.probes.length} of ${policy.breaker.probes} out`;
		},
	},
	{
		id: 'attempts-are-limited',
		statement:
			'never more permits are out than `limits.concurrent`; a denial for a limit, and for nothing else, says so, and for this one names the present as the time to come again',
		check: ({ event, before, limits, now, replies }) => {
			if (event.type !== 'permit.requested') return undefined;
			const { concurrent } = limits;
			const isFull = before.permits.length >= concurrent;
			const at = roomAt(before, limits, event.tokens, now);
			for (const reply of replies) {
				if (reply.type === 'permit.granted' && isFull)
					return `a permit was granted with ${before.permits.length} of ${concurrent} out`;
				if (reply.type !== 'permit.denied' || reply.reason !== 'limit') continue;
				if (!isFull && at === now)
					return `a permit was denied for the limit with ${before.permits.length} of ${concurrent} out`;
				if (at === now && reply.retryAt !== now) return 'a denial for the limit names another time than the present';
			}
			return undefined;
		},
	},
	{
		id: 'rates-are-kept',
		statement:
			'in no minute more requests are granted than `limits.requestsPerMinute`, nor more tokens than `limits.tokensPerMinute`, as estimated or as used',
		check: ({ event, before, limits: { rates = {} }, now, replies }) => {
			if (event.type !== 'permit.requested' || !replies.some(({ type }) => type === 'permit.granted')) return undefined;
			const { requestsPerMinute = Number.POSITIVE_INFINITY, tokensPerMinute = Number.POSITIVE_INFINITY } = rates;
			const minute = before.grants.filter(({ at }) => at + 60_000 > now);
			const tokens = minute.reduce((sum, grant) => sum + grant.tokens, event.tokens);
			if (minute.length >= requestsPerMinute) return `request ${minute.length + 1} of a minute was granted`;
			if (tokens <= tokensPerMinute) return undefined;
			return `${tokens} tokens were granted in a minute that may have ${tokensPerMinute}`;
		},
	},
	{
		id: 'limits-deny-what-has-no-room',
		statement:
			'a limit per minute denies only what has no room, and all while the provider says that nothing is left; for good only what is larger than the whole limit; it grants again at the `retryAt` that it named, when nothing else is granted until then',
		check: ({ event, before, limits, now, replies }) => {
			if (event.type !== 'permit.requested' || limits.rates === undefined) return undefined;
			const denial = replies.find((reply) => reply.type === 'permit.denied');
			if (denial === undefined) {
				const isEmpty = before.nothingLeftUntil > now;
				return isEmpty ? 'a request was granted while the provider says that nothing is left' : undefined;
			}
			const at = roomAt(before, limits, event.tokens, now);
			const isFull = before.permits.length >= limits.concurrent;
			if (denial.reason === 'beyond-limit' && Number.isFinite(at))
				return 'a request that fits in the end was denied for good';
			if (denial.reason !== 'limit') return undefined;
			if (at <= now && !isFull) return 'a request was denied by a limit that has room for it';
			if (isFull || denial.retryAt === at) return undefined;
			return `retryAt says ${durationWords(denial.retryAt - now)} from now, and there is room ${durationWords(at - now)} from now`;
		},
	},
	{
		id: 'retries-keep-to-their-budget',
		statement:
			'in no minute more retries are granted than `retry.budget` allows beside the other attempts, and no retry is denied for it while it allows one more',
		check: ({ event, before, limits, now, replies }) => {
			if (event.type !== 'permit.requested') return undefined;
			const isBeyond = event.isRetry === true && isBeyondBudget(before, limits, now);
			for (const reply of replies) {
				if (reply.type === 'permit.granted' && isBeyond) return 'a retry was granted beyond the budget';
				if (reply.type === 'permit.denied' && reply.reason === 'retry-budget' && !isBeyond)
					return 'a permit was denied for the retry budget, which allows it';
			}
			return undefined;
		},
	},
	{
		id: 'a-ramp-grants-its-share',
		statement:
			'for `breaker.ramp` after a recovery one permit is granted at a time, and beside it no more than the growing share of what is asked; nothing is denied for it while the share allows it, or later',
		check: ({ policy, event, before, now, replies }) => {
			if (event.type !== 'permit.requested') return undefined;
			const ramp = rampAt(policy, before, now);
			for (const reply of replies) {
				if (reply.type === 'permit.granted' && ramp?.isBeyond === true)
					return 'more was granted than the share of the ramp';
				if (reply.type === 'permit.denied' && reply.reason === 'ramp' && ramp?.isBeyond !== true)
					return 'a permit was denied for the ramp, which allows it';
			}
			return undefined;
		},
	},
	{
		id: 'half-open-grants-a-probe',
		statement:
			'half-open grants a probe whenever fewer than `breaker.probes` are out, and so does a cooldown that is over or that an early probe may cut short',
		check: ({ event, expected, replies, stateBefore }) => {
			if (event.type !== 'permit.requested' || stateBefore === 'closed') return undefined;
			const { reply } = expected;
			if (reply === undefined || !('granted' in reply) || !reply.granted) return undefined;
			const denial = replies.find(({ type }) => type === 'permit.denied');
			return denial === undefined
				? undefined
				: `a probe was denied in ${stateBefore}, though nothing stands against it`;
		},
	},
	{
		id: 'closed-grants',
		statement: 'closed grants every model that is not unavailable',
		check: ({ event, expected, replies, stateBefore }) => {
			if (event.type !== 'permit.requested' || stateBefore !== 'closed') return undefined;
			const { reply } = expected;
			if (reply === undefined || !('granted' in reply) || !reply.granted) return undefined;
			const isDenied = replies.some(({ type }) => type === 'permit.denied');
			return isDenied ? `model ${event.model} was denied in closed, though nothing stands against it` : undefined;
		},
	},
	{
		id: 'no-grant-before-the-deadline',
		statement:
			'nothing is granted before the deadline that was named; an early probe cuts short only a cooldown after failures, never one that the provider asked for, a rejected key, an empty account or a trip by an operator, and none while an alarm is open',
		check: ({ event, before, now, stateBefore, state, replies }) => {
			if (stateBefore !== 'open' && stateBefore !== 'quota-cooldown') return undefined;
			if (event.type === 'timer') {
				const isEarly = state !== stateBefore && now < before.timerAt;
				return isEarly ? `its timer ended the cooldown ${durationWords(before.timerAt - now)} too soon` : undefined;
			}
			if (event.type !== 'permit.requested' || now >= before.deadline) return undefined;
			if (!replies.some(({ type }) => type === 'permit.granted')) return undefined;
			if (event.early && isGuess(before, now)) return undefined;
			const named = event.early && before.notBefore > now ? before.notBefore : before.deadline;
			const granted = `a permit was granted ${durationWords(named - now)} before the time that was named`;
			return before.alarmed.length === 0 ? granted : `${granted}, and a person has been called for`;
		},
	},
	{
		id: 'permit-tells-what-is-known',
		statement:
			'a permit is for the attempt and the model that were asked for, and says whether that model refused a prefill',
		check: ({ event, replies, before }) => {
			if (event.type !== 'permit.requested') return undefined;
			for (const reply of replies) {
				if (reply.type !== 'permit.granted') continue;
				const { id, model, refusesPrefill } = reply.permit;
				if (id !== event.id || model !== event.model)
					return 'a permit was granted for something that was not asked for';
				if (refusesPrefill !== before.refusesPrefill.includes(model)) {
					return `the permit says that model ${model} ${refusesPrefill ? 'refuses' : 'takes'} a prefill`;
				}
			}
			return undefined;
		},
	},
];
