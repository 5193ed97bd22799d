import { assign, sendTo } from 'xstate';
import { counted, isLate, learnt, unavailableUntil } from '../../../../../machines/provider/context.ts';
import { isTransientFailure, shouldTrip } from '../../../../../machines/provider/trip.ts';
import {
	changed,
	keepingOnRecovery,
	learning,
	type Mutant,
	no,
	nothing,
	obeying,
	only,
	withActions,
	withGuards,
	yes,
} from './mutant.ts';

/** What opens it, or does not, and should not, or should. */
export const trips: readonly Mutant[] = [
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
		property: 'several-models-open-it',
		what: 'it never opens for its models',
		machine: withGuards({ severalModelsFail: no }),
	},
	{
		property: 'several-models-open-it',
		what: 'one model is enough',
		machine: withGuards({ severalModelsFail: yes }),
	},
	{
		property: 'withdrawn-failures-count-no-more',
		what: 'what is taken back counts on',
		machine: withActions({ withdrawFailure: nothing }),
	},
	{
		property: 'withdrawn-failures-count-no-more',
		what: 'what is taken back takes the whole row with it',
		machine: withActions({ withdrawFailure: assign({ consecutiveFailures: 0 }) }),
	},
	{
		property: 'request-counts-once',
		what: 'each retry of one request counts',
		machine: learning((_, context, event) => learnt(context, { ...event, counted: [] })),
	},
	{
		property: 'request-counts-once',
		what: 'the last retry of one request opens it',
		machine: withGuards({
			tripsBreaker: ({ context, event }) => {
				const { permit, failure, now } = only(event, 'attempt.failed');
				const { breaker } = context.policy;
				if (isLate(context, permit) || !isTransientFailure(breaker, failure)) return false;
				const { consecutiveFailures, window } = { ...context, ...counted(context, permit, true, now) };
				return shouldTrip(breaker, consecutiveFailures, window, now);
			},
		}),
	},
	{
		property: 'counted-is-told',
		what: 'a failure that counted is answered as one that did not',
		machine: withActions({
			settle: sendTo(
				({ event }) => only(event, 'attempt.failed').replyTo,
				({ context, event }) => {
					const { now, permit } = only(event, 'attempt.failed');
					const retryAt = Math.max(context.until, unavailableUntil(context, permit.model), now);
					return { type: 'attempt.settled' as const, retryAt, counted: [] };
				},
			),
		}),
	},
	{
		property: 'quota-cools-down',
		what: 'an empty account is not seen',
		machine: withGuards({ exhaustsQuota: no }),
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
		property: 'failed-probe-reopens',
		what: 'a failed probe is taken back',
		machine: withGuards({ failsProbe: no }),
	},
	{
		property: 'rejected-key-opens-at-once',
		what: 'a rejected key is not seen',
		machine: withGuards({ namesCooldown: no }),
	},
	{
		property: 'opens-on-nth-failure',
		what: 'what was in the window before it recovered still counts',
		machine: keepingOnRecovery('window'),
	},
	{
		property: 'opens-on-nth-failure',
		what: 'a provider that paces us is counted as failing',
		machine: obeying((told) => changed(told, 'cool', 'count')),
	},
	{
		property: 'opens-on-nth-failure',
		what: 'RATE_LIMIT is counted, whatever the policy says',
		machine: obeying((told) => ({ ...told, RATE_LIMIT: 'count' })),
	},
	{
		property: 'opens-on-nth-failure',
		what: 'a TIMEOUT with a short hint is taken for pacing',
		machine: obeying((told) => ({ ...told, TIMEOUT: 'cool' })),
	},
	{
		property: 'opens-on-nth-failure',
		what: 'a category that the policy does not name is counted',
		machine: obeying((told) => ({ ...told, NETWORK_ERROR: 'count' })),
		policy: { breaker: { effects: { SERVER_ERROR: 'count', AUTH_ERROR: 'auth', QUOTA_EXCEEDED: 'quota' } } },
	},
	{
		property: 'late-results-decide-nothing',
		what: 'a late failure opens it when the failure rate is reached',
		machine: withGuards({
			tripsBreaker: ({ context, event }) => {
				const { permit, failure, now } = only(event, 'attempt.failed');
				const { breaker } = context.policy;
				if (failure.retryAfterMs !== undefined || failure.category !== 'SERVER_ERROR') return false;
				const { consecutiveFailures, window } = { ...context, ...counted(context, permit, true, now) };
				return shouldTrip(breaker, consecutiveFailures, window, now);
			},
		}),
		policy: { breaker: { effects: { SERVER_ERROR: 'count', AUTH_ERROR: 'auth', QUOTA_EXCEEDED: 'quota' } } },
	},
];
