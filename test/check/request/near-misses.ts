import { sendTo } from 'xstate';
import { wouldRetry } from '../../../machines/decision.ts';
import type { ProviderEvent } from '../../../machines/events.ts';
import type { Failure } from '../../../machines/failure.ts';
import {
	begin,
	broken,
	completed,
	denied,
	granted,
	heldPermit,
	movedOn,
	ranOutOfTime,
	settled,
	waited,
} from '../../../machines/progress.ts';
import { requestMachine } from '../../../machines/request.ts';
import { currentRung, type Step, type Walk } from '../../../machines/walk.ts';
import { policyWith } from '../../helpers/policy.ts';
import { type Event, type Mutant, noting } from './mutants.ts';
import { beginning, chainOf, routeOver } from './route.ts';

type Settled = Event<'attempt.settled'>;
type Broke = Event<'attempt.broke'>;

/** No retry after the failures that are meant, although nothing else is wrong. */
function notRetrying(isMeant: (walk: Walk, after: Walk, failure: Failure) => boolean) {
	return noting<Settled['type']>('noteSettled', (walk, event) => {
		const after = settled(walk, event);
		if (after.decision.go !== 'retry' || walk.failure === undefined) return after;
		return isMeant(walk, after, walk.failure) ? settled({ ...walk, retries: 99 }, event) : after;
	});
}

/** Tells providers something else of whether a try was the last. */
function telling(lastTry: (walk: Walk, event: Broke) => boolean) {
	const reportBreak = sendTo(
		({ context }: { context: { walk: Walk } }) => currentRung(context.walk).actor,
		({ context: { walk }, event, self }): ProviderEvent => {
			const { failure, now, random } = event as unknown as Broke;
			const permit = heldPermit(walk);
			const replyTo = self as never;
			return { type: 'attempt.failed', permit, failure, now, random, lastTry: lastTry(walk, event as never), replyTo };
		},
	);
	return requestMachine.provide({ actions: { reportBreak } as never });
}

/** The last step of the trace, told otherwise. */
function retold(walk: Walk, changes: Partial<Step>): Walk {
	const last = walk.trace.at(-1);
	return last === undefined ? walk : { ...walk, trace: [...walk.trace.slice(0, -1), { ...last, ...changes } as Step] };
}

const isPrefillAnswered = ({ way, isAnswering }: Walk) => way === 'prefill' && !isAnswering;
const prefills = routeOver([{ target: 'a/m', prefill: true }, 'b/m']);
const threeSoonest = routeOver(chainOf(3), { policy: { whenAllDenied: 'try-soonest' } });
const hurried = policyWith({ timeouts: { request: 20_000 } });

/** Machines that are nearly right: each is wrong in one number, one moment or one field. */
export const nearMisses: readonly Mutant[] = [
	{ name: 'never retries', breaks: 'retries-are-made', machine: notRetrying(() => true) },
	{
		name: 'makes one retry too few',
		breaks: 'retries-are-made',
		machine: notRetrying(
			(walk, _after, failure) => !wouldRetry({ ...walk, retries: walk.retries + 1, committed: false }, failure),
		),
	},
	{
		name: 'does not wait for as long as a provider may ask it to',
		breaks: 'retries-are-made',
		machine: notRetrying(
			(walk, _after, { retryAfterMs }) => retryAfterMs === currentRung(walk).policy.retry.maxRetryAfter,
		),
	},
	{
		name: 'never retries after a hint',
		breaks: 'retries-are-made',
		machine: notRetrying((_walk, _after, { retryAfterMs }) => retryAfterMs !== undefined),
	},
	{
		name: 'does not retry at the very moment at which the provider grants',
		breaks: 'retries-are-made',
		machine: notRetrying(({ now }, { retryAts, position, decision }) => {
			return decision.go === 'retry' && retryAts[position] === now + decision.waitMs;
		}),
	},
	{
		name: 'never tells a provider that it was the last try',
		breaks: 'last-try-is-told',
		machine: telling(() => false),
	},
	{
		name: 'always tells a provider that it was the last try',
		breaks: 'last-try-is-told',
		machine: telling(() => true),
	},
	{
		name: 'tells whether it will try again by the time at which it asked',
		breaks: 'last-try-is-told',
		machine: telling((walk, { failure, random }) => !wouldRetry({ ...walk, random }, failure)),
	},
	{
		name: 'gives up on a target that refused a prefill',
		breaks: 'no-rung-passed-over',
		machine: noting<Settled['type']>('noteSettled', (walk, event) => {
			const isRefused = isPrefillAnswered(walk) && walk.failure?.reason === 'prefill';
			return settled(isRefused ? { ...walk, way: 'instruct' } : walk, event);
		}),
		route: prefills,
	},
	{
		name: 'gives up on a target that refused a prefill without a reason',
		breaks: 'no-rung-passed-over',
		machine: noting<Settled['type']>('noteSettled', (walk, event) => {
			const isRefused = isPrefillAnswered(walk) && walk.failure?.reason === undefined;
			return settled(isRefused ? { ...walk, way: 'instruct' } : walk, event);
		}),
		route: prefills,
	},
	{
		name: 'asks from further back at once after a refused prefill',
		breaks: 'ways-fit',
		machine: noting('moveOn', (walk) => {
			const after = movedOn(walk);
			return isPrefillAnswered(walk) && walk.failure?.reason === 'prefill' ? { ...after, isRewinding: true } : after;
		}),
		route: prefills,
	},
	{
		name: 'instructs models that take a prefill',
		breaks: 'ways-fit',
		machine: noting<'permit.granted'>('noteGrant', (walk, event) => {
			const after = granted(walk, event);
			return after.way === 'prefill' ? { ...after, way: 'instruct' } : after;
		}),
		route: prefills,
	},
	{
		name: 'sorts the early round again under itself',
		breaks: 'early-asks-are-earned',
		machine: noting<'permit.denied'>('noteDenial', (walk, event) => {
			const retryAts = { ...walk.retryAts, [walk.position]: event.retryAt };
			return denied(walk.early ? { ...walk, retryAts } : walk, event);
		}),
		route: threeSoonest,
	},
	{
		name: 'only ever lengthens a backoff',
		breaks: 'waits-within-policy',
		machine: noting<Settled['type']>('noteSettled', (walk, event) =>
			settled({ ...walk, random: (1 + walk.random) / 2 }, event),
		),
	},
	{
		name: 'forgets its chance',
		breaks: 'waits-within-policy',
		machine: noting<Broke['type']>('noteBreak', (walk, event) => broken(walk, { ...event, random: walk.random })),
	},
	{
		name: 'comes back at once when a provider names no time',
		breaks: 'waits-within-policy',
		machine: noting<Settled['type']>('noteSettled', (walk, event) => {
			const after = settled(walk, event);
			const isUnsaid = after.decision.go === 'retry' && walk.failure?.retryAfterMs === 0;
			return isUnsaid ? { ...after, decision: { go: 'retry', waitMs: 0 } } : after;
		}),
	},
	{
		name: 'waits until the very deadline',
		breaks: 'waits-within-policy',
		machine: noting<Settled['type']>('noteSettled', (walk, event) => ({
			...settled({ ...walk, deadlineAt: walk.deadlineAt + 1 }, event),
			deadlineAt: walk.deadlineAt,
		})),
	},
	{
		name: 'has the deadline of its first target',
		breaks: 'ends-by-deadline',
		machine: beginning((input) => begin({ ...input, policy: input.rungs[0]?.policy ?? input.policy })),
		route: routeOver([{ target: 'a/m', policy: hurried }, 'b/m']),
	},
	{
		name: 'tells of the time before the deadline when it has passed',
		breaks: 'retry-after-is-true',
		machine: noting<'deadline.passed'>('noteDeadline', (walk, event) => ({
			...ranOutOfTime(walk, event),
			now: walk.now,
		})),
	},
	{
		name: 'tells of the failure before the deadline when it has passed',
		breaks: 'ending-is-true',
		machine: noting<'deadline.passed'>('noteDeadline', (walk, event) => ({
			...ranOutOfTime(walk, event),
			failure: walk.failure,
		})),
	},
	{
		name: 'keeps the seam of the attempt before',
		breaks: 'trace-is-true',
		machine: noting<'permit.granted'>('noteGrant', (walk, event) => ({ ...granted(walk, event), seam: walk.seam })),
	},
	{
		name: 'calls no attempt a probe',
		breaks: 'trace-is-true',
		machine: noting<'attempt.completed'>('noteSuccess', (walk, event) =>
			retold(completed(walk, event), { probe: false }),
		),
	},
	{
		name: 'counts the time of an attempt from its first content',
		breaks: 'trace-is-true',
		machine: noting<'attempt.completed'>('noteSuccess', (walk, event) =>
			retold(completed(walk, event), { ms: event.now - walk.now }),
		),
	},
	...[
		{ at: 1 },
		{ target: 'p9/m' },
		{ credential: 'p9' },
		{ state: 'closed' },
		{ reason: 'model' },
		{ retryAt: 0 },
	].map(
		(changes): Mutant => ({
			name: `tells of a denial with ${JSON.stringify(changes)}`,
			breaks: 'trace-is-true',
			machine: noting<'permit.denied'>('noteDenial', (walk, event) =>
				retold(denied(walk, event), changes as Partial<Step>),
			),
		}),
	),
	...[{ at: 1 }, { target: 'p9/m' }, { credential: 'p9' }, { ms: 1 }].map(
		(changes): Mutant => ({
			name: `tells of a wait with ${JSON.stringify(changes)}`,
			breaks: 'trace-is-true',
			machine: noting('noteWait', (walk) => retold(waited(walk), changes)),
		}),
	),
];
