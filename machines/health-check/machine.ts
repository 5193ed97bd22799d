import { assign, emit, sendTo, setup } from 'xstate';
import { timerDelay } from '../backoff.ts';
import type { ProviderEvent, RequestRef } from '../events.ts';
import type { Failure } from '../failure.ts';
import {
	type CheckResult,
	dayAt,
	dayEndsAt,
	firstContext,
	type HealthCheckContext,
	type HealthCheckEvent,
	type HealthCheckInput,
	isSpent,
	nextWait,
	waitFor,
} from './context.ts';

/** What the actor emits after each check. */
export interface CheckEnded {
	type: 'check.ended';
	result: CheckResult;
	/** Of one that did not pass. */
	failure?: Failure;
	/** The one before ended otherwise, or there was none. */
	isNews: boolean;
	/** When the next one is due, ms since the epoch. */
	nextAt: number;
}

type Ended = Extract<HealthCheckEvent, { type: 'check.passed' | 'check.failed' }>;

function only<T extends HealthCheckEvent['type']>(event: HealthCheckEvent, ...types: T[]) {
	if (!(types as string[]).includes(event.type)) throw new Error(`a health check met ${event.type}`);
	return event as Extract<HealthCheckEvent, { type: T }>;
}

const ended = (event: HealthCheckEvent): Ended => only(event, 'check.passed', 'check.failed');

function resultOf(event: Ended): CheckResult {
	if (event.type === 'check.passed') return 'passed';
	return event.isEvidence ? 'failed' : 'unproved';
}

/** What a check says of the provider to its actor, in the words of an attempt; with no evidence, the permit goes back unused. */
function verdictOn({ permit }: HealthCheckContext, event: Ended, replyTo: RequestRef): ProviderEvent {
	if (permit === undefined) throw new Error('a health check reports without a permit');
	const { now, random } = event;
	if (!event.isEvidence) return { type: 'attempt.abandoned', permit, now, tokens: 0 };
	if (event.type === 'check.passed') return { type: 'attempt.succeeded', permit, now };
	const { failure } = event;
	return { type: 'attempt.failed', permit, failure, now, random, lastTry: true, counted: [], replyTo };
}

const unprovided = (action: string) => () => {
	throw new Error(`the health-check machine needs its action ${action} provided`);
};

/**
 * The active checks of one key of a provider: waits, looks whether a check is wanted, allowed and worth something, asks the
 * provider's actor for a permit as a request does, and reports to it as an attempt does. It lives as long as the process.
 *
 * The I/O is in two actions that the composition root provides: `lookAround` is answered with `check.due`, `startCheck` with
 * `check.passed` or `check.failed`.
 */
export const healthCheckMachine = setup({
	types: {
		input: {} as HealthCheckInput,
		context: {} as HealthCheckContext,
		events: {} as HealthCheckEvent,
		emitted: {} as CheckEnded,
	},
	delays: {
		pause: ({ context }) => timerDelay(context.waitMs),
	},
	guards: {
		provesNothing: ({ event }) => only(event, 'check.due').prospect === 'no',
		/** Requests prove more than a check does. */
		isBusy: ({ context: { policy }, event }) => {
			const { isClosed, answeredAt, now } = only(event, 'check.due');
			return policy.onlyWhenIdle && isClosed && now - answeredAt < policy.every;
		},
		isSpent: ({ context, event }) => {
			const { costUsd, now } = only(event, 'check.due');
			return isSpent(context, costUsd, now);
		},
		isAhead: ({ event }) => only(event, 'check.due').prospect === 'ahead',
		needsPermit: ({ context, event }) => context.permit === undefined && ended(event).isEvidence,
		hasPermit: ({ context }) => context.permit !== undefined,
	},
	actions: {
		lookAround: unprovided('lookAround'),
		startCheck: unprovided('startCheck'),
		postpone: assign(({ context, event }) => {
			const { now, random } = only(event, 'check.due');
			return nextWait(context, now, random);
		}),
		/** Denied: nothing was asked. */
		waitAgain: assign(({ context }) => nextWait(context, context.nextAt, 0)),
		awaitIdleness: assign(({ context, event }) => {
			const { now, answeredAt } = only(event, 'check.due');
			return waitFor(answeredAt + context.policy.every - now, now);
		}),
		awaitNextDay: assign(({ context, event }) => {
			const { now } = only(event, 'check.due');
			return waitFor(dayEndsAt(context, now) - now, now);
		}),
		countCheck: assign(({ context, event }) => {
			const { now, costUsd } = only(event, 'check.due');
			const { since, checks, usd } = dayAt(context, now);
			return {
				checks: context.checks + 1,
				nextAt: now,
				day: { since, checks: checks + 1, usd: usd + costUsd },
				expectedUsd: costUsd,
			};
		}),
		/** Nothing was asked, so that nothing is spent. */
		uncountCheck: assign(({ context: { day, expectedUsd } }) => ({
			day: { ...day, checks: day.checks - 1, usd: day.usd - expectedUsd },
		})),
		askPermit: sendTo(
			({ context }) => context.gate,
			({ context: { id, model, tokens, checks }, event, self }): ProviderEvent => ({
				type: 'permit.requested',
				id: `health/${id}/${checks}`,
				model,
				now: only(event, 'check.due', 'check.passed', 'check.failed').now,
				early: event.type !== 'check.due',
				tokens,
				replyTo: self as unknown as RequestRef,
			}),
		),
		keepPermit: assign(({ event }) => ({ permit: only(event, 'permit.granted').permit })),
		noteEnd: assign(({ context, event }) => {
			const end = ended(event);
			const { now, random } = end;
			const failures = end.type === 'check.failed' ? context.failures + 1 : 0;
			const spentUsd = (end.type === 'check.passed' ? end.costUsd : undefined) ?? context.expectedUsd;
			const failure = end.type === 'check.failed' ? { failure: end.failure } : {};
			return {
				failures,
				last: { at: now, result: resultOf(end), ...failure },
				succeededAt: end.type === 'check.passed' && end.isEvidence ? now : context.succeededAt,
				day: { ...context.day, usd: context.day.usd + spentUsd - context.expectedUsd },
				...nextWait({ ...context, failures }, now, random),
			};
		}),
		report: sendTo(
			({ context }) => context.gate,
			({ context, event, self }) => verdictOn(context, ended(event), self as unknown as RequestRef),
		),
		/** A check ahead of its time has passed, and is granted the probe that it has made already. */
		reportAhead: sendTo(
			({ context }) => context.gate,
			({ context, event }): ProviderEvent => {
				const { permit } = only(event, 'permit.granted');
				return { type: 'attempt.succeeded', permit, now: context.succeededAt };
			},
		),
		dropPermit: assign({ permit: undefined }),
		/** Comes before `noteEnd`, which makes it the last one. */
		tell: emit(({ context, event }): CheckEnded => {
			const end = ended(event);
			const result = resultOf(end);
			const failure = end.type === 'check.failed' ? { failure: end.failure } : {};
			const failures = end.type === 'check.failed' ? context.failures + 1 : 0;
			const { nextAt } = nextWait({ ...context, failures }, end.now, end.random);
			return { type: 'check.ended', result, ...failure, isNews: context.last?.result !== result, nextAt };
		}),
	},
}).createMachine({
	id: 'health-check',
	initial: 'waiting',
	context: ({ input }) => firstContext(input),
	states: {
		waiting: {
			after: { pause: 'looking' },
		},
		looking: {
			entry: 'lookAround',
			on: {
				'check.due': [
					{ guard: 'provesNothing', target: 'waiting', actions: 'postpone' },
					{ guard: 'isBusy', target: 'waiting', actions: 'awaitIdleness' },
					{ guard: 'isSpent', target: 'waiting', actions: 'awaitNextDay' },
					{ guard: 'isAhead', target: 'checking', actions: 'countCheck' },
					{ target: 'asking', actions: ['countCheck', 'askPermit'] },
				],
			},
		},
		asking: {
			on: {
				'permit.granted': { target: 'checking', actions: 'keepPermit' },
				'permit.denied': { target: 'waiting', actions: ['uncountCheck', 'waitAgain'] },
			},
		},
		checking: {
			entry: 'startCheck',
			on: {
				'check.passed': [
					{ guard: 'needsPermit', target: 'asking-afterwards', actions: ['tell', 'noteEnd', 'askPermit'] },
					{ guard: 'hasPermit', target: 'waiting', actions: ['tell', 'noteEnd', 'report', 'dropPermit'] },
					{ target: 'waiting', actions: ['tell', 'noteEnd'] },
				],
				'check.failed': [
					{ guard: 'hasPermit', target: 'waiting', actions: ['tell', 'noteEnd', 'report', 'dropPermit'] },
					{ target: 'waiting', actions: ['tell', 'noteEnd'] },
				],
			},
		},
		/** What was looked at ahead of its time has answered. */
		'asking-afterwards': {
			on: {
				'permit.granted': { target: 'waiting', actions: 'reportAhead' },
				'permit.denied': 'waiting',
			},
		},
	},
});

export type HealthCheckMachine = typeof healthCheckMachine;
