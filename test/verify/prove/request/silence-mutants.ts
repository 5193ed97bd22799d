import { mayRetryHere } from '../../../../machines/request/failover.ts';
import type { Progress } from '../../../../machines/request/progress.ts';
import { fellSilent } from '../../../../machines/request/progress-updates.ts';
import { guarding, type Mutant, noting } from './mutant.ts';
import { type ChartState, chainOf, rewired, routeOver } from './route.ts';

/** The silence of an attempt leads elsewhere than to its settlement. */
function fallingSilent(target: string, actions: readonly string[]) {
	return rewired(({ states }) => {
		if (states.attempting !== undefined) states.attempting.on['attempt.silent'] = { target, actions };
	});
}

function withoutLeftAnswer(transitions: unknown): unknown {
	return (transitions as { guard?: string }[]).filter(({ guard }) => guard !== 'hasLeftAnswer');
}

const three = routeOver(chainOf(3));

/** Machines that are wrong about an answer that says nothing. */
export const silenceMutants: readonly Mutant[] = [
	{
		name: 'tells a failure, although it has left an answer',
		breaks: 'left-answer-is-kept',
		machine: rewired(({ states }) => {
			const choosing = states.choosing as (ChartState & { always: unknown }) | undefined;
			if (choosing !== undefined) choosing.always = withoutLeftAnswer(choosing.always);
		}),
	},
	{
		name: 'forgets at the deadline that it has left an answer',
		breaks: 'left-answer-is-kept',
		machine: rewired(({ on }) => {
			on['deadline.passed'] = withoutLeftAnswer(on['deadline.passed']);
		}),
	},
	{
		name: 'tells the answer that it has left as that of the next target',
		breaks: 'left-answer-is-kept',
		machine: noting('returnToAnswer', (progress: Progress) => progress),
	},
	{
		name: 'asks a silent target again',
		breaks: 'left-answer-is-kept',
		machine: guarding<'attempt.settled'>('mayRetryHere', (progress, { retryAt }) => {
			const failed = progress.failed && { ...progress.failed, isSilent: false };
			return mayRetryHere({ ...progress, failed }, retryAt);
		}),
	},
	{
		name: 'hands silence out at once',
		breaks: 'no-target-passed-over',
		machine: fallingSilent('done', ['stopAttempt', 'reportSilence', 'noteSilence', 'returnToAnswer', 'takeUpAnswer']),
	},
	{
		name: 'takes silence for a failure, and goes down the whole chain',
		breaks: 'one-hop-only',
		machine: noting<'attempt.silent'>('noteSilence', (progress, event) => {
			const after = fellSilent(progress, event);
			return { ...after, failed: after.failed && { ...after.failed, isSilent: false } };
		}),
		route: three,
	},
	{
		name: 'lets a silent attempt run on',
		breaks: 'attempts-are-stopped',
		machine: fallingSilent('settling', ['reportSilence', 'noteSilence']),
	},
	{
		name: 'keeps the permit of a silent attempt',
		breaks: 'permits-settled-once',
		machine: fallingSilent('settling', ['stopAttempt', 'noteSilence']),
	},
];
