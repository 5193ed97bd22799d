import { assign, enqueueActions, sendTo, setup } from 'xstate';
import { timerDelay } from './backoff.ts';
import { wouldRetry } from './decision.ts';
import type { ProviderEvent, RequestEvent } from './events.ts';
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
} from './progress.ts';
import { currentRung, type RequestInput, type Walk } from './walk.ts';

/** The whole walk in one member: XState copies a context member by member for every assignment, slowly. */
export interface RequestContext {
	readonly walk: Walk;
}

function only<T extends RequestEvent['type']>(event: RequestEvent, type: T): Extract<RequestEvent, { type: T }> {
	if (event.type !== type) throw new Error(`the request machine met ${event.type} where only ${type} can be`);
	return event as Extract<RequestEvent, { type: T }>;
}

const unprovided = (action: string) => () => {
	throw new Error(`the request machine needs its action ${action} provided`);
};

/**
 * One request: walks the rungs of its chain, asks each provider actor for a permit, attempts, waits, moves on,
 * commits, and ends in `done`, `failed` or `aborted`. All I/O is in five actions that the composition root provides;
 * what they start reports back with `attempt.*` events. The attempt lives exactly as long as the state `attempting`.
 * Whoever runs the actor sends `deadline.passed` at `walk.deadlineAt`: one timer outside costs a tenth of one inside.
 */
export const requestMachine = setup({
	types: {
		input: {} as RequestInput,
		context: {} as RequestContext,
		events: {} as RequestEvent,
	},
	delays: {
		backoff: ({ context: { walk } }) => timerDelay(walk.decision.go === 'retry' ? walk.decision.waitMs : 0),
	},
	guards: {
		shouldAsk: ({ context }) => context.walk.decision.go === 'ask',
		shouldRetry: ({ context }) => context.walk.decision.go === 'retry',
	},
	actions: {
		/** Begin the attempt that `walk.permit` allows, on the current rung. */
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
			({ context }) => currentRung(context.walk).actor,
			({ context: { walk }, self }): ProviderEvent => ({
				type: 'permit.requested',
				id: `${walk.id}/${walk.attempts + 1}`,
				model: currentRung(walk).model,
				now: walk.now,
				early: walk.early,
				replyTo: self,
			}),
		),
		reportSuccess: sendTo(
			({ context }) => currentRung(context.walk).actor,
			({ context: { walk }, event }): ProviderEvent => {
				const { now } = only(event, 'attempt.completed');
				return { type: 'attempt.succeeded', permit: heldPermit(walk), now };
			},
		),
		reportBreak: sendTo(
			({ context }) => currentRung(context.walk).actor,
			({ context: { walk }, event, self }): ProviderEvent => {
				const { failure, now, random } = only(event, 'attempt.broke');
				const lastTry = !wouldRetry({ ...walk, now, random }, failure);
				return { type: 'attempt.failed', permit: heldPermit(walk), failure, now, random, lastTry, replyTo: self };
			},
		),
		/** Gives back the permit of an attempt that nobody waits for any more. */
		returnPermit: enqueueActions(({ context: { walk }, event, enqueue }) => {
			if (walk.permit === undefined || !('now' in event)) return;
			const { permit } = walk;
			enqueue.sendTo(currentRung(walk).actor, { type: 'attempt.abandoned', permit, now: event.now });
		}),

		noteGrant: assign(({ context, event }) => ({ walk: granted(context.walk, only(event, 'permit.granted')) })),
		noteDenial: assign(({ context, event }) => ({ walk: denied(context.walk, only(event, 'permit.denied')) })),
		noteCommit: assign(({ context, event }) => ({ walk: answering(context.walk, only(event, 'attempt.answering')) })),
		noteSuccess: assign(({ context, event }) => ({ walk: completed(context.walk, only(event, 'attempt.completed')) })),
		noteBreak: assign(({ context, event }) => ({ walk: broken(context.walk, only(event, 'attempt.broke')) })),
		noteSettled: assign(({ context, event }) => ({ walk: settled(context.walk, only(event, 'attempt.settled')) })),
		noteDeparture: assign(({ context, event }) => ({ walk: abandoned(context.walk, only(event, 'client.left').now) })),
		noteDeadline: assign(({ context, event }) => ({
			walk: ranOutOfTime(context.walk, only(event, 'deadline.passed')),
		})),
		noteWait: assign(({ context }) => ({ walk: waited(context.walk) })),
		moveOn: assign(({ context }) => ({ walk: movedOn(context.walk) })),
	},
}).createMachine({
	id: 'request',
	initial: 'asking',
	context: ({ input }) => ({ walk: begin(input) }),
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
