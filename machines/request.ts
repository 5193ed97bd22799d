import { assign, enqueueActions, sendTo, setup } from 'xstate';
import { timerDelay } from './backoff.ts';
import { decideAfterDenial, decideAfterFailure, wouldRetry } from './decision.ts';
import type { Permit, ProviderEvent, RequestEvent } from './events.ts';
import type { Category, Failure } from './failure.ts';
import { currentRung, type Ending, type RequestContext, type RequestInput, type Step } from './walk.ts';

/** Failures after which a credential is of no more use to the same request, whatever its actor says. */
const spending: readonly Category[] = ['AUTH_ERROR', 'QUOTA_EXCEEDED'];

function only<T extends RequestEvent['type']>(event: RequestEvent, type: T): Extract<RequestEvent, { type: T }> {
	if (event.type !== type) throw new Error(`the request machine met ${event.type} where only ${type} can be`);
	return event as Extract<RequestEvent, { type: T }>;
}

function heldPermit({ id, permit }: RequestContext): Permit {
	if (permit === undefined) throw new Error(`request ${id} has no permit to settle`);
	return permit;
}

function withStep(context: RequestContext, step: Step): readonly Step[] {
	return [...context.trace, step];
}

/** The attempt that runs now, as a step that is over. */
function attemptStep(
	context: RequestContext,
	now: number,
	outcome: Extract<Step, { did: 'attempt' }>['outcome'],
	failure?: Failure,
): Step {
	const { target, credential } = currentRung(context);
	const step = {
		did: 'attempt' as const,
		at: context.attemptStartedAt - context.startedAt,
		target,
		credential,
		probe: context.permit?.probe ?? false,
		ms: now - context.attemptStartedAt,
		outcome,
	};
	return failure === undefined ? step : { ...step, failure };
}

/** What is known of each rung once a failure is settled: an account or a key that is dead is so for all its rungs. */
function settledRetryAts(context: RequestContext, retryAt: number): Readonly<Record<number, number>> {
	const { failure, rungs, position } = context;
	const rung = currentRung(context);
	const own = Math.max(retryAt, context.now + (failure?.retryAfterMs ?? 0));
	if (!context.spent.includes(rung.credential)) return { ...context.retryAts, [position]: own };
	const shared = rungs.flatMap(({ credential }, index) => (credential === rung.credential ? [[index, own]] : []));
	return { ...context.retryAts, ...Object.fromEntries(shared) };
}

function broken(context: RequestContext, event: Extract<RequestEvent, { type: 'attempt.broke' }>) {
	const { failure, now, random } = event;
	const rung = currentRung(context);
	const isTooLong = failure.category === 'BAD_REQUEST' && failure.reason === 'context_length';
	return {
		now,
		random,
		failure,
		permit: undefined,
		tooSmallWindow: isTooLong ? Math.max(context.tooSmallWindow, rung.contextWindow ?? 0) : context.tooSmallWindow,
		spent: spending.includes(failure.category) ? [...context.spent, rung.credential] : context.spent,
		trace: withStep(context, attemptStep(context, now, 'failed', failure)),
	};
}

const unprovided = (action: string) => () => {
	throw new Error(`the request machine needs its action ${action} provided`);
};

/**
 * One request: walks the rungs of its chain, asks each provider actor for a permit, attempts, waits, moves on,
 * commits, and ends in `done`, `failed` or `aborted`. All I/O is in five actions that the composition root provides;
 * what they start reports back with `attempt.*` events. The attempt lives exactly as long as the state `attempting`.
 */
export const requestMachine = setup({
	types: {
		input: {} as RequestInput,
		context: {} as RequestContext,
		events: {} as RequestEvent,
	},
	delays: {
		deadline: ({ context }) => timerDelay(context.deadlineAt - context.startedAt),
		backoff: ({ context }) => timerDelay(context.decision.go === 'retry' ? context.decision.waitMs : 0),
	},
	guards: {
		shouldAsk: ({ context }) => context.decision.go === 'ask',
		shouldRetry: ({ context }) => context.decision.go === 'retry',
	},
	actions: {
		/** Begin the attempt that `context.permit` allows, on the current rung. */
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
			({ context }) => currentRung(context).actor,
			({ context, self }): ProviderEvent => ({
				type: 'permit.requested',
				id: `${context.id}/${context.attempts + 1}`,
				model: currentRung(context).model,
				now: context.now,
				early: context.early,
				replyTo: self,
			}),
		),
		reportSuccess: sendTo(
			({ context }) => currentRung(context).actor,
			({ context, event }): ProviderEvent => {
				const { now } = only(event, 'attempt.completed');
				return { type: 'attempt.succeeded', permit: heldPermit(context), now };
			},
		),
		reportBreak: sendTo(
			({ context }) => currentRung(context).actor,
			({ context, event, self }): ProviderEvent => {
				const { failure, now, random } = only(event, 'attempt.broke');
				const permit = heldPermit(context);
				const lastTry = !wouldRetry({ ...context, now, random }, failure);
				return { type: 'attempt.failed', permit, failure, now, random, lastTry, replyTo: self };
			},
		),
		abandon: enqueueActions(({ context, enqueue }) => {
			const { permit, now } = context;
			if (permit === undefined) return;
			enqueue.sendTo(currentRung(context).actor, { type: 'attempt.abandoned', permit, now });
			enqueue.assign({ permit: undefined, trace: withStep(context, attemptStep(context, now, 'abandoned')) });
		}),
		noteGrant: assign(({ context, event }) => ({
			permit: only(event, 'permit.granted').permit,
			early: false,
			attempts: context.attempts + 1,
			attemptStartedAt: context.now,
		})),
		noteDenial: assign(({ context, event }) => {
			const { state, reason, retryAt } = only(event, 'permit.denied');
			const { target, credential } = currentRung(context);
			const at = context.now - context.startedAt;
			// The order of the early round is the order of these times: they must not change under it.
			const retryAts = context.early ? context.retryAts : { ...context.retryAts, [context.position]: retryAt };
			return { retryAts, trace: withStep(context, { did: 'deny', at, target, credential, state, reason, retryAt }) };
		}),
		noteCommit: assign(({ event }) => ({ committed: true, now: only(event, 'attempt.answering').now })),
		noteSuccess: assign(({ context, event }) => {
			const { now } = only(event, 'attempt.completed');
			return { now, permit: undefined, trace: withStep(context, attemptStep(context, now, 'succeeded')) };
		}),
		noteBreak: assign(({ context, event }) => broken(context, only(event, 'attempt.broke'))),
		noteSettled: assign(({ context, event }) => ({
			retryAts: settledRetryAts(context, only(event, 'attempt.settled').retryAt),
		})),
		noteDeparture: assign(({ event }) => ({ now: only(event, 'client.left').now })),
		noteDeadline: assign(({ context }) => ({
			now: context.deadlineAt,
			failure: { category: 'TIMEOUT' as const, reason: 'deadline' },
			decision: { go: 'end' as const, ending: endingAtDeadline(context) },
		})),
		noteWait: assign(({ context }) => {
			const ms = context.decision.go === 'retry' ? context.decision.waitMs : 0;
			const { target, credential } = currentRung(context);
			const at = context.now - context.startedAt;
			return {
				now: context.now + ms,
				retries: context.retries + 1,
				trace: withStep(context, { did: 'wait', at, target, credential, ms }),
			};
		}),
		chooseAfterDenial: assign(({ context }) => ({ decision: decideAfterDenial(context) })),
		chooseAfterFailure: assign(({ context }) => ({ decision: decideAfterFailure(context) })),
		moveOn: assign(({ context }) => {
			if (context.decision.go !== 'ask') return {};
			const { position, early } = context.decision;
			return { position, early, retries: 0 };
		}),
	},
}).createMachine({
	id: 'request',
	initial: 'asking',
	context: ({ input }) => ({
		id: input.id,
		rungs: input.rungs,
		policy: input.policy,
		startedAt: input.now,
		deadlineAt: input.now + input.policy.timeouts.request,
		now: input.now,
		position: 0,
		early: false,
		retries: 0,
		attempts: 0,
		permit: undefined,
		attemptStartedAt: input.now,
		committed: false,
		failure: undefined,
		random: 0,
		retryAts: {},
		tooSmallWindow: 0,
		spent: [],
		decision: { go: 'ask', position: 0, early: false },
		trace: [],
	}),
	on: { 'client.left': { target: '.aborted', actions: ['noteDeparture', 'abandon'] } },
	after: { deadline: { target: '.failed', actions: ['noteDeadline', 'abandon'] } },
	states: {
		asking: {
			entry: 'askPermit',
			on: {
				'permit.granted': { target: 'attempting', actions: 'noteGrant' },
				'permit.denied': { target: 'choosing', actions: ['noteDenial', 'chooseAfterDenial'] },
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
			on: { 'attempt.settled': { target: 'choosing', actions: ['noteSettled', 'chooseAfterFailure'] } },
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

function endingAtDeadline(context: RequestContext): Ending {
	return context.committed ? 'interrupted' : 'deadline';
}
