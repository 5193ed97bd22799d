import { assign, enqueueActions, sendTo, setup } from 'xstate';
import { timerDelay } from '../backoff.ts';
import type { ProviderEvent, RequestEvent } from '../events.ts';
import { wouldRetry } from './decision.ts';
import { currentCandidate, type Progress, type RequestInput } from './progress.ts';
import {
	abandoned,
	answering,
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
} from './updates.ts';

/** The whole trace in one member: XState copies a context member by member for every assignment, slowly. */
export interface RequestContext {
	readonly progress: Progress;
}

function only<T extends RequestEvent['type']>(event: RequestEvent, type: T): Extract<RequestEvent, { type: T }> {
	if (event.type !== type) throw new Error(`the request machine met ${event.type} where only ${type} can be`);
	return event as Extract<RequestEvent, { type: T }>;
}

const unprovided = (action: string) => () => {
	throw new Error(`the request machine needs its action ${action} provided`);
};

/**
 * One request: walks the targets of its chain, asks each provider actor for a permit, attempts, waits, moves on,
 * commits, and ends in `done`, `failed` or `aborted`. All I/O is in five actions that the composition root provides;
 * what they start reports back with `attempt.*` events. The attempt lives exactly as long as the state `attempting`.
 * Whoever runs the actor sends `deadline.passed` at `progress.deadlineAt`: one timer outside costs a tenth of one inside.
 */
export const requestMachine = setup({
	types: {
		input: {} as RequestInput,
		context: {} as RequestContext,
		events: {} as RequestEvent,
	},
	delays: {
		backoff: ({ context: { progress } }) => timerDelay(progress.decision.go === 'retry' ? progress.decision.waitMs : 0),
	},
	guards: {
		shouldAsk: ({ context }) => context.progress.decision.go === 'ask',
		shouldRetry: ({ context }) => context.progress.decision.go === 'retry',
	},
	actions: {
		/** Begin the attempt that `progress.permit` allows, on the current target. */
		startAttempt: unprovided('startAttempt'),
		/** The attempt is over or no longer wanted: abort what still runs of it. */
		stopAttempt: unprovided('stopAttempt'),
		/** From here on the answer flows to the client. */
		commitAnswer: unprovided('commitAnswer'),
		/** The answer is whole: deliver it, or end its stream. */
		finishAnswer: unprovided('finishAnswer'),
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
				tokens: 0,
				replyTo: self,
			}),
		),
		reportSuccess: sendTo(
			({ context }) => currentCandidate(context.progress).actor,
			({ context: { progress }, event }): ProviderEvent => {
				const { now } = only(event, 'attempt.completed');
				return { type: 'attempt.succeeded', permit: heldPermit(progress), now };
			},
		),
		reportBreak: sendTo(
			({ context }) => currentCandidate(context.progress).actor,
			({ context: { progress }, event, self }): ProviderEvent => {
				const { failure, now, random } = only(event, 'attempt.broke');
				const lastTry = !wouldRetry({ ...progress, now, random }, failure);
				return { type: 'attempt.failed', permit: heldPermit(progress), failure, now, random, lastTry, replyTo: self };
			},
		),
		/** Gives back the permit of an attempt that nobody waits for any more. */
		returnPermit: enqueueActions(({ context: { progress }, event, enqueue }) => {
			if (progress.permit === undefined || !('now' in event)) return;
			const { permit } = progress;
			enqueue.sendTo(currentCandidate(progress).actor, { type: 'attempt.abandoned', permit, now: event.now });
		}),

		noteGrant: assign(({ context, event }) => ({ progress: granted(context.progress, only(event, 'permit.granted')) })),
		noteDenial: assign(({ context, event }) => ({ progress: denied(context.progress, only(event, 'permit.denied')) })),
		noteCommit: assign(({ context, event }) => ({
			progress: answering(context.progress, only(event, 'attempt.answering')),
		})),
		noteSuccess: assign(({ context, event }) => ({
			progress: completed(context.progress, only(event, 'attempt.completed')),
		})),
		noteBreak: assign(({ context, event }) => ({ progress: broken(context.progress, only(event, 'attempt.broke')) })),
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
		moveOn: assign(({ context }) => ({ progress: movedOn(context.progress) })),
	},
}).createMachine({
	id: 'request',
	initial: 'asking',
	context: ({ input }) => ({ progress: begin(input) }),
	on: {
		'client.left': { target: '.aborted', actions: ['returnPermit', 'noteDeparture'] },
		'deadline.passed': { target: '.failed', actions: ['returnPermit', 'noteDeadline'] },
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
			exit: 'stopAttempt',
			initial: 'pending',
			on: {
				'attempt.completed': { target: 'done', actions: ['reportSuccess', 'noteSuccess'] },
				'attempt.broke': { target: 'settling', actions: ['reportBreak', 'noteBreak'] },
			},
			states: {
				pending: { on: { 'attempt.answering': { target: 'streaming', actions: 'noteCommit' } } },
				streaming: { entry: 'commitAnswer' },
			},
		},
		settling: {
			on: { 'attempt.settled': { target: 'choosing', actions: 'noteSettled' } },
		},
		choosing: {
			always: [
				{ guard: 'shouldAsk', target: 'asking', actions: 'moveOn' },
				{ guard: 'shouldRetry', target: 'waiting' },
				{ target: 'failed' },
			],
		},
		waiting: {
			after: { backoff: { target: 'asking', actions: 'noteWait' } },
		},
		done: { type: 'final', entry: 'finishAnswer' },
		failed: { type: 'final', entry: 'reportFailure' },
		aborted: { type: 'final' },
	},
});

export type RequestMachine = typeof requestMachine;
