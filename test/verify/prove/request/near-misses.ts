import { enqueueActions, sendTo } from 'xstate';
import type { ProviderEvent } from '../../../../machines/events.ts';
import type { Failure } from '../../../../machines/failure.ts';
import { shouldAskFromFurtherBack } from '../../../../machines/request/continuation.ts';
import { mayRetryHere, retryWait, wouldRetry } from '../../../../machines/request/failover.ts';
import { requestMachine } from '../../../../machines/request/machine.ts';
import { currentCandidate, lastFailed, type Progress, type TraceEntry } from '../../../../machines/request/progress.ts';
import {
	askedAgain,
	attemptFailed,
	begin,
	completed,
	denied,
	grantedToCarryOn,
	heldPermit,
	ranOutOfTime,
	settled,
	waited,
} from '../../../../machines/request/progress-updates.ts';
import { policyWith } from '../../../helpers/policy.ts';
import { type Event, guarding, type Mutant, noting } from './mutant.ts';
import { beginning, chainOf, routeOver } from './route.ts';

type Settled = Event<'attempt.settled'>;
type Broke = Event<'attempt.broke'>;

/** No retry after the failures that are meant, although nothing else is wrong. */
function notRetrying(isMeant: (progress: Progress, failure: Failure, retryAt: number) => boolean) {
	return guarding<Settled['type']>('mayRetryHere', (progress, { retryAt }) => {
		return mayRetryHere(progress, retryAt) && !isMeant(progress, lastFailed(progress).failure, retryAt);
	});
}

/** Tells providers something else of a failure. */
function telling(
	other: (progress: Progress, event: Broke) => { lastTry?: boolean; counted?: readonly string[] },
	action = 'reportFailedTry',
) {
	const report = sendTo(
		({ context }: { context: { progress: Progress } }) => currentCandidate(context.progress).actor,
		({ context: { progress }, event, self }): ProviderEvent => {
			const { failure, now, random } = event as unknown as Broke;
			return {
				type: 'attempt.failed',
				permit: heldPermit(progress),
				failure,
				now,
				random,
				lastTry: action === 'reportLastTry' || !wouldRetry({ ...progress, now, random }, failure),
				counted: progress.counted,
				...other(progress, event as never),
				replyTo: self as never,
			};
		},
	);
	return requestMachine.provide({ actions: { [action]: report } as never });
}

/** The last step of the trace, told otherwise. */
function retold(progress: Progress, changes: Partial<TraceEntry>): Progress {
	const last = progress.trace.at(-1);
	return last === undefined
		? progress
		: { ...progress, trace: [...progress.trace.slice(0, -1), { ...last, ...changes } as TraceEntry] };
}

const prefills = routeOver([{ target: 'a/m', prefill: true }, 'b/m']);
const threeSoonest = routeOver(chainOf(3), { policy: { whenAllDenied: 'try-soonest' } });
const hurried = policyWith({ timeouts: { request: 20_000 } });

/** Machines that are nearly right: each is wrong in one number, one moment or one field. */
export const nearMisses: readonly Mutant[] = [
	{ name: 'never retries', breaks: 'retries-are-made', machine: notRetrying(() => true) },
	{
		name: 'makes one retry too few',
		breaks: 'retries-are-made',
		machine: notRetrying((progress, failure) => !wouldRetry({ ...progress, retries: progress.retries + 1 }, failure)),
	},
	{
		name: 'does not wait for as long as a provider may ask it to',
		breaks: 'retries-are-made',
		machine: notRetrying(
			(progress, { retryAfterMs }) => retryAfterMs === currentCandidate(progress).policy.retry.maxRetryAfter,
		),
	},
	{
		name: 'never retries after a hint',
		breaks: 'retries-are-made',
		machine: notRetrying((_progress, { retryAfterMs }) => retryAfterMs !== undefined),
	},
	{
		name: 'does not retry at the very moment at which the provider grants',
		breaks: 'retries-are-made',
		machine: notRetrying((progress, { retryAfterMs = 0 }, retryAt) => {
			return Math.max(retryAt, progress.now + retryAfterMs) === progress.now + retryWait(progress);
		}),
	},
	{
		name: 'never tells a provider that it was the last try',
		breaks: 'last-try-is-reported',
		machine: telling(() => ({ lastTry: false })),
	},
	{
		name: 'always tells a provider that it was the last try',
		breaks: 'last-try-is-reported',
		machine: telling(() => ({ lastTry: true })),
	},
	{
		name: 'tells whether it will try again by the time at which it asked',
		breaks: 'last-try-is-reported',
		machine: telling((progress, { failure, random }) => ({ lastTry: !wouldRetry({ ...progress, random }, failure) })),
	},
	{
		name: 'tells after the commit what it would have told before',
		breaks: 'last-try-is-reported',
		machine: telling(
			(progress, { failure, now, random }) => ({ lastTry: !wouldRetry({ ...progress, now, random }, failure) }),
			'reportLastTry',
		),
	},
	{
		name: 'tells a provider of each retry as of another request',
		breaks: 'counts-once-a-provider',
		machine: telling(() => ({ counted: [] })),
	},
	{
		name: 'tells a provider that a failure has counted which did not',
		breaks: 'counts-once-a-provider',
		machine: telling((progress) => ({ counted: progress.attempts > 1 ? [currentCandidate(progress).credential] : [] })),
	},
	{
		name: 'forgets at a continuation who has counted',
		breaks: 'counts-once-a-provider',
		machine: telling(() => ({ counted: [] }), 'reportLastTry'),
		route: routeOver(['a/l', 'a/m']),
	},
	{
		name: 'takes what counted with one provider as counted with all',
		breaks: 'counts-once-a-provider',
		machine: telling((progress) => ({
			counted: progress.counted.length > 0 ? [currentCandidate(progress).credential] : [],
		})),
	},
	{
		name: 'holds against each provider what all of them answered alike',
		breaks: 'shared-failures-are-withdrawn',
		machine: requestMachine.provide({ actions: { withdrawFailures: () => {} } }),
	},
	{
		name: 'takes back all that counted',
		breaks: 'shared-failures-are-withdrawn',
		machine: requestMachine.provide({
			actions: {
				withdrawFailures: enqueueActions(({ context: { progress }, enqueue }) => {
					for (const { candidate, ...failed } of progress.countedFailures) {
						enqueue.sendTo(candidate.actor, { type: 'failure.withdrawn', failed, now: progress.now });
					}
				}),
			},
		}),
	},
	{
		name: 'gives up on a target that refused a prefill',
		breaks: 'no-target-passed-over',
		machine: guarding('shouldAskWithoutPrefill', () => false),
		route: prefills,
	},
	{
		name: 'gives up on a target that refused a prefill without a reason',
		breaks: 'no-target-passed-over',
		machine: guarding('shouldAskFromFurtherBack', (progress) => {
			return shouldAskFromFurtherBack(progress) && lastFailed(progress).failure.category !== 'BAD_REQUEST';
		}),
		route: prefills,
	},
	{
		name: 'asks from further back at once after a refused prefill',
		breaks: 'ways-fit',
		machine: noting('askWithoutPrefill', (progress) => askedAgain(progress, { isRewinding: true })),
		route: prefills,
	},
	{
		name: 'instructs models that take a prefill',
		breaks: 'ways-fit',
		machine: noting<'permit.granted'>('noteGrantToCarryOn', (progress, event) => {
			const after = grantedToCarryOn(progress, event);
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
		machine: noting<Broke['type']>('noteFailure', (progress, event) =>
			attemptFailed(progress, { ...event, random: progress.random }),
		),
	},
	{
		name: 'comes back at once when a provider names no time',
		breaks: 'waits-within-policy',
		machine: requestMachine.provide({
			delays: {
				backoff: ({ context: { progress } }) =>
					lastFailed(progress).failure.retryAfterMs === 0 ? 0 : retryWait(progress),
			},
		}),
	},
	{
		name: 'waits until the very deadline',
		breaks: 'waits-within-policy',
		machine: guarding<Settled['type']>('mayRetryHere', (progress, { retryAt }) =>
			mayRetryHere({ ...progress, deadlineAt: progress.deadlineAt + 1 }, retryAt),
		),
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
		machine: noting<'permit.granted'>('noteGrantToCarryOn', (progress, event) => ({
			...grantedToCarryOn(progress, event),
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
