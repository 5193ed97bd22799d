import { assign, createMachine, enqueueActions, sendTo } from 'xstate';
import type { ProviderEvent } from '../../../machines/events.ts';
import { providerMachine } from '../../../machines/provider.ts';
import { newPermit, tripped } from '../../../machines/provider-health.ts';
import type { PolicyChanges } from '../../helpers/policy.ts';

/** A machine or a policy that is wrong, and which property has to tell. */
export interface Mutant {
	property: string;
	what: string;
	machine?: typeof providerMachine;
	policy?: PolicyChanges;
}

type Guards = NonNullable<Parameters<typeof providerMachine.provide>[0]['guards']>;
type Actions = NonNullable<Parameters<typeof providerMachine.provide>[0]['actions']>;
type StateName = 'closed' | 'open' | 'half-open' | 'quota-cooldown';

const withGuards = (guards: Guards) => providerMachine.provide({ guards });
const withActions = (actions: Actions) => providerMachine.provide({ actions });
const nothing = () => {};
const yes = () => true;
const no = () => false;

function only<T extends ProviderEvent['type']>(event: ProviderEvent, type: T): Extract<ProviderEvent, { type: T }> {
	if (event.type !== type) throw new Error(`met ${event.type}`);
	return event as Extract<ProviderEvent, { type: T }>;
}

/** The machine with another transition in one state; `undefined` takes the old one away. */
function withTransition(state: StateName, event: string, transition: unknown) {
	const { states } = providerMachine.config as unknown as { states: Record<StateName, { on: object }> };
	const changed = { ...states[state], on: { ...states[state].on, [event]: transition } };
	return rebuilt({ states: { ...states, [state]: changed } });
}

function rebuilt(changes: object) {
	const config = { ...providerMachine.config, ...changes };
	return createMachine(config as never, providerMachine.implementations as never) as unknown as typeof providerMachine;
}

function withTimer(state: StateName, after: object) {
	const { states } = providerMachine.config as unknown as { states: Record<StateName, object> };
	return rebuilt({ states: { ...states, [state]: { ...states[state], after } } });
}

const manyProbes: PolicyChanges = { breaker: { probes: 2, successThreshold: 2 } };

/** For every property that an event can violate, at least one mutant. */
export const mutants: readonly Mutant[] = [
	{
		property: 'only-closed-and-half-open-grant',
		what: 'open grants without half-open',
		machine: withTransition('open', 'permit.requested', { actions: 'grant' }),
	},
	{
		property: 'only-closed-and-half-open-grant',
		what: 'half-open grants what is no probe',
		machine: withTransition('half-open', 'permit.requested', { actions: 'grant' }),
	},
	{
		property: 'sidelined-model-is-not-granted',
		what: 'nobody looks at sidelined models',
		machine: withGuards({ modelIsSidelined: no }),
	},
	{
		property: 'probes-are-limited',
		what: 'there is always a probe left',
		machine: withGuards({ hasProbeLeft: yes }),
	},
	{
		property: 'probes-are-limited',
		what: 'one probe more than allowed',
		machine: withGuards({ hasProbeLeft: ({ context }) => context.probes.length <= context.policy.breaker.probes }),
		policy: { breaker: { probes: 700 } },
	},
	{
		property: 'hung-probe-does-not-wedge',
		what: 'an overdue probe is waited for',
		machine: withGuards({ isProbeOverdue: no }),
	},
	{
		property: 'hung-probe-does-not-wedge',
		what: 'a probe has no timer',
		machine: withActions({ watchProbe: nothing }),
	},
	{
		property: 'half-open-grants-a-probe',
		what: 'one probe fewer than allowed',
		machine: withGuards({ hasProbeLeft: ({ context }) => context.probes.length + 1 < context.policy.breaker.probes }),
		policy: manyProbes,
	},
	{
		property: 'half-open-grants-a-probe',
		what: 'a probe that had no verdict keeps its slot',
		machine: withActions({
			returnProbe: enqueueActions(({ event, enqueue }) => {
				if ('permit' in event) enqueue.cancel(event.permit.id);
			}),
		}),
	},
	{
		property: 'closed-grants',
		what: 'all models count as sidelined',
		machine: withGuards({ modelIsSidelined: yes }),
	},
	{
		property: 'opens-on-nth-failure',
		what: 'opens one failure too late',
		machine: withGuards({
			tripsBreaker: ({ context }) => context.consecutiveFailures + 1 > context.policy.breaker.failureThreshold,
		}),
	},
	{
		property: 'opens-on-nth-failure',
		what: 'opens one failure too soon, after 999',
		machine: withGuards({
			tripsBreaker: ({ context }) => context.consecutiveFailures + 2 >= context.policy.breaker.failureThreshold,
		}),
		policy: { breaker: { failureThreshold: 1_000, minimumVolume: 5_000 } },
	},
	{
		property: 'opens-on-nth-failure',
		what: 'a success does not begin the row anew',
		machine: withActions({ countSuccess: nothing }),
	},
	{
		property: 'opens-on-nth-failure',
		what: 'the failure rate is not looked at',
		machine: withGuards({
			tripsBreaker: ({ context, event }) =>
				only(event, 'attempt.failed').failure.category === 'SERVER_ERROR' &&
				context.consecutiveFailures + 1 >= context.policy.breaker.failureThreshold,
		}),
	},
	{
		property: 'callers-mistake-is-no-evidence',
		what: 'a policy counts BAD_REQUEST',
		policy: { breaker: { effects: { BAD_REQUEST: 'count', QUOTA_EXCEEDED: 'quota', AUTH_ERROR: 'auth' } } },
	},
	{
		property: 'callers-mistake-is-no-evidence',
		what: 'a policy sidelines the model after one reason of BAD_REQUEST',
		policy: { breaker: { effects: { 'BAD_REQUEST.too_hard': 'model', QUOTA_EXCEEDED: 'quota', AUTH_ERROR: 'auth' } } },
	},
	{
		property: 'quota-cools-down',
		what: 'a policy counts QUOTA_EXCEEDED',
		policy: { breaker: { effects: { QUOTA_EXCEEDED: 'count', AUTH_ERROR: 'auth' } } },
	},
	{
		property: 'quota-cools-down',
		what: 'an empty account is not seen',
		machine: withGuards({ exhaustsQuota: no }),
	},
	{
		property: 'quota-cooldown-is-left-by-time-or-operator',
		what: 'a success closes it',
		machine: withTransition('quota-cooldown', 'attempt.succeeded', { target: 'closed', actions: 'recover' }),
	},
	{
		property: 'quota-cooldown-is-left-by-time-or-operator',
		what: 'its timer closes it',
		machine: withTimer('quota-cooldown', { cooldown: { target: 'closed', actions: 'enterHalfOpen' } }),
	},
	{
		property: 'late-results-decide-nothing',
		what: 'a late success closes',
		machine: withGuards({ isLastProbeNeeded: yes }),
	},
	{
		property: 'late-results-decide-nothing',
		what: 'a late failure shuts a probe out',
		machine: withGuards({ failsProbe: yes }),
	},
	{
		property: 'repeated-results-count-once',
		what: 'a probe counts as often as it is reported',
		machine: withGuards({ isProbeResult: yes }),
		policy: { breaker: { successThreshold: 3 } },
	},
	{
		property: 'longer-deadline-stays',
		what: 'the last word counts, not the longest',
		machine: providerMachine.provide({
			guards: { extendsCooldown: ({ event }) => (only(event, 'attempt.failed').failure.retryAfterMs ?? 0) > 5_000 },
			actions: {
				openAsNamed: assign(({ context, event }) => {
					const { failure, now } = only(event, 'attempt.failed');
					return tripped({ ...context, until: 0 }, 'hint', now + (failure.retryAfterMs ?? 3_600_000), now);
				}),
			},
		}),
	},
	{
		property: 'no-grant-before-the-deadline',
		what: 'whoever asks early gets a probe',
		machine: withGuards({ mayProbeEarly: ({ event }) => only(event, 'permit.requested').early }),
	},
	{
		property: 'no-grant-before-the-deadline',
		what: 'a hint that is shorter than the cooldown is forgotten',
		machine: withGuards({
			mayProbeEarly: ({ context, event }) =>
				only(event, 'permit.requested').early && context.reason === 'failures' && context.alarmed.length === 0,
		}),
	},
	{
		property: 'no-grant-before-the-deadline',
		what: 'a cooldown is over one ms too soon',
		machine: withGuards({
			cooldownIsOver: ({ context, event }) => only(event, 'permit.requested').now + 1 >= context.until,
		}),
	},
	{
		property: 'cooldown-as-the-policy-says',
		what: 'it does not grow',
		machine: withActions({ countReopening: nothing }),
	},
	{
		property: 'closes-after-the-successes-needed',
		what: 'one success too many',
		machine: withGuards({
			isLastProbeNeeded: ({ context }) => context.probeSuccesses >= context.policy.breaker.successThreshold,
		}),
	},
	{
		property: 'failed-probe-reopens',
		what: 'a failed probe is taken back',
		machine: withGuards({ failsProbe: no }),
	},
	{
		property: 'rejected-key-opens-at-once',
		what: 'a policy ignores AUTH_ERROR',
		policy: { breaker: { effects: { QUOTA_EXCEEDED: 'quota' } } },
	},
	{
		property: 'rejected-key-opens-at-once',
		what: 'a rejected key is not seen',
		machine: withGuards({ namesCooldown: no }),
	},
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
				({ event }) => ({ type: 'attempt.settled' as const, retryAt: only(event, 'attempt.failed').now }),
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
					const retryAt = Math.max(context.until, context.sidelined[model] ?? 0, now);
					return { type: 'permit.denied' as const, state, reason: 'failures' as const, retryAt };
				},
			),
		}),
	},
	{
		property: 'opens-on-nth-failure',
		what: 'what was in the window before it recovered still counts',
		machine: withActions({
			recover: assign(({ event }) => ({
				since: only(event, 'attempt.succeeded').now,
				until: 0,
				reason: undefined,
				consecutiveFailures: 0,
				reopenings: 0,
				probes: [],
			})),
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
		property: 'no-timer-is-left-behind',
		what: 'the timers of probes stay',
		machine: withActions({ unwatchProbes: nothing }),
	},
	{
		property: 'no-timer-is-left-behind',
		what: 'a timer is as long as the wait, however long that is',
		machine: providerMachine.provide({ delays: { cooldown: ({ context }) => context.until - context.since } }),
	},
	{
		property: 'operator-is-obeyed',
		what: 'a reset is for other people',
		machine: rebuilt({ on: { 'operator.tripped': { target: '.open', reenter: true, actions: 'openForOperator' } } }),
	},
	{
		property: 'operator-is-obeyed',
		what: 'a probe is not let through',
		machine: withTransition('quota-cooldown', 'operator.probed', undefined),
	},
	{
		property: 'changes-for-a-reason',
		what: 'whoever leaves opens it',
		machine: withTransition('closed', 'attempt.abandoned', { target: 'open' }),
	},
	{
		property: 'closed-can-be-reached',
		what: 'it never closes',
		machine: withGuards({ isLastProbeNeeded: no }),
	},
	{
		property: 'never-throws',
		what: 'a guard throws',
		machine: withGuards({
			hasProbeLeft: () => {
				throw new Error('no probes today');
			},
		}),
	},
];
