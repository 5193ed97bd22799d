import { durationWords } from '../../../values/time-text.ts';
import type { Expectation } from './ghost.ts';
import { ACTOR_ID } from './samples.ts';
import { happeningWords, type Property } from './seen.ts';

/** What it tells: requests, and people. */
export const answerProperties: readonly Property[] = [
	{
		id: 'one-alarm-an-incident',
		statement:
			'a rejected credential, an exhausted quota and an unavailable model each raise one alarm an incident; a reason of any category that the policy maps to `model` raises that of a model',
		check: ({ event, expected, alarms }) => {
			const raised = alarms.map(({ alarm }) => alarm).join(', ');
			if (raised === (expected.alarm ?? '')) return undefined;
			const wanted = expected.alarm === undefined ? 'none' : `one, ${expected.alarm}`;
			return `${happeningWords(event)} raised ${raised === '' ? 'no alarm' : `alarm ${raised}`}; it had to be ${wanted}`;
		},
	},
	{
		id: 'answered-exactly-once',
		statement: 'every request for a permit and every failure is answered exactly once, and nothing else is',
		check: ({ event, replies, strays }) => {
			if (strays.length > 0) return `${happeningWords(event)} was answered to somebody else`;
			const answers = replies.map(({ type }) => type).join(', ');
			if (event.type === 'permit.requested') {
				const isRight = answers === 'permit.granted' || answers === 'permit.denied';
				return isRight ? undefined : `a request for a permit was answered with ${answers || 'nothing'}`;
			}
			if (event.type === 'attempt.failed') {
				return answers === 'attempt.settled' ? undefined : `a failure was answered with ${answers || 'nothing'}`;
			}
			return answers === '' ? undefined : `${happeningWords(event)} was answered with ${answers}`;
		},
	},
	{
		id: 'retry-at-is-true',
		statement:
			'`retryAt` of a denial and of a settled failure is exactly when a grant is possible next, or now where that depends on probes that are out, and never in the past',
		check: ({ expected, replies, now, state, isLate }) => {
			for (const reply of replies) {
				if (reply.type === 'permit.granted') continue;
				const wanted = retryAtOf(expected);
				if (reply.retryAt < now) return `retryAt is ${durationWords(now - reply.retryAt)} in the past`;
				// Where the state is another one than it had to be, that is what is wrong, not the time.
				if (wanted === undefined || state !== expected.ghost.state || reply.retryAt === wanted) continue;
				const told = durationWords(reply.retryAt - now);
				return `retryAt says ${told} from now, and a grant is possible ${durationWords(wanted - now)} from now${isLate ? ' (the result was late)' : ''}`;
			}
			return undefined;
		},
	},
	{
		id: 'denial-tells-why',
		statement: 'a denial names the state that the provider is in, and the reason for the wait',
		check: ({ expected, replies, state }) => {
			const { reply } = expected;
			const denial = replies.find((answer) => answer.type === 'permit.denied');
			if (denial === undefined) return undefined;
			if (denial.state !== state) return `the denial says ${denial.state}, and the provider is ${state}`;
			if (reply === undefined || !('granted' in reply) || reply.granted || reply.reason === denial.reason)
				return undefined;
			return `the denial says ${denial.reason}, and the wait is for ${reply.reason ?? 'nothing'}`;
		},
	},
];

/** It decides what the next failure of the request is told as. */
export const countedProperty: Property = {
	id: 'counted-is-told',
	statement: 'every failure is answered with whether the request has had its one failure that counts',
	check: ({ event, expected: { reply }, replies }) => {
		const settled = replies.find((answer) => answer.type === 'attempt.settled');
		if (settled === undefined || reply === undefined || !('settled' in reply)) return undefined;
		const counts = settled.counted.includes(ACTOR_ID);
		if (counts === reply.counted) return undefined;
		return `${happeningWords(event)} is answered as one that ${counts ? 'counts' : 'does not count'}`;
	},
};

function retryAtOf({ reply }: Expectation): number | undefined {
	if (reply === undefined) return undefined;
	if ('settled' in reply) return reply.settled;
	return reply.granted ? undefined : reply.retryAt;
}
