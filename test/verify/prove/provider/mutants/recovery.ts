import { assign } from 'xstate';
import { counted } from '../../../../../machines/provider/context.ts';
import { tripped } from '../../../../../machines/provider/cooldowns.ts';
import { emptyWindow } from '../../../../../machines/provider/failure-window.ts';
import { afterResult } from '../../../../../machines/provider/ledger.ts';
import { providerMachine } from '../../../../../machines/provider/machine.ts';
import {
	type Mutant,
	manyProbes,
	no,
	nothing,
	only,
	rebuilt,
	withActions,
	withGuards,
	withTimer,
	withTransition,
} from './mutant.ts';

/** How long it waits, and what leads out again. */
export const recovery: readonly Mutant[] = [
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
		property: 'cooldown-as-the-policy-says',
		what: 'it does not grow',
		machine: withActions({ countReopening: nothing }),
	},
	{
		property: 'cooldown-as-the-policy-says',
		what: 'the first content of a probe makes its cooldowns begin anew',
		machine: withActions({
			recover: assign(({ context, event }) => ({
				since: 'now' in event ? event.now : context.since,
				until: 0,
				reason: undefined,
				consecutiveFailures: 0,
				window: emptyWindow,
				reopenings: 0,
				probes: [],
			})),
		}),
	},
	{
		property: 'cooldown-as-the-policy-says',
		what: 'a whole answer after it closed does not make its cooldowns begin anew',
		machine: withActions({
			countSuccess: assign(({ context, event }) => {
				const { permit, now } = only(event, 'attempt.succeeded');
				return {
					ledger: afterResult(context.ledger, only(event, 'attempt.succeeded')),
					...counted(context, permit, false, now),
				};
			}),
		}),
	},
	{
		property: 'first-content-is-the-verdict',
		what: 'only a whole answer is heard',
		machine: withTransition('half-open', 'probe.answering', undefined),
	},
	{
		property: 'first-content-is-the-verdict',
		what: 'it frees the slot and counts for nothing',
		machine: withTransition('half-open', 'probe.answering', { actions: 'returnProbe' }),
	},
	{
		property: 'first-content-is-the-verdict',
		what: 'it counts, and the slot stays taken',
		machine: withTransition('half-open', 'probe.answering', { guard: 'isProbeResult', actions: 'countProbeSuccess' }),
	},
	{
		property: 'first-content-is-the-verdict',
		what: 'every first content counts, also of what is no probe any more',
		machine: withTransition('half-open', 'probe.answering', { actions: ['returnProbe', 'countProbeSuccess'] }),
		policy: manyProbes,
	},
	{
		property: 'closes-after-the-successes-needed',
		what: 'one success too many',
		machine: withGuards({
			isLastProbeNeeded: ({ context }) => context.probeSuccesses >= context.policy.breaker.successThreshold,
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
