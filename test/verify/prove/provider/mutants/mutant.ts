import { assign, createMachine } from 'xstate';
import { cooldown } from '../../../../../machines/backoff.ts';
import type { ProviderEvent } from '../../../../../machines/events.ts';
import type { BreakerPolicy, Effect } from '../../../../../machines/policy.ts';
import { learnt, type ProviderContext, type ProviderInput } from '../../../../../machines/provider/context.ts';
import { tripped } from '../../../../../machines/provider/cooldowns.ts';
import { emptyWindow } from '../../../../../machines/provider/failure-window.ts';
import { providerMachine } from '../../../../../machines/provider/machine.ts';
import type { RateLimits } from '../../../../../machines/provider/rate-window.ts';
import type { PolicyChanges } from '../../../../helpers/policy.ts';

/** A machine or a policy that is wrong, and which property has to tell. */
export interface Mutant {
	property: string;
	what: string;
	machine?: typeof providerMachine;
	policy?: PolicyChanges;
	/** What it may grant in any minute. Default: whatever is asked. */
	rates?: RateLimits;
}

export type Guards = NonNullable<Parameters<typeof providerMachine.provide>[0]['guards']>;
export type Actions = NonNullable<Parameters<typeof providerMachine.provide>[0]['actions']>;
export type StateName = 'closed' | 'open' | 'half-open' | 'quota-cooldown';

export type AttemptFailed = Extract<ProviderEvent, { type: 'attempt.failed' }>;

export const withGuards = (guards: Guards) => providerMachine.provide({ guards });
export const withActions = (actions: Actions) => providerMachine.provide({ actions });
export const nothing = () => {};
export const yes = () => true;
export const no = () => false;

export function only<T extends ProviderEvent['type']>(
	event: ProviderEvent,
	type: T,
): Extract<ProviderEvent, { type: T }> {
	if (event.type !== type) throw new Error(`met ${event.type}`);
	return event as Extract<ProviderEvent, { type: T }>;
}

/** The machine with another transition in one state; `undefined` takes the old one away. */
export function withTransition(state: StateName, event: string, transition: unknown) {
	const { states } = providerMachine.config as unknown as { states: Record<StateName, { on: object }> };
	const changed = { ...states[state], on: { ...states[state].on, [event]: transition } };
	return rebuilt({ states: { ...states, [state]: changed } });
}

export function rebuilt(changes: object) {
	const config = { ...providerMachine.config, ...changes };
	return createMachine(config as never, providerMachine.implementations as never) as unknown as typeof providerMachine;
}

export function withTimer(state: StateName, after: object) {
	const { states } = providerMachine.config as unknown as { states: Record<StateName, object> };
	return rebuilt({ states: { ...states, [state]: { ...states[state], after } } });
}

/** The machine, with other effects of failures than its policy says. */
export function obeying(effects: (told: BreakerPolicy['effects']) => BreakerPolicy['effects']) {
	const contextOf = providerMachine.config.context as unknown as (given: { input: ProviderInput }) => ProviderContext;
	return rebuilt({
		context: ({ input }: { input: ProviderInput }) => {
			const { breaker } = input.policy;
			const policy = { ...input.policy, breaker: { ...breaker, effects: effects(breaker.effects) } };
			return contextOf({ input: { ...input, policy } });
		},
	});
}

/** The machine, learning something else from a failure. */
export function learning(
	change: (lesson: Partial<ProviderContext>, context: ProviderContext, event: AttemptFailed) => object,
) {
	return withActions({
		learn: assign(({ context, event }) => {
			const failed = only(event, 'attempt.failed');
			return change(learnt(context, failed), context, failed);
		}),
	});
}

/** The machine, with something of its context as it was before a trip after failures. */
export function keepingOnTrip(...kept: (keyof ProviderContext)[]) {
	const trip = (context: ProviderContext, cooldownMs: number, now: number) => ({
		...tripped(context, 'failures', now + cooldownMs, now),
		...Object.fromEntries(kept.map((key) => [key, context[key]])),
	});
	return withActions({
		openForFailures: assign(({ context, event }) => {
			const { now, random } = only(event, 'attempt.failed');
			return trip(context, cooldown(context.policy.breaker, context.reopenings, random), now);
		}),
		openForOverdueProbe: assign(({ context, event }) => {
			const { id } = only(event, 'probe.overdue');
			const now = context.probes.find((probe) => probe.id === id)?.deadline ?? context.since;
			return trip(context, cooldown(context.policy.breaker, context.reopenings, 0), now);
		}),
	});
}

/** The machine, with something of its context as it was before it recovered. */
export function keepingOnRecovery(...kept: (keyof ProviderContext)[]) {
	return withActions({
		recover: assign(({ context, event }) => ({
			since: 'now' in event ? event.now : context.since,
			until: 0,
			reason: undefined,
			consecutiveFailures: 0,
			window: emptyWindow,
			reopenings: 0,
			probes: [],
			...Object.fromEntries(kept.map((key) => [key, context[key]])),
		})),
	});
}

/** A breaker that several probes have to close. */
export const manyProbes: PolicyChanges = { breaker: { probes: 2, successThreshold: 2 } };

/** The effects of a policy with one of them replaced by another. */
export function changed(effects: BreakerPolicy['effects'], from: Effect, to: Effect): BreakerPolicy['effects'] {
	return Object.fromEntries(Object.entries(effects).map(([key, effect]) => [key, effect === from ? to : effect]));
}
