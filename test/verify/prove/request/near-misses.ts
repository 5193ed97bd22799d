import { sendTo } from 'xstate';
import type { ProviderEvent } from '../../../../machines/events.ts';
import type { Failure } from '../../../../machines/failure.ts';
import { wouldRetry } from '../../../../machines/request/decision.ts';
import { requestMachine } from '../../../../machines/request/machine.ts';
import { currentCandidate, type Progress, type TraceEntry } from '../../../../machines/request/progress.ts';
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
} from '../../../../machines/request/updates.ts';
import { policyWith } from '../../../helpers/policy.ts';
import { type Event, type Mutant, noting } from './mutants.ts';
import { beginning, chainOf, routeOver } from './route.ts';

type Settled = Event<'attempt.settled'>;
type Broke = Event<'attempt.broke'>;

/** No retry after the failures that are meant, although nothing else is wrong. */
function notRetrying(isMeant: (progress: Progress, after: Progress, failure: Failure) => boolean) {
	return noting<Settled['type']>('noteSettled', (progress, event) => {
		const after = settled(progress, event);
		if (after.decision.go !== 'retry' || progress.failure === undefined) return after;
		return isMeant(progress, after, progress.failure) ? settled({ ...progress, retries: 99 }, event) : after;
	});
}

/** Tells providers something else of whether a try was the last. */
function telling(lastTry: (progress: Progress, event: Broke) => boolean) {
	const reportBreak = sendTo(
		({ context }: { context: { progress: Progress } }) => currentCandidate(context.progress).actor,
		({ context: { progress }, event, self }): ProviderEvent => {
			const { failure, now, random } = event as unknown as Broke;
			const permit = heldPermit(progress);
			const replyTo = self as never;
			return {
				type: 'attempt.failed',
				permit,
				failure,
				now,
				random,
				lastTry: lastTry(progress, event as never),
				replyTo,
			};
		},
	);
	return requestMachine.provide({ actions: { reportBreak } as never });
}

/** The last step of the trace, told otherwise. */
function retold(progress: Progress, changes: Partial<TraceEntry>): Progress {
	const last = progress.trace.at(-1);
	return last === undefined
		? progress
		: { ...progress, trace: [...progress.trace.slice(0, -1), { ...last, ...changes } as TraceEntry] };
}

const isPrefillAnswered = ({ way, isAnswering }: Progress) => way === 'prefill' && !isAnswering;
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
			(progress, _after, failure) =>
				!wouldRetry({ ...progress, retries: progress.retries + 1, committed: false }, failure),
		),
	},
	{
		name: 'does not wait for as long as a provider may ask it to',
		breaks: 'retries-are-made',
		machine: notRetrying(
			(progress, _after, { retryAfterMs }) => retryAfterMs === currentCandidate(progress).policy.retry.maxRetryAfter,
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
		breaks: 'last-try-is-reported',
		machine: telling(() => false),
	},
	{
		name: 'always tells a provider that it was the last try',
		breaks: 'last-try-is-reported',
		machine: telling(() => true),
	},
	{
		name: 'tells whether it will try again by the time at which it asked',
		breaks: 'last-try-is-reported',
		machine: telling((progress, { failure, random }) => !wouldRetry({ ...progress, random }, failure)),
	},
	{
		name: 'gives up on a target that refused a prefill',
		breaks: 'no-target-passed-over',
		machine: noting<Settled['type']>('noteSettled', (progress, event) => {
			const isRefused = isPrefillAnswered(progress) && progress.failure?.reason === 'prefill';
			return settled(isRefused ? { ...progress, way: 'instruct' } : progress, event);
		}),
		route: prefills,
	},
	{
		name: 'gives up on a target that refused a prefill without a reason',
		breaks: 'no-target-passed-over',
		machine: noting<Settled['type']>('noteSettled', (progress, event) => {
			const isRefused = isPrefillAnswered(progress) && progress.failure?.reason === undefined;
			return settled(isRefused ? { ...progress, way: 'instruct' } : progress, event);
		}),
		route: prefills,
	},
	{
		name: 'asks from further back at once after a refused prefill',
		breaks: 'ways-fit',
		machine: noting('moveOn', (progress) => {
			const after = movedOn(progress);
			return isPrefillAnswered(progress) && progress.failure?.reason === 'prefill'
				? { ...after, isRewinding: true }
				: after;
		}),
		route: prefills,
	},
	{
		name: 'instructs models that take a prefill',
		breaks: 'ways-fit',
		machine: noting<'permit.granted'>('noteGrant', (progress, event) => {
			const after = granted(progress, event);
			return after.way === 'prefill' ? { ...after, way: 'instruct' } : after;
		}),
		route: prefills,
	},
	{
		name: 'sorts the early round again under itself',
		breaks: 'early-asks-are-earned',
		machine: noting<'permit.denied'>('noteDenial', (progress, event) => {
			const retryAts = { ...progress.retryAts, [progress.position]: event.retryAt };
			return denied(progress.early ? { ...progress, retryAts } : progress, event);
		}),
		route: threeSoonest,
	},
	{
		name: 'only ever lengthens a backoff',
		breaks: 'waits-within-policy',
		machine: noting<Settled['type']>('noteSettled', (progress, event) =>
			settled({ ...progress, random: (1 + progress.random) / 2 }, event),
		),
	},
	{
		name: 'forgets its chance',
		breaks: 'waits-within-policy',
		machine: noting<Broke['type']>('noteBreak', (progress, event) =>
			broken(progress, { ...event, random: progress.random }),
		),
	},
	{
		name: 'comes back at once when a provider names no time',
		breaks: 'waits-within-policy',
		machine: noting<Settled['type']>('noteSettled', (progress, event) => {
			const after = settled(progress, event);
			const isUnsaid = after.decision.go === 'retry' && progress.failure?.retryAfterMs === 0;
			return isUnsaid ? { ...after, decision: { go: 'retry', waitMs: 0 } } : after;
		}),
	},
	{
		name: 'waits until the very deadline',
		breaks: 'waits-within-policy',
		machine: noting<Settled['type']>('noteSettled', (progress, event) => ({
			...settled({ ...progress, deadlineAt: progress.deadlineAt + 1 }, event),
			deadlineAt: progress.deadlineAt,
		})),
	},
	{
		name: 'has the deadline of its first target',
		breaks: 'ends-by-deadline',
		machine: beginning((input) => begin({ ...input, policy: input.candidates[0]?.policy ?? input.policy })),
		route: routeOver([{ target: 'a/m', policy: hurried }, 'b/m']),
	},
	{
		name: 'tells of the time before the deadline when it has passed',
		breaks: 'retry-after-is-true',
		machine: noting<'deadline.passed'>('noteDeadline', (progress, event) => ({
			...ranOutOfTime(progress, event),
			now: progress.now,
		})),
	},
	{
		name: 'tells of the failure before the deadline when it has passed',
		breaks: 'ending-is-true',
		machine: noting<'deadline.passed'>('noteDeadline', (progress, event) => ({
			...ranOutOfTime(progress, event),
			failure: progress.failure,
		})),
	},
	{
		name: 'keeps the seam of the attempt before',
		breaks: 'trace-is-true',
		machine: noting<'permit.granted'>('noteGrant', (progress, event) => ({
			...granted(progress, event),
			seam: progress.seam,
		})),
	},
	{
		name: 'calls no attempt a probe',
		breaks: 'trace-is-true',
		machine: noting<'attempt.completed'>('noteSuccess', (progress, event) =>
			retold(completed(progress, event), { probe: false }),
		),
	},
	{
		name: 'counts the time of an attempt from its first content',
		breaks: 'trace-is-true',
		machine: noting<'attempt.completed'>('noteSuccess', (progress, event) =>
			retold(completed(progress, event), { ms: event.now - progress.now }),
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
			machine: noting<'permit.denied'>('noteDenial', (progress, event) =>
				retold(denied(progress, event), changes as Partial<TraceEntry>),
			),
		}),
	),
	...[{ at: 1 }, { target: 'p9/m' }, { credential: 'p9' }, { ms: 1 }].map(
		(changes): Mutant => ({
			name: `tells of a wait with ${JSON.stringify(changes)}`,
			breaks: 'trace-is-true',
			machine: noting('noteWait', (progress) => retold(waited(progress), changes)),
		}),
	),
];
