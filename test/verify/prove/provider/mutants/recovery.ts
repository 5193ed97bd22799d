import { assign } from 'xstate';
import { tripped } from '../../../../../machines/provider/cooldowns.ts';
import { providerMachine } from '../../../../../machines/provider/machine.ts';
import {
	type Mutant,
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
