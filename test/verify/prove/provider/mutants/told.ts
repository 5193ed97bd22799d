import { assign, enqueueActions, sendTo } from 'xstate';
import { newPermit } from '../../../../../machines/provider/context.ts';
import { ACTOR_ID } from '../../../../../src/verify/prove/provider/samples.ts';
import {
	keepingOnRecovery,
	keepingOnTrip,
	learning,
	type Mutant,
	nothing,
	only,
	type StateName,
	withActions,
	withTransition,
} from './mutant.ts';

/** What requests and people are told wrongly. */
export const told: readonly Mutant[] = [
	{ property: 'one-alarm-an-incident', what: 'nobody is called', machine: withActions({ alarm: nothing }) },
	{
		property: 'one-alarm-an-incident',
		what: 'an incident is raised again and again',
		machine: withActions({
			alarm: enqueueActions(({ event, enqueue }) => {
				const { failure, permit, now } = only(event, 'attempt.failed');
				if (failure.category !== 'AUTH_ERROR') return;
				enqueue.emit({ type: 'provider.alarmed', alarm: 'auth', failure, model: permit.model, until: now });
			}),
		}),
	},
	{ property: 'answered-exactly-once', what: 'a failure is not settled', machine: withActions({ settle: nothing }) },
	{ property: 'answered-exactly-once', what: 'a denial is not told', machine: withActions({ deny: nothing }) },
	{
		property: 'answered-exactly-once',
		what: 'a grant is told twice',
		machine: withTransition('closed', 'permit.requested', { actions: ['grant', 'grant'] }),
	},
	{
		property: 'retry-at-is-true',
		what: 'a settlement says: now',
		machine: withActions({
			settle: sendTo(
				({ event }) => only(event, 'attempt.failed').replyTo,
				({ event }) => ({
					type: 'attempt.settled' as const,
					retryAt: only(event, 'attempt.failed').now,
					counted: [ACTOR_ID],
				}),
			),
		}),
	},
	{
		property: 'denial-tells-why',
		what: 'a denial has but one reason',
		machine: withActions({
			deny: sendTo(
				({ event }) => only(event, 'permit.requested').replyTo,
				({ context, event }, { state }: { state: StateName }) => {
					const { model, now } = only(event, 'permit.requested');
					const retryAt = Math.max(context.until, context.unavailable[model] ?? 0, now);
					return { type: 'permit.denied' as const, state, reason: 'failures' as const, retryAt };
				},
			),
		}),
	},
	{
		property: 'permit-tells-what-is-known',
		what: 'a refused prefill is not told',
		machine: withActions({
			grant: sendTo(
				({ event }) => only(event, 'permit.requested').replyTo,
				({ context, event }) => ({
					type: 'permit.granted' as const,
					permit: { ...newPermit(context, only(event, 'permit.requested'), false), refusesPrefill: false },
				}),
			),
		}),
	},
	{
		property: 'permit-tells-what-is-known',
		what: 'a reason is taken for a refused prefill, whatever the category',
		machine: learning((lesson, _, { failure, permit: { model } }) =>
			failure.reason === 'prefill' ? { ...lesson, refusesPrefill: [model] } : lesson,
		),
	},
	{
		property: 'shows-what-happened',
		what: 'a trip keeps its probes',
		machine: keepingOnTrip('probes'),
	},
	{
		property: 'shows-what-happened',
		what: 'a recovery keeps its probes',
		machine: keepingOnRecovery('probes'),
	},
	{
		property: 'shows-what-happened',
		what: 'a trip is shown since the state before it',
		machine: keepingOnTrip('since'),
	},
	{
		property: 'shows-what-happened',
		what: 'a recovery is shown since half-open',
		machine: keepingOnRecovery('since'),
	},
	{
		property: 'shows-what-happened',
		what: 'half-open is shown since the cooldown would have ended',
		machine: withActions({
			enterHalfOpen: assign(({ context }) => ({
				since: context.since + context.waitMs,
				until: 0,
				named: 0,
				probes: [],
				probeSuccesses: 0,
				reason: 'probing' as const,
				alarmed: [],
			})),
		}),
	},
	{
		property: 'shows-what-happened',
		what: 'the last failure is shown for the wrong model',
		machine: learning((lesson, { id }) => ({
			...lesson,
			lastFailure: lesson.lastFailure && { ...lesson.lastFailure, model: id },
		})),
	},
	{
		property: 'shows-what-happened',
		what: 'a late failure is not shown',
		machine: learning((lesson, context, { permit }) =>
			permit.epoch === context.epoch ? lesson : { ...lesson, lastFailure: context.lastFailure },
		),
	},
];
