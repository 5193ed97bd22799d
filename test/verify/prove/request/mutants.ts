import { assign, type EventObject } from 'xstate';
import type { RequestEvent } from '../../../../machines/events.ts';
import { requestMachine } from '../../../../machines/request/machine.ts';
import type { Progress } from '../../../../machines/request/progress.ts';
import {
	answering,
	broken,
	completed,
	denied,
	granted,
	movedOn,
	ranOutOfTime,
	settled,
	waited,
} from '../../../../machines/request/updates.ts';
import type { RequestProperty } from '../../../../src/verify/prove/request/properties.ts';
import type { RouteToCheck } from '../../../../src/verify/prove/request/route.ts';
import { chainOf, rewired, routeOver } from './route.ts';

export type Event<T extends RequestEvent['type']> = Extract<RequestEvent, { type: T }>;

/** A machine that is broken in one way, and the property that this breaks. */
export interface Mutant {
	name: string;
	breaks: RequestProperty;
	machine: typeof requestMachine;
	route?: RouteToCheck;
}

/** An action that changes the trace in another way than the machine's own. */
export function noting<T extends RequestEvent['type']>(
	name: string,
	change: (progress: Progress, event: Event<T>) => Progress,
) {
	const action = assign(({ context, event }: { context: { progress: Progress }; event: EventObject }) => ({
		progress: change(context.progress, event as Event<T>),
	}));
	return requestMachine.provide({ actions: { [name]: action } as never });
}

const twoCandidates = routeOver(chainOf(2));
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
		machine: noting<'permit.denied'>('noteDenial', (progress, event) => {
			const after = denied(progress, event);
			return { ...after, decision: { go: 'ask', position: progress.position, early: false } };
		}),
	},
	{
		name: 'goes back to the top from the third target',
		breaks: 'request-goes-down',
		machine: noting('moveOn', (progress) => {
			const after = movedOn(progress);
			return after.committed || after.position < 2 ? after : { ...after, position: 0 };
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
		machine: noting<'attempt.answering'>('noteCommit', (progress, event) => ({
			...answering(progress, event),
			continuations: 0,
		})),
	},
	{
		name: 'forgets who was asked to carry on',
		breaks: 'continuations-within-policy',
		machine: noting('moveOn', (progress) => ({ ...movedOn(progress), asked: [] })),
	},
	{
		name: 'carries on after whatever broke the answer',
		breaks: 'continuations-within-policy',
		machine: noting<'attempt.settled'>('noteSettled', (progress, event) => {
			const failure = progress.failure && { ...progress.failure, category: 'TIMEOUT' as const };
			return progress.isAnswering ? settled({ ...progress, failure }, event) : settled(progress, event);
		}),
	},
	{
		name: 'has no deadline',
		breaks: 'ends-by-deadline',
		machine: rewired(({ on }) => {
			delete on['deadline.passed'];
		}),
	},
	{
		name: 'waits ten times as long',
		breaks: 'waits-within-policy',
		machine: requestMachine.provide({
			delays: {
				backoff: ({ context: { progress } }) => (progress.decision.go === 'retry' ? 10 * progress.decision.waitMs : 0),
			},
		}),
	},
	{
		name: 'waits at a door that will be closed',
		breaks: 'waits-within-policy',
		machine: noting<'attempt.settled'>('noteSettled', (progress, event) => {
			const after = settled({ ...progress, retryAts: {} }, { ...event, retryAt: progress.now });
			return { ...after, retryAts: settled(progress, event).retryAts };
		}),
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
			if (progress.failure?.category !== 'AUTH_ERROR') return settled(progress, event);
			return settled({ ...progress, failure: { category: 'NETWORK_ERROR' }, retries: 99 }, event);
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
		machine: noting<'attempt.broke'>('noteBreak', (progress, event) => ({ ...broken(progress, event), spent: [] })),
		route: routeOver(['a/m', 'a/n', 'b/m']),
	},
	{
		name: 'gives up after a failure',
		breaks: 'no-target-passed-over',
		machine: requestMachine.provide({
			guards: {
				shouldAsk: ({ context: { progress } }) => progress.decision.go === 'ask' && progress.failed === undefined,
			},
		}),
	},
	{
		name: 'skips a target',
		breaks: 'no-target-passed-over',
		machine: noting('moveOn', (progress) => {
			const after = movedOn(progress);
			return after.position === 1 && !after.committed ? { ...after, position: 2 } : after;
		}),
		route: routeOver(chainOf(3)),
	},
	{
		name: 'asks early though the policy says fail',
		breaks: 'early-asks-are-earned',
		machine: noting<'permit.denied'>('noteDenial', (progress, event) =>
			denied({ ...progress, policy: { ...progress.policy, whenAllDenied: 'try-soonest' } }, event),
		),
	},
	{
		name: 'asks the latest target first when it asks early',
		breaks: 'early-asks-are-earned',
		machine: noting('moveOn', (progress) => {
			const after = movedOn(progress);
			const [first = 0, second = 0] = [progress.retryAts[0], progress.retryAts[1]];
			return after.early && progress.trace.length === 2 ? { ...after, position: first > second ? 0 : 1 } : after;
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
		machine: noting<'permit.granted'>('noteGrant', (progress, event) => ({
			...granted(progress, event),
			way: 'fresh',
		})),
	},
	{
		name: 'asks everybody with a prefill',
		breaks: 'ways-fit',
		machine: noting<'permit.granted'>('noteGrant', (progress, event) => {
			const after = granted(progress, event);
			return after.committed ? { ...after, way: 'prefill' } : after;
		}),
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
		machine: rewired(({ states }) => {
			if (states.attempting === undefined) return;
			states.attempting.on['attempt.broke'] = { target: 'done', actions: ['reportBreak', 'noteBreak'] };
		}),
	},
	{
		name: 'does not commit',
		breaks: 'one-ending',
		machine: rewired(({ states }) => {
			if (states.attempting !== undefined) states.attempting.states.streaming = {};
		}),
	},
	{
		name: 'reports to a client that left',
		breaks: 'one-ending',
		machine: rewired(({ on }) => {
			on['client.left'] = { target: '.failed', actions: ['returnPermit', 'noteDeparture'] };
		}),
	},
	{
		name: 'calls an interruption a deadline',
		breaks: 'ending-is-true',
		machine: noting<'deadline.passed'>('noteDeadline', (progress, event) =>
			ranOutOfTime({ ...progress, committed: false }, event),
		),
	},
	{
		name: 'keeps its permit when the client leaves',
		breaks: 'permits-settled-once',
		machine: rewired(({ on }) => {
			on['client.left'] = { target: '.aborted', actions: 'noteDeparture' };
		}),
	},
	{
		name: 'settles a permit twice',
		breaks: 'permits-settled-once',
		machine: rewired(({ states }) => {
			if (states.attempting === undefined) return;
			const actions = ['reportSuccess', 'reportSuccess', 'noteSuccess'];
			states.attempting.on['attempt.completed'] = { target: 'done', actions };
		}),
	},
	{
		name: 'gives a permit back instead of reporting its success',
		breaks: 'permits-settled-once',
		machine: rewired(({ states }) => {
			if (states.attempting === undefined) return;
			const actions = ['returnPermit', 'noteSuccess'];
			states.attempting.on['attempt.completed'] = { target: 'done', actions };
		}),
	},
	{
		name: 'lets its attempts run on',
		breaks: 'attempts-are-stopped',
		machine: rewired(({ states }) => {
			if (states.attempting !== undefined) delete states.attempting.exit;
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
		machine: noting<'attempt.broke'>('noteBreak', (progress, event) => ({
			...broken(progress, event),
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
			...broken(progress, event),
			isContinuable: true,
		})),
	},
	{
		name: 'asks from further back at once',
		breaks: 'ways-fit',
		machine: noting('moveOn', (progress) => ({ ...movedOn(progress), isRewinding: true })),
	},
	{
		name: 'calls the end of the chain a rejection',
		breaks: 'ending-is-true',
		machine: noting<'attempt.settled'>('noteSettled', (progress, event) => {
			const after = settled(progress, event);
			const isEnd = after.decision.go === 'end' && after.decision.ending === 'exhausted';
			return isEnd ? { ...after, decision: { go: 'end', ending: 'rejected' } } : after;
		}),
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
		name: 'retries when the time is up',
		breaks: 'waits-within-policy',
		machine: noting<'attempt.settled'>('noteSettled', (progress, event) => {
			const after = settled({ ...progress, deadlineAt: Number.MAX_SAFE_INTEGER }, event);
			return { ...after, deadlineAt: progress.deadlineAt };
		}),
		route: routeOver(chainOf(2), { policy: { timeouts: { request: 700 } } }),
	},
	{
		name: 'throws when it asks from further back',
		breaks: 'never-throws',
		machine: noting<'permit.granted'>('noteGrant', (progress, event) => {
			if (progress.isRewinding) throw new Error('it does not know how');
			return granted(progress, event);
		}),
	},
];

export const routeOf = ({ route = twoCandidates }: Mutant) => route;
