import { enqueueActions } from 'xstate';
import type { ProviderEvent } from '../../../../machines/events.ts';
import { mayCarryOn } from '../../../../machines/request/continuation.ts';
import { mayRetryHere, nextTarget, retryWait } from '../../../../machines/request/failover.ts';
import { requestMachine } from '../../../../machines/request/machine.ts';
import { currentCandidate, lastFailed } from '../../../../machines/request/progress.ts';
import {
	answerBroke,
	attemptFailed,
	carriedOn,
	completed,
	denied,
	ended,
	granted,
	grantedToCarryOn,
	joined,
	movedOn,
	movedToSoonest,
	settled,
	waited,
} from '../../../../machines/request/progress-updates.ts';
import { acting, guarding, type Mutant, noting } from './mutant.ts';
import { chainOf, rewired, routeOver } from './route.ts';

const trySoonest = routeOver(chainOf(2), { policy: { whenAllDenied: 'try-soonest' } });

export const mutants: readonly Mutant[] = [
	{
		name: 'hears no settlement',
		breaks: 'always-ends',
		machine: rewired(({ states }) => {
			if (states.settling !== undefined) states.settling.on = {};
		}),
	},
	{
		name: 'asks the target that denied again',
		breaks: 'always-ends',
		machine: noting('moveOn', (progress) => {
			const after = movedOn(progress);
			return progress.trace.at(-1)?.did === 'deny' ? { ...after, position: progress.position } : after;
		}),
	},
	{
		name: 'goes back to the top from the third target',
		breaks: 'request-goes-down',
		machine: noting('moveOn', (progress) => {
			const after = movedOn(progress);
			return after.position < 2 ? after : { ...after, position: 0 };
		}),
		route: routeOver(chainOf(3)),
	},
	{
		name: 'does not count its retries',
		breaks: 'attempts-within-policy',
		machine: noting('noteWait', (progress) => ({ ...waited(progress), retries: 0 })),
	},
	{
		name: 'does not count its continuations',
		breaks: 'continuations-within-policy',
		machine: noting<'attempt.answering'>('noteSeam', (progress, event) => ({
			...joined(progress, event),
			continuations: 0,
		})),
	},
	{
		name: 'forgets who was asked to carry on',
		breaks: 'continuations-within-policy',
		machine: noting('carryOn', (progress) => ({ ...carriedOn(progress), asked: [] })),
	},
	{
		name: 'carries on after whatever broke the answer',
		breaks: 'continuations-within-policy',
		machine: guarding('mayCarryOn', (progress) => {
			const failed = lastFailed(progress);
			return mayCarryOn({ ...progress, failed: { ...failed, failure: { ...failed.failure, category: 'TIMEOUT' } } });
		}),
	},
	{
		name: 'forgets that it has hopped to another provider, and goes on',
		breaks: 'one-hop-only',
		machine: noting('moveOn', (progress) => ({ ...movedOn(progress), hop: undefined })),
		route: routeOver(chainOf(3)),
	},
	{
		name: 'tells what the other provider said, not what it had left',
		breaks: 'ending-is-true',
		machine: noting('endRejected', (progress) => ({ ...progress, ending: 'rejected' })),
		route: routeOver(chainOf(3)),
	},
	{
		name: 'keeps the first content of a probe to itself',
		breaks: 'first-content-of-a-probe-is-reported',
		machine: rewired(({ on }) => {
			delete on['probe.answering'];
		}),
	},
	{
		name: 'reports the first content of every attempt',
		breaks: 'first-content-of-a-probe-is-reported',
		machine: requestMachine.provide({ guards: { holdsProbe: () => true } }),
	},
	{
		name: 'keeps a stale connection to itself',
		breaks: 'trace-is-true',
		machine: rewired(({ on }) => {
			delete on['attempt.reconnected'];
		}),
	},
	{
		name: 'waits ten times as long',
		breaks: 'waits-within-policy',
		machine: requestMachine.provide({
			delays: { backoff: ({ context: { progress } }) => 10 * retryWait(progress) },
		}),
	},
	{
		name: 'waits at a door that will be closed',
		breaks: 'waits-within-policy',
		machine: guarding('mayRetryHere', (progress) => mayRetryHere(progress, progress.now)),
	},
	{
		name: 'attempts what denied',
		breaks: 'attempts-only-with-permit',
		machine: rewired(({ states }) => {
			if (states.asking !== undefined)
				states.asking.on['permit.denied'] = { target: 'attempting', actions: 'noteDenial' };
		}),
	},
	{
		name: 'attempts the target below the one that granted',
		breaks: 'attempts-only-with-permit',
		machine: noting<'permit.granted'>('noteGrant', (progress, event) => ({
			...granted(progress, event),
			position: (progress.position + 1) % progress.candidates.length,
		})),
	},
	{
		name: 'takes a rejected key for an error of the network',
		breaks: 'fail-fast-stays',
		machine: noting<'attempt.settled'>('noteSettled', (progress, event) => {
			const after = settled(progress, event);
			const failed = lastFailed(progress);
			if (failed.failure.category !== 'AUTH_ERROR') return after;
			return { ...after, failed: { ...failed, failure: { category: 'NETWORK_ERROR' } } };
		}),
	},
	{
		name: 'forgets the failure when the next target denies',
		breaks: 'fail-fast-stays',
		machine: noting<'permit.denied'>('noteDenial', (progress, event) =>
			denied({ ...progress, failed: undefined }, event),
		),
		route: routeOver([{ target: 'a/m', credentials: 2 }, 'b/m'], {
			policy: { onError: { AUTH_ERROR: { retries: 0, then: ['credential'] } } },
		}),
	},
	{
		name: 'forgets which credentials are spent',
		breaks: 'spent-credential-left-alone',
		machine: noting<'attempt.broke'>('noteFailure', (progress, event) => ({
			...attemptFailed(progress, event),
			spent: [],
		})),
		route: routeOver(['a/m', 'a/n', 'b/m']),
	},
	{
		name: 'gives up after a failure',
		breaks: 'no-target-passed-over',
		machine: guarding(
			'hasNextTarget',
			(progress) => nextTarget(progress) !== undefined && progress.failed === undefined,
		),
	},
	{
		name: 'skips a target',
		breaks: 'no-target-passed-over',
		machine: noting('moveOn', (progress) => {
			const after = movedOn(progress);
			return after.position === 1 ? { ...after, position: 2 } : after;
		}),
		route: routeOver(chainOf(3)),
	},
	{
		name: 'asks early though the policy says fail',
		breaks: 'early-asks-are-earned',
		machine: noting<'permit.denied'>('noteDenial', (progress, event) =>
			denied({ ...progress, policy: { ...progress.policy, whenAllDenied: 'try-soonest' } }, event),
		),
		route: routeOver(chainOf(2), { policy: { whenAllDenied: 'fail' } }),
	},
	{
		name: 'asks the latest target first when it asks early',
		breaks: 'early-asks-are-earned',
		machine: noting('moveToSoonest', (progress) => {
			const after = movedToSoonest(progress);
			const [first = 0, second = 0] = [progress.retryAts[0], progress.retryAts[1]];
			return progress.trace.length === 2 ? { ...after, position: first > second ? 0 : 1 } : after;
		}),
		route: trySoonest,
	},
	{
		name: 'gives up when all denied',
		breaks: 'early-asks-are-earned',
		machine: noting<'permit.denied'>('noteDenial', (progress, event) =>
			denied({ ...progress, policy: { ...progress.policy, whenAllDenied: 'fail' } }, event),
		),
		route: trySoonest,
	},
	{
		name: 'starts a broken answer over',
		breaks: 'no-second-start',
		machine: noting<'permit.granted'>('noteGrantToCarryOn', (progress, event) => granted(progress, event)),
	},
	{
		name: 'asks everybody with a prefill',
		breaks: 'ways-fit',
		machine: noting<'permit.granted'>('noteGrantToCarryOn', (progress, event) => ({
			...grantedToCarryOn(progress, event),
			way: 'prefill',
		})),
	},
	{
		name: 'does not tell the caller of its failure',
		breaks: 'one-ending',
		machine: rewired(({ states }) => {
			if (states.failed !== undefined) delete states.failed.entry;
		}),
	},
	{
		name: 'finishes an answer twice',
		breaks: 'one-ending',
		machine: rewired(({ states }) => {
			if (states.done !== undefined) states.done.entry = ['finishAnswer', 'finishAnswer'];
		}),
	},
	{
		name: 'takes a broken answer for a whole one',
		breaks: 'one-ending',
		machine: acting('attempting', 'attempt.broke', 'done', ['stopAttempt', 'reportFailedTry', 'noteFailure']),
	},
	{
		name: 'does not commit',
		breaks: 'one-ending',
		machine: rewired(({ states }) => {
			if (states.committed !== undefined) delete states.committed.entry;
		}),
	},
	{
		name: 'commits anew with each continuation',
		breaks: 'one-ending',
		machine: acting('committed.attempting', 'attempt.answering', 'streaming', ['noteSeam', 'commitAnswer']),
	},
	{
		name: 'reports to a client that left',
		breaks: 'one-ending',
		machine: rewired(({ on }) => {
			on['client.left'] = { target: '.failed', actions: ['abandonAttempt', 'noteDeparture'] };
		}),
	},
	{
		name: 'keeps its permit when the client leaves',
		breaks: 'permits-settled-once',
		machine: rewired(({ on }) => {
			on['client.left'] = { target: '.aborted', actions: ['stopAttempt', 'noteDeparture'] };
		}),
	},
	{
		name: 'settles a permit twice',
		breaks: 'permits-settled-once',
		machine: acting('attempting', 'attempt.completed', 'done', [
			'stopAttempt',
			'reportSuccess',
			'reportSuccess',
			'noteSuccess',
		]),
	},
	{
		name: 'gives a permit back instead of reporting its success',
		breaks: 'permits-settled-once',
		machine: acting('attempting', 'attempt.completed', 'done', ['abandonAttempt', 'noteSuccess']),
	},
	...(
		[
			['attempting', 'attempt.broke', 'settling', ['reportFailedTry', 'noteFailure']],
			['attempting', 'attempt.completed', 'done', ['reportSuccess', 'noteSuccess']],
			['committed.streaming', 'attempt.broke', 'settling', ['reportLastTry', 'noteBreak']],
			['committed.streaming', 'attempt.completed', '#request.done', ['reportSuccess', 'noteSuccess']],
			['committed.attempting', 'attempt.broke', 'settling', ['reportLastTry', 'noteFailure']],
			['committed.attempting', 'attempt.completed', '#request.done', ['reportSuccess', 'noteSuccess']],
		] as const
	).map(
		([state, event, target, actions]): Mutant => ({
			name: `lets an attempt run on at ${event} in ${state}`,
			breaks: 'attempts-are-stopped',
			machine: acting(state, event, target, actions),
		}),
	),
	{
		name: 'lets an attempt run on that nobody waits for any more',
		breaks: 'attempts-are-stopped',
		machine: requestMachine.provide({
			actions: {
				abandonAttempt: enqueueActions(({ context: { progress }, event, enqueue }) => {
					const { permit, now } = { ...progress, ...event };
					const told: ProviderEvent | undefined = permit && { type: 'attempt.abandoned', permit, now };
					if (told !== undefined) enqueue.sendTo(currentCandidate(progress).actor, told);
				}),
			},
		}),
	},
	{
		name: 'forgets when the others would grant',
		breaks: 'retry-after-is-true',
		machine: noting<'permit.denied'>('noteDenial', (progress, event) => denied({ ...progress, retryAts: {} }, event)),
	},
	{
		name: 'does not hear how long a failed provider stays closed',
		breaks: 'retry-after-is-true',
		machine: noting<'attempt.settled'>('noteSettled', (progress, event) => ({
			...settled(progress, event),
			retryAts: {},
		})),
		route: routeOver(chainOf(1)),
	},
	{
		name: 'does not write its success into the trace',
		breaks: 'trace-is-true',
		machine: noting<'attempt.completed'>('noteSuccess', (progress, event) => ({
			...completed(progress, event),
			trace: progress.trace,
		})),
	},
	{
		name: 'tells providers the time before its wait',
		breaks: 'trace-is-true',
		machine: noting('noteWait', (progress) => ({ ...waited(progress), now: progress.now })),
	},
	{
		name: 'forgets that the prompt was too long',
		breaks: 'long-prompt-goes-to-larger-window',
		machine: noting<'attempt.broke'>('noteFailure', (progress, event) => ({
			...attemptFailed(progress, event),
			tooSmallWindow: 0,
		})),
		route: routeOver(
			[
				{ target: 'a/m', contextWindow: 8_000 },
				{ target: 'b/m', contextWindow: 4_000 },
			],
			{ policy: { onError: { 'BAD_REQUEST.context_length': { retries: 0, then: ['next'] } } } },
		),
	},
	{
		name: 'carries on what cannot be carried on',
		breaks: 'continuations-within-policy',
		machine: noting<'attempt.broke'>('noteBreak', (progress, event) => ({
			...answerBroke(progress, event),
			isContinuable: true,
		})),
	},
	{
		name: 'asks from further back at once',
		breaks: 'ways-fit',
		machine: noting('carryOn', (progress) => ({ ...carriedOn(progress), isRewinding: true })),
	},
	{
		name: 'calls the end of the chain a rejection',
		breaks: 'ending-is-true',
		machine: noting('endExhausted', (progress) => ended(progress, 'rejected')),
	},
	{
		name: 'writes no wait into the trace',
		breaks: 'trace-is-true',
		machine: noting('noteWait', (progress) => ({ ...waited(progress), trace: progress.trace })),
	},
	{
		name: 'forgets that others share an empty account',
		breaks: 'retry-after-is-true',
		machine: noting<'attempt.settled'>('noteSettled', (progress, event) => {
			const after = settled(progress, event);
			return {
				...after,
				retryAts: { ...progress.retryAts, [progress.position]: after.retryAts[progress.position] ?? 0 },
			};
		}),
		route: routeOver(['a/m', 'a/n']),
	},
	{
		name: 'throws when it asks from further back',
		breaks: 'never-throws',
		machine: noting<'permit.granted'>('noteGrantToCarryOn', (progress, event) => {
			if (progress.isRewinding) throw new Error('it does not know how');
			return grantedToCarryOn(progress, event);
		}),
	},
];
