import { createActor, createMachine, fromCallback, SimulatedClock } from 'xstate';
import type { ProviderRef } from '../../../../machines/events.ts';
import type { Policy } from '../../../../machines/policy.ts';
import { requestMachine } from '../../../../machines/request/machine.ts';
import type { Progress, RequestInput } from '../../../../machines/request/progress.ts';
import { stateName } from '../../../../machines/request/state-name.ts';
import type { ProviderSummary } from '../../../../src/verify/prove/provider/summary.ts';
import type { RouteToCheck } from '../../../../src/verify/prove/request/route.ts';
import { caseStartMs } from '../../../../src/verify/prove/request/world.ts';
import type { CaseStep, Counterexample, ProfileReport } from '../../../../src/verify/report/report.ts';
import { type PolicyChanges, policyWith } from '../../../helpers/policy.ts';

export interface Link {
	/** `provider/model`. */
	target: string;
	/** How many credentials the provider has; default one. */
	credentials?: number;
	contextWindow?: number;
	prefill?: boolean;
	streamUpstream?: boolean;
	/** Several models of its key are in use, so that it has an actor of its own. Default: it is the only one. */
	hasOwnActor?: boolean;
	/** Over the route's policy. */
	policy?: Policy;
}

export interface RouteOptions {
	policy?: PolicyChanges;
	commit?: RouteToCheck['commit'];
	providers?: ReadonlyMap<string, ProviderSummary>;
}

/** A route over these links, as the configuration would lead to it. */
export function routeOver(links: readonly (Link | string)[], options: RouteOptions = {}): RouteToCheck {
	const policy = policyWith(options.policy);
	const candidates = links.flatMap((given, link) => {
		const {
			target,
			credentials = 1,
			policy: own = policy,
			hasOwnActor = false,
			...facts
		} = typeof given === 'string' ? { target: given } : given;
		const [provider = '', model = ''] = target.split('/');
		const ids = Array.from({ length: credentials }, (_, index) => `${provider}#${index + 1}`);
		const shared = { link, target, provider, model, streamUpstream: false, policy: own, ...facts };
		return (credentials === 1 ? [provider] : ids).map((credential) => ({
			...shared,
			credential,
			gate: hasOwnActor ? `${credential}/${model}` : credential,
		}));
	});
	return {
		name: 'default',
		candidates,
		policy,
		commit: options.commit ?? 'first-token',
		providers: options.providers ?? new Map(),
	};
}

/** Links over providers of their own: `p0/m`, `p1/m` … */
export function chainOf(length: number): Link[] {
	return Array.from({ length }, (_, index) => ({ target: `p${index}/m` }));
}

type Machine = typeof requestMachine;
/** The chart as it is written, to be changed by a test. */
interface Chart {
	on: Record<string, unknown>;
	states: Record<string, ChartState>;
}
export interface ChartState {
	entry?: unknown;
	on: Record<string, unknown>;
	states: Record<string, ChartState>;
}

/** The request machine with another chart. */
export function rewired(change: (chart: Chart) => void): Machine {
	const { on, states } = structuredClone({ on: requestMachine.config.on, states: requestMachine.config.states });
	const chart = { on, states } as unknown as Chart;
	change(chart);
	const config = { ...requestMachine.config, ...chart };
	return createMachine(config as never, requestMachine.implementations as never) as unknown as Machine;
}

/** The request machine that begins otherwise. */
export function beginning(context: (input: RequestInput) => Progress): Machine {
	const config = {
		...requestMachine.config,
		context: ({ input }: { input: RequestInput }) => ({ progress: context(input) }),
	};
	return createMachine(config as never, requestMachine.implementations as never) as unknown as Machine;
}

/** The case against a property; an error when the property holds. */
export function caseAgainst({ properties }: ProfileReport, id: string): Counterexample {
	const property = properties.find((result) => result.id === id);
	if (property === undefined) throw new Error(`there is no property ${id}`);
	if (property.holds || property.counterexample === undefined) throw new Error(`${id} holds`);
	return property.counterexample;
}

export function violated({ properties }: ProfileReport): string[] {
	return properties.flatMap(({ id, holds }) => (holds ? [] : [id]));
}

const nothing = () => {};

/**
 * Plays a case to a real actor, on a simulated clock and with providers that say nothing but what the case says.
 * @returns for each step the state after it, and what the actor did: `startAttempt`, `provider permit.requested` …
 */
export function replay(route: RouteToCheck, machine: Machine, steps: readonly CaseStep[]) {
	const clock = new SimulatedClock();
	clock.increment(caseStartMs);
	const did: string[] = [];
	const listener = (name: string): ProviderRef =>
		createActor(
			fromCallback<{ type: string }>(({ receive }) => receive(({ type }) => did.push(`${name} ${type}`))),
		).start() as unknown as ProviderRef;
	const candidates = route.candidates.map((candidate) => ({ ...candidate, actor: listener(candidate.credential) }));
	const io = ['startAttempt', 'stopAttempt', 'commitAnswer', 'takeUpAnswer', 'finishAnswer', 'reportFailure'];
	const actions = Object.fromEntries(io.map((name) => [name, () => void did.push(name)]));
	const actor = createActor(machine.provide({ actions }), {
		clock,
		input: { id: 'request', candidates, policy: route.policy, tokens: 12, now: caseStartMs },
	});
	let error: unknown;
	actor.subscribe({
		error: (thrown) => {
			error = thrown;
		},
		next: nothing,
	});
	actor.start();
	const states = steps.map((step) => {
		clock.increment(caseStartMs + step.at - clock.now());
		if (!step.event.type.startsWith('xstate.')) actor.send(step.event as never);
		return stateName(actor.getSnapshot().value);
	});
	return { states, did, error, progress: actor.getSnapshot().context.progress };
}
