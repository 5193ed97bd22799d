import { assign, enqueueActions, sendTo, setup } from 'xstate';
import { cooldown, timerDelay } from '../backoff.ts';
import type { ProviderAlarm, ProviderEvent, ProviderReply, ProviderStateName } from '../events.ts';
import {
	counted,
	denialReply,
	isLate,
	isProbeOut,
	learnt,
	newAlarm,
	newPermit,
	type ProviderContext,
	type ProviderInput,
	permanentOrNamed,
	takenOut,
	tripped,
	unavailableUntil,
	unhurt,
} from './context.ts';
import { emptyWindow } from './failure-window.ts';
import { effectOf, isTransientFailure, namedCooldown, shouldTrip } from './trip.ts';

function only<T extends ProviderEvent['type']>(event: ProviderEvent, type: T): Extract<ProviderEvent, { type: T }> {
	if (event.type !== type) throw new Error(`the provider machine met ${event.type} where only ${type} can be`);
	return event as Extract<ProviderEvent, { type: T }>;
}

/**
 * One provider with one credential: a circuit breaker that lives as long as the process. It grants permits in
 * `closed`, and as limited probes in `half-open`; `open` and `quota-cooldown` deny. See DESIGN, "Provider actor".
 */
export const providerMachine = setup({
	types: {
		input: {} as ProviderInput,
		context: {} as ProviderContext,
		events: {} as ProviderEvent,
		emitted: {} as ProviderAlarm,
	},
	delays: {
		cooldown: ({ context }) => context.waitMs,
	},
	guards: {
		modelIsUnavailable: ({ context, event }) => {
			const { model, now } = only(event, 'permit.requested');
			return unavailableUntil(context, model) > now;
		},
		/** The clock can be ahead of the timer: a laptop slept, or the timer is due in this very tick. */
		cooldownIsOver: ({ context, event }) => only(event, 'permit.requested').now >= context.until,
		/** Only a guess of our own may be cut short; never a provider's word, a dead key or an empty account. */
		mayProbeEarly: ({ context, event }) => {
			const { early, now } = only(event, 'permit.requested');
			return early && context.reason === 'failures' && context.alarmed.length === 0 && now >= context.named;
		},
		hasProbeLeft: ({ context }) => context.probes.length < context.policy.breaker.probes,
		/** A late result, or one reported twice, is no probe that is out. */
		isProbeResult: ({ context, event }) => 'permit' in event && isProbeOut(context, event.permit.id),
		isLastProbeNeeded: ({ context, event }) =>
			isProbeOut(context, only(event, 'attempt.succeeded').permit.id) &&
			context.probeSuccesses + 1 >= context.policy.breaker.successThreshold,
		isProbeOverdue: ({ context, event }) => isProbeOut(context, only(event, 'probe.overdue').id),
		exhaustsQuota: ({ context, event }) =>
			effectOf(context.policy.breaker, only(event, 'attempt.failed').failure) === 'quota',
		namesCooldown: ({ context, event }) => {
			const { failure, now } = only(event, 'attempt.failed');
			return namedCooldown(context.policy, failure, now) !== undefined;
		},
		extendsCooldown: ({ context, event }) => {
			const { failure, now } = only(event, 'attempt.failed');
			return (permanentOrNamed(context, failure, now)?.until ?? 0) > context.until;
		},
		tripsBreaker: ({ context, event }) => {
			const failed = only(event, 'attempt.failed');
			const { breaker } = context.policy;
			if (isLate(context, failed.permit) || !isTransientFailure(breaker, failed.failure)) return false;
			const { consecutiveFailures, window } = { ...context, ...counted(context, failed.permit, true, failed.now) };
			return shouldTrip(breaker, consecutiveFailures, window, failed.now);
		},
		failsProbe: ({ context, event }) => {
			const { permit, failure } = only(event, 'attempt.failed');
			const effect = effectOf(context.policy.breaker, failure);
			return isProbeOut(context, permit.id) && (effect === 'count' || effect === 'cool');
		},
	},
	actions: {
		grant: sendTo(
			({ event }) => only(event, 'permit.requested').replyTo,
			({ context, event }): ProviderReply => ({
				type: 'permit.granted',
				permit: newPermit(context, only(event, 'permit.requested'), false),
			}),
		),
		grantProbe: sendTo(
			({ event }) => only(event, 'permit.requested').replyTo,
			({ context, event }): ProviderReply => ({
				type: 'permit.granted',
				permit: newPermit(context, only(event, 'permit.requested'), true),
			}),
		),
		deny: sendTo(
			({ event }) => only(event, 'permit.requested').replyTo,
			({ context, event }, { state }: { state: ProviderStateName }): ProviderReply =>
				denialReply(context, only(event, 'permit.requested'), state),
		),
		settle: sendTo(
			({ event }) => only(event, 'attempt.failed').replyTo,
			({ context, event }): ProviderReply => {
				const { permit, now } = only(event, 'attempt.failed');
				const retryAt = Math.max(context.until, unavailableUntil(context, permit.model), now);
				return { type: 'attempt.settled', retryAt };
			},
		),
		sendProbe: assign(({ context, event }) => {
			const { id, now } = only(event, 'permit.requested');
			const deadline = now + context.policy.breaker.probeDeadline;
			return { probes: [...context.probes, { id, deadline }] };
		}),
		watchProbe: enqueueActions(({ context, event, enqueue }) => {
			const { id } = only(event, 'permit.requested');
			const delay = timerDelay(context.policy.breaker.probeDeadline);
			enqueue.raise({ type: 'probe.overdue', id }, { id, delay });
		}),
		/** A timer outlives its probe otherwise, and early probes of a dead provider are as many as the requests. */
		unwatchProbes: enqueueActions(({ context, enqueue }) => {
			for (const { id } of context.probes) enqueue.cancel(id);
		}),
		returnProbe: enqueueActions(({ context, event, enqueue }) => {
			if (!('permit' in event)) return;
			const { id } = event.permit;
			enqueue.cancel(id);
			enqueue.assign({ probes: context.probes.filter((probe) => probe.id !== id) });
		}),
		countProbeSuccess: assign(({ context }) => ({ probeSuccesses: context.probeSuccesses + 1 })),
		countSuccess: assign(({ context, event }) => {
			const { permit, now } = only(event, 'attempt.succeeded');
			return counted(context, permit, false, now);
		}),
		learn: assign(({ context, event }) => learnt(context, only(event, 'attempt.failed'))),
		openForFailures: assign(({ context, event }) => {
			const { now, random } = only(event, 'attempt.failed');
			return tripped(context, 'failures', now + cooldown(context.policy.breaker, context.reopenings, random), now);
		}),
		openForOverdueProbe: assign(({ context, event }) => {
			const { id } = only(event, 'probe.overdue');
			const now = context.probes.find((probe) => probe.id === id)?.deadline ?? context.since;
			return tripped(context, 'failures', now + cooldown(context.policy.breaker, context.reopenings, 0), now);
		}),
		openAsNamed: assign(({ context, event }) => {
			const { failure, now } = only(event, 'attempt.failed');
			const named = permanentOrNamed(context, failure, now);
			return named === undefined ? {} : tripped(context, named.reason, named.until, now);
		}),
		countReopening: assign(({ context }) => ({ reopenings: context.reopenings + 1 })),
		enterHalfOpen: assign(({ context, event }) => ({
			since: 'now' in event ? event.now : context.timerAt,
			until: 0,
			named: 0,
			probes: [],
			probeSuccesses: 0,
			reason: 'probing' as const,
			alarmed: [],
		})),
		recover: assign(({ event }) => ({
			since: only(event, 'attempt.succeeded').now,
			until: 0,
			reason: undefined,
			consecutiveFailures: 0,
			window: emptyWindow,
			reopenings: 0,
			probes: [],
		})),
		openForOperator: assign(({ context, event }) => {
			const { now, forMs } = only(event, 'operator.tripped');
			return takenOut(context, forMs, now);
		}),
		/** The epoch ends too: failures on their way when a person decided count for nothing; only what they name does. */
		startAfresh: assign(({ context, event }) => ({
			...unhurt,
			epoch: context.epoch + 1,
			// Only a closed one has no reason not to be.
			since: context.reason === undefined ? context.since : only(event, 'operator.reset').now,
		})),
		/** Comes before the trip, so that an incident that is already known is not raised again. */
		alarm: enqueueActions(({ context, event, enqueue }) => {
			const alarm = newAlarm(context, only(event, 'attempt.failed'));
			if (alarm === undefined) return;
			enqueue.emit(alarm);
			if (alarm.alarm !== 'model') enqueue.assign({ alarmed: [...context.alarmed, alarm.alarm] });
		}),
	},
}).createMachine({
	id: 'provider',
	initial: 'closed',
	context: ({ input }) => ({
		id: input.id,
		policy: input.policy,
		epoch: 0,
		since: input.now,
		waitMs: 0,
		timerAt: 0,
		refusesPrefill: [],
		lastFailure: undefined,
		...unhurt,
	}),
	on: {
		'operator.tripped': { target: '.open', reenter: true, actions: 'openForOperator' },
		'operator.reset': { target: '.closed', reenter: true, actions: 'startAfresh' },
	},
	states: {
		closed: {
			on: {
				'permit.requested': [
					{ guard: 'modelIsUnavailable', actions: { type: 'deny', params: { state: 'closed' } } },
					{ actions: 'grant' },
				],
				'attempt.succeeded': { actions: 'countSuccess' },
				'attempt.failed': [
					{
						guard: 'exhaustsQuota',
						target: 'quota-cooldown',
						actions: ['alarm', 'learn', 'openAsNamed', 'settle'],
					},
					{ guard: 'namesCooldown', target: 'open', actions: ['alarm', 'learn', 'openAsNamed', 'settle'] },
					{ guard: 'tripsBreaker', target: 'open', actions: ['learn', 'openForFailures', 'settle'] },
					{ actions: ['alarm', 'learn', 'settle'] },
				],
			},
		},
		open: {
			after: { cooldown: { target: 'half-open', actions: 'enterHalfOpen' } },
			on: {
				'permit.requested': [
					{ guard: 'modelIsUnavailable', actions: { type: 'deny', params: { state: 'open' } } },
					{
						guard: 'cooldownIsOver',
						target: 'half-open',
						actions: ['enterHalfOpen', 'sendProbe', 'watchProbe', 'grantProbe'],
					},
					{
						guard: 'mayProbeEarly',
						target: 'half-open',
						actions: ['enterHalfOpen', 'sendProbe', 'watchProbe', 'grantProbe'],
					},
					{ actions: { type: 'deny', params: { state: 'open' } } },
				],
				'attempt.failed': [
					{
						guard: 'exhaustsQuota',
						target: 'quota-cooldown',
						actions: ['alarm', 'learn', 'openAsNamed', 'settle'],
					},
					{
						guard: 'extendsCooldown',
						target: 'open',
						reenter: true,
						actions: ['alarm', 'learn', 'openAsNamed', 'settle'],
					},
					{ actions: ['alarm', 'learn', 'settle'] },
				],
				'operator.probed': { target: 'half-open', actions: 'enterHalfOpen' },
			},
		},
		'half-open': {
			exit: 'unwatchProbes',
			on: {
				'permit.requested': [
					{ guard: 'modelIsUnavailable', actions: { type: 'deny', params: { state: 'half-open' } } },
					{ guard: 'hasProbeLeft', actions: ['sendProbe', 'watchProbe', 'grantProbe'] },
					{ actions: { type: 'deny', params: { state: 'half-open' } } },
				],
				'attempt.succeeded': [
					{ guard: 'isLastProbeNeeded', target: 'closed', actions: 'recover' },
					{ guard: 'isProbeResult', actions: ['returnProbe', 'countProbeSuccess'] },
				],
				'attempt.failed': [
					{
						guard: 'exhaustsQuota',
						target: 'quota-cooldown',
						actions: ['alarm', 'learn', 'openAsNamed', 'settle'],
					},
					{ guard: 'namesCooldown', target: 'open', actions: ['alarm', 'learn', 'openAsNamed', 'settle'] },
					{
						guard: 'failsProbe',
						target: 'open',
						actions: ['learn', 'countReopening', 'openForFailures', 'settle'],
					},
					{ actions: ['alarm', 'learn', 'returnProbe', 'settle'] },
				],
				'attempt.abandoned': { actions: 'returnProbe' },
				'probe.overdue': {
					guard: 'isProbeOverdue',
					target: 'open',
					actions: ['countReopening', 'openForOverdueProbe'],
				},
			},
		},
		'quota-cooldown': {
			after: { cooldown: { target: 'half-open', actions: 'enterHalfOpen' } },
			on: {
				'permit.requested': [
					{ guard: 'modelIsUnavailable', actions: { type: 'deny', params: { state: 'quota-cooldown' } } },
					{
						guard: 'cooldownIsOver',
						target: 'half-open',
						actions: ['enterHalfOpen', 'sendProbe', 'watchProbe', 'grantProbe'],
					},
					{ actions: { type: 'deny', params: { state: 'quota-cooldown' } } },
				],
				'attempt.failed': [
					{
						guard: 'extendsCooldown',
						target: 'quota-cooldown',
						reenter: true,
						actions: ['alarm', 'learn', 'openAsNamed', 'settle'],
					},
					{ actions: ['alarm', 'learn', 'settle'] },
				],
				'operator.probed': { target: 'half-open', actions: 'enterHalfOpen' },
			},
		},
	},
});

export type ProviderMachine = typeof providerMachine;
