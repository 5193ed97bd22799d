import { assign, enqueueActions, sendTo, setup } from 'xstate';
import { timerDelay } from '../backoff.ts';
import type { ProviderEvent, RequestEvent, RequestRef } from '../events.ts';
import { answerSilent } from '../failure.ts';
import { mayCarryOn, nextToCarryOn, shouldAskFromFurtherBack, shouldAskWithoutPrefill } from './continuation.ts';
import {
	isFailureFinal,
	mayRetryHere,
	nextTarget,
	openingToAwait,
	requestsOwnFailures,
	retryWait,
	soonestTarget,
	wouldRetry,
} from './failover.ts';
import {
	currentCandidate,
	hasAttemptedTarget,
	leftAnswer,
	type Progress,
	type RequestInput,
	tokensFor,
} from './progress.ts';
import {
	abandoned,
	answerBroke,
	askedAgain,
	attemptFailed,
	begin,
	carriedOn,
	committed,
	completed,
	denied,
	ended,
	fellSilent,
	granted,
	grantedToCarryOn,
	heldPermit,
	joined,
	movedOn,
	movedToSoonest,
	opened,
	ranOutOfTime,
	reconnected,
	returned,
	settled,
	waited,
} from './progress-updates.ts';

/** All that it knows in one member: XState copies a context member by member for every assignment, slowly. */
export interface RequestContext {
	readonly progress: Progress;
}

function only<T extends RequestEvent['type']>(event: RequestEvent, type: T): Extract<RequestEvent, { type: T }> {
	if (event.type !== type) throw new Error(`the request machine met ${event.type} where only ${type} can be`);
	return event as Extract<RequestEvent, { type: T }>;
}

function failedEvent(progress: Progress, event: RequestEvent, lastTry: boolean, replyTo: RequestRef): ProviderEvent {
	const { failure, now, random, told } = only(event, 'attempt.broke');
	const { counted } = progress;
	const said = told === undefined ? {} : { told };
	return {
		type: 'attempt.failed',
		permit: heldPermit(progress),
		failure,
		now,
		random,
		lastTry,
		counted,
		...said,
		replyTo,
	};
}

const unprovided = (action: string) => () => {
	throw new Error(`the request machine needs its action ${action} provided`);
};

/**
 * One request: goes through the targets of its chain, asks each provider actor for a permit, attempts, waits, moves on,
 * commits, and ends in `done`, `failed` or `aborted`. The commit is the state `committed`: in it the answer has begun to
 * flow to the client, and other attempts may carry it on but none may start over. Everything outside it is before the
 * commit, without a state around it: one more level costs a healthy request 8 % of its actor.
 *
 * All I/O is in six actions that the composition root provides; what they start reports back with `attempt.*` events.
 * An attempt runs exactly as long as its permit is held. Whoever runs the actor sends `deadline.passed` at
 * `progress.deadlineAt`, which moves when the answer begins, breaks and is carried on: one timer outside costs a tenth of
 * one inside.
 */
export const requestMachine = setup({
	types: {
		input: {} as RequestInput,
		context: {} as RequestContext,
		events: {} as RequestEvent,
	},
	delays: {
		backoff: ({ context }) => timerDelay(retryWait(context.progress)),
		opening: ({ context: { progress } }) => timerDelay((openingToAwait(progress)?.at ?? progress.now) - progress.now),
	},
	guards: {
		/** The policy allows another attempt on the target that failed, and its provider would grant it by then. */
		mayRetryHere: ({ context, event }) => mayRetryHere(context.progress, only(event, 'attempt.settled').retryAt),
		hasNextTarget: ({ context }) => nextTarget(context.progress) !== undefined,
		/** Every target was denied, and the policy says to ask the one that opens soonest ahead of its time. */
		mayTrySoonest: ({ context }) => soonestTarget(context.progress) !== undefined,
		/** Every target was denied, and the policy says to wait for the one that opens first. */
		mayAwaitOpening: ({ context }) => openingToAwait(context.progress) !== undefined,
		wasDeniedEverywhere: ({ context }) => context.progress.failed === undefined,
		/** An answer that says nothing was left for a better one, and can still be handed out. */
		hasLeftAnswer: ({ context }) => leftAnswer(context.progress) !== undefined,
		isFailureFinal: ({ context }) => isFailureFinal(context.progress),
		holdsProbe: ({ context }) => context.progress.permit?.probe === true,

		mayCarryOn: ({ context }) => mayCarryOn(context.progress),
		shouldAskWithoutPrefill: ({ context }) => shouldAskWithoutPrefill(context.progress),
		shouldAskFromFurtherBack: ({ context }) => shouldAskFromFurtherBack(context.progress),
		hasTargetToCarryOn: ({ context }) => nextToCarryOn(context.progress) !== undefined,
	},
	actions: {
		/** Begin the attempt that `progress.permit` allows, on the current target. */
		startAttempt: unprovided('startAttempt'),
		/** The attempt is over or no longer wanted: abort what still runs of it. */
		stopAttempt: unprovided('stopAttempt'),
		/** From here on the answer flows to the client. Called once in a request, at the commit. */
		commitAnswer: unprovided('commitAnswer'),
		/** The answer is whole: deliver it, or end its stream. */
		finishAnswer: unprovided('finishAnswer'),
		/** The answer that was left is the answer: put it where `finishAnswer` finds it. */
		takeUpAnswer: unprovided('takeUpAnswer'),
		/** There is no (whole) answer: tell the client why. */
		reportFailure: unprovided('reportFailure'),

		askPermit: sendTo(
			({ context }) => currentCandidate(context.progress).actor,
			({ context: { progress }, self }): ProviderEvent => ({
				type: 'permit.requested',
				id: `${progress.id}/${progress.attempts + 1}`,
				model: currentCandidate(progress).model,
				now: progress.now,
				early: progress.early,
				tokens: tokensFor(progress, currentCandidate(progress).target),
				...(hasAttemptedTarget(progress) && { isRetry: true as const }),
				replyTo: self,
			}),
		),
		reportFirstContent: sendTo(
			({ context }) => currentCandidate(context.progress).actor,
			({ context: { progress }, event }): ProviderEvent => {
				return { type: 'probe.answering', id: heldPermit(progress).id, now: only(event, 'probe.answering').now };
			},
		),
		reportSuccess: sendTo(
			({ context }) => currentCandidate(context.progress).actor,
			({ context: { progress }, event }): ProviderEvent => {
				const { now, tokens, told } = only(event, 'attempt.completed');
				const used = tokens === undefined ? {} : { tokens };
				const said = told === undefined ? {} : { told };
				return { type: 'attempt.succeeded', permit: heldPermit(progress), now, ...used, ...said };
			},
		),
		/** Before the commit: with whether the request will try the target again. */
		reportFailedTry: sendTo(
			({ context }) => currentCandidate(context.progress).actor,
			({ context: { progress }, event, self }) => {
				const { failure, now, random } = only(event, 'attempt.broke');
				return failedEvent(progress, event, !wouldRetry({ ...progress, now, random }, failure), self);
			},
		),
		reportSilence: sendTo(
			({ context }) => currentCandidate(context.progress).actor,
			({ context: { progress }, event, self }): ProviderEvent => {
				const { now, random } = only(event, 'attempt.silent');
				const { counted } = progress;
				const told = { failure: answerSilent, now, random, lastTry: true, counted };
				return { type: 'attempt.failed', permit: heldPermit(progress), ...told, replyTo: self };
			},
		),
		/** After the commit, when nothing is retried. */
		reportLastTry: sendTo(
			({ context }) => currentCandidate(context.progress).actor,
			({ context: { progress }, event, self }) => failedEvent(progress, event, true, self),
		),
		/** Where an attempt runs that nobody waits for any more: stops it, and gives its permit back. */
		abandonAttempt: enqueueActions(({ context: { progress }, event, enqueue }) => {
			if (progress.permit === undefined || !('now' in event)) return;
			const { permit } = progress;
			enqueue('stopAttempt');
			enqueue.sendTo(currentCandidate(progress).actor, { type: 'attempt.abandoned', permit, now: event.now });
		}),

		/** Providers that all answer it alike may be well, and the request what ails it. */
		withdrawFailures: enqueueActions(({ context: { progress }, enqueue }) => {
			for (const { candidate, ...failed } of requestsOwnFailures(progress)) {
				enqueue.sendTo(candidate.actor, { type: 'failure.withdrawn', failed, now: progress.now });
			}
		}),

		noteGrant: assign(({ context, event }) => ({ progress: granted(context.progress, only(event, 'permit.granted')) })),
		noteGrantToCarryOn: assign(({ context, event }) => ({
			progress: grantedToCarryOn(context.progress, only(event, 'permit.granted')),
		})),
		noteDenial: assign(({ context, event }) => ({ progress: denied(context.progress, only(event, 'permit.denied')) })),
		noteCommit: assign(({ context, event }) => ({
			progress: committed(context.progress, only(event, 'attempt.answering')),
		})),
		noteReconnect: assign(({ context, event }) => ({
			progress: reconnected(context.progress, only(event, 'attempt.reconnected')),
		})),
		noteSeam: assign(({ context, event }) => ({
			progress: joined(context.progress, only(event, 'attempt.answering')),
		})),
		noteSuccess: assign(({ context, event }) => ({
			progress: completed(context.progress, only(event, 'attempt.completed')),
		})),
		noteFailure: assign(({ context, event }) => ({
			progress: attemptFailed(context.progress, only(event, 'attempt.broke')),
		})),
		noteSilence: assign(({ context, event }) => ({
			progress: fellSilent(context.progress, only(event, 'attempt.silent')),
		})),
		noteBreak: assign(({ context, event }) => ({
			progress: answerBroke(context.progress, only(event, 'attempt.broke')),
		})),
		noteSettled: assign(({ context, event }) => ({
			progress: settled(context.progress, only(event, 'attempt.settled')),
		})),
		noteDeparture: assign(({ context, event }) => ({
			progress: abandoned(context.progress, only(event, 'client.left').now),
		})),
		noteDeadline: assign(({ context, event }) => ({
			progress: ranOutOfTime(context.progress, only(event, 'deadline.passed')),
		})),
		noteWait: assign(({ context }) => ({ progress: waited(context.progress) })),
		noteOpening: assign(({ context }) => ({ progress: opened(context.progress) })),
		moveOn: assign(({ context }) => ({ progress: movedOn(context.progress) })),
		returnToAnswer: assign(({ context }) => ({ progress: returned(context.progress) })),
		moveToSoonest: assign(({ context }) => ({ progress: movedToSoonest(context.progress) })),
		carryOn: assign(({ context }) => ({ progress: carriedOn(context.progress) })),
		askWithoutPrefill: assign(({ context }) => ({ progress: askedAgain(context.progress, { isRewinding: false }) })),
		askFromFurtherBack: assign(({ context }) => ({ progress: askedAgain(context.progress, { isRewinding: true }) })),
		endDenied: assign(({ context }) => ({ progress: ended(context.progress, 'denied') })),
		endRejected: assign(({ context }) => ({ progress: ended(context.progress, 'rejected') })),
		endExhausted: assign(({ context }) => ({ progress: ended(context.progress, 'exhausted') })),
		endOutOfTime: assign(({ context }) => ({ progress: ended(context.progress, 'deadline') })),
		endInterrupted: assign(({ context }) => ({ progress: ended(context.progress, 'interrupted') })),
	},
}).createMachine({
	id: 'request',
	initial: 'asking',
	context: ({ input }) => ({ progress: begin(input) }),
	on: {
		'probe.answering': { guard: 'holdsProbe', actions: 'reportFirstContent' },
		'attempt.reconnected': { actions: 'noteReconnect' },
		'client.left': { target: '.aborted', actions: ['abandonAttempt', 'noteDeparture'] },
		'deadline.passed': [
			{
				guard: 'hasLeftAnswer',
				target: '.done',
				actions: ['abandonAttempt', 'noteDeadline', 'returnToAnswer', 'takeUpAnswer'],
			},
			{ target: '.failed', actions: ['abandonAttempt', 'noteDeadline', 'endOutOfTime'] },
		],
	},
	states: {
		asking: {
			entry: 'askPermit',
			on: {
				'permit.granted': { target: 'attempting', actions: 'noteGrant' },
				'permit.denied': { target: 'choosing', actions: 'noteDenial' },
			},
		},
		attempting: {
			entry: 'startAttempt',
			on: {
				'attempt.answering': { target: 'committed', actions: 'noteCommit' },
				'attempt.completed': { target: 'done', actions: ['stopAttempt', 'reportSuccess', 'noteSuccess'] },
				'attempt.broke': { target: 'settling', actions: ['stopAttempt', 'reportFailedTry', 'noteFailure'] },
				'attempt.silent': { target: 'settling', actions: ['stopAttempt', 'reportSilence', 'noteSilence'] },
			},
		},
		settling: {
			on: {
				'attempt.settled': [
					{ guard: 'mayRetryHere', target: 'waiting', actions: 'noteSettled' },
					{ target: 'choosing', actions: 'noteSettled' },
				],
			},
		},
		waiting: {
			after: { backoff: { target: 'asking', actions: 'noteWait' } },
		},
		awaiting: {
			after: { opening: { target: 'asking', actions: 'noteOpening' } },
		},
		choosing: {
			always: [
				{ guard: 'hasNextTarget', target: 'asking', actions: 'moveOn' },
				{ guard: 'hasLeftAnswer', target: 'done', actions: ['returnToAnswer', 'takeUpAnswer'] },
				{ guard: 'mayTrySoonest', target: 'asking', actions: 'moveToSoonest' },
				{ guard: 'mayAwaitOpening', target: 'awaiting' },
				{ guard: 'wasDeniedEverywhere', target: 'failed', actions: 'endDenied' },
				{ guard: 'isFailureFinal', target: 'failed', actions: ['withdrawFailures', 'endRejected'] },
				{ target: 'failed', actions: ['withdrawFailures', 'endExhausted'] },
			],
		},
		committed: {
			entry: 'commitAnswer',
			initial: 'streaming',
			on: {
				'deadline.passed': {
					target: 'failed',
					actions: ['abandonAttempt', 'noteDeadline', 'endInterrupted'],
				},
			},
			states: {
				streaming: {
					on: {
						'attempt.completed': {
							target: '#request.done',
							actions: ['stopAttempt', 'reportSuccess', 'noteSuccess'],
						},
						'attempt.broke': { target: 'settling', actions: ['stopAttempt', 'reportLastTry', 'noteBreak'] },
					},
				},
				settling: {
					on: {
						'attempt.settled': [
							{ guard: 'shouldAskWithoutPrefill', target: 'asking', actions: ['noteSettled', 'askWithoutPrefill'] },
							{ guard: 'shouldAskFromFurtherBack', target: 'asking', actions: ['noteSettled', 'askFromFurtherBack'] },
							{ guard: 'mayCarryOn', target: 'choosing', actions: 'noteSettled' },
							{
								target: '#request.failed',
								actions: ['noteSettled', 'endInterrupted'],
							},
						],
					},
				},
				choosing: {
					always: [
						{ guard: 'hasTargetToCarryOn', target: 'asking', actions: 'carryOn' },
						{ target: '#request.failed', actions: 'endInterrupted' },
					],
				},
				asking: {
					entry: 'askPermit',
					on: {
						'permit.granted': { target: 'attempting', actions: 'noteGrantToCarryOn' },
						'permit.denied': { target: 'choosing', actions: 'noteDenial' },
					},
				},
				attempting: {
					entry: 'startAttempt',
					on: {
						'attempt.answering': { target: 'streaming', actions: 'noteSeam' },
						'attempt.completed': {
							target: '#request.done',
							actions: ['stopAttempt', 'reportSuccess', 'noteSuccess'],
						},
						'attempt.broke': { target: 'settling', actions: ['stopAttempt', 'reportLastTry', 'noteFailure'] },
					},
				},
			},
		},
		done: { type: 'final', entry: 'finishAnswer' },
		failed: { type: 'final', entry: 'reportFailure' },
		aborted: { type: 'final' },
	},
});

export type RequestMachine = typeof requestMachine;
