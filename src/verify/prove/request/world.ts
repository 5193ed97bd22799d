import type { EventObject } from 'xstate';
import type { ProviderStateName, RequestEvent } from '../../../../machines/events.ts';
import type { requestMachine } from '../../../../machines/request/machine.ts';
import { stateName } from '../../../../machines/request/state-name.ts';
import { Runner, type RunState } from '../../play/runner.ts';
import type { Move, Violation, World } from '../explore.ts';
import { Environment, type EnvironmentMove, type Focus } from './environment.ts';
import { keyOf } from './key.ts';
import { Monitor } from './monitor.ts';
import { type RouteToCheck, type Stops, stopsOf } from './route.ts';
import { type Made, nothingSeen, type Seen } from './seen.ts';

type Machine = typeof requestMachine;

/** When every request that is explored begins, ms since the epoch: a real date, so that a time is not taken for a wait. */
export const caseStartMs = Date.UTC(2026, 0, 1);

/** One event that reached the request, and where it left it. */
export interface RequestObservation {
	readonly event: EventObject;
	/** ms since the epoch. */
	readonly at: number;
	/** The target that it is about. */
	readonly position: number;
	/** `attempting`, `committed.streaming`. */
	readonly requestState: string;
	readonly providerState: ProviderStateName | undefined;
	readonly seen: Seen;
}

/** A request that is under way, and how it came there. */
export interface RequestNode {
	readonly state: RunState<Machine>;
	readonly seen: Seen;
	/** ms since the epoch. */
	readonly now: number;
	readonly key: string;
	/** What led here from the node before it. */
	readonly happenings: readonly RequestObservation[];
	readonly before: RequestNode | undefined;
	/** Much like another one: only what comes next is looked at. */
	readonly isAside: boolean;
}

/** Most attempts need not be the dearest ones. */
function attemptRanks({ costs }: RouteToCheck): (node: RequestNode) => readonly number[] {
	if (costs === undefined) return ({ seen }) => [seen.attempts];
	return ({ seen }) => [seen.attempts, costSoFar(seen.made, costs)];
}

/** What the attempts of a request cost together, USD, each of them whole; those without a known price are not in it. */
export function costSoFar(made: Made | undefined, costs: readonly (number | undefined)[]): number {
	let cost = 0;
	for (let attempt = made; attempt !== undefined; attempt = attempt.before) cost += costs[attempt.position] ?? 0;
	return cost;
}

/** One request of a route, in an environment that may do whatever `focus` says. */
export class RequestWorld implements World<RequestNode> {
	readonly initial: RequestNode;
	readonly initialViolations: readonly Violation[];
	readonly ranks?: (node: RequestNode) => readonly number[];
	readonly layerOf?: (node: RequestNode) => number;
	readonly #stops: Stops;
	readonly #runner: Runner<Machine>;
	readonly #monitor: Monitor;
	readonly #environment: Environment;

	constructor(route: RouteToCheck, machine: Machine, focus: Focus) {
		this.#stops = stopsOf(route.candidates);
		const { candidates, all } = this.#stops;
		this.#runner = new Runner(machine, {
			id: 'request',
			candidates,
			policy: route.policy,
			tokens: 0,
			now: caseStartMs,
		});
		this.#monitor = new Monitor(route, this.#stops, caseStartMs);
		this.#environment = new Environment(route, all, focus);
		if (focus !== 'everything' && focus !== 'samples') {
			this.ranks = focus === 'most-attempts' ? attemptRanks(route) : (node) => [comingTime(node)];
			this.layerOf = (node) => this.#layer(node);
		}
		const step = this.#runner.start(caseStartMs);
		if (step.state.snapshot.status === 'error') throw step.state.snapshot.error;
		const { seen, violations } = this.#monitor.watch(
			{ ...nothingSeen, searchedFrom: caseStartMs },
			{
				event: undefined,
				now: caseStartMs,
				before: undefined,
				step,
			},
		);
		this.initialViolations = violations;
		const key = keyOf(step.state, seen, all, caseStartMs);
		this.initial = {
			state: step.state,
			seen,
			now: caseStartMs,
			key,
			happenings: [],
			before: undefined,
			isAside: false,
		};
	}

	keyOf(node: RequestNode): string {
		return node.key;
	}

	*moves(node: RequestNode): Generator<Move<RequestNode>> {
		const { state, seen, now } = node;
		if (state.snapshot.status !== 'active') return;
		const [timer] = state.timers;
		if (timer !== undefined) yield this.#fire(node, timer.event, timer.at);
		const choices = node.isAside ? this.#environment.asides(seen, now) : this.#environment.choices(seen, now);
		for (const choice of choices) {
			if (timer === undefined || choice.at <= timer.at) yield this.#take(node, choice);
		}
	}

	#fire(node: RequestNode, event: EventObject, at: number): Move<RequestNode> {
		const state = { ...node.state, timers: node.state.timers.slice(1) };
		return this.#send({ ...node, state }, event, { at });
	}

	#take(
		before: RequestNode,
		{ at, event, settledAt, counts, providerState, isAside = false }: EnvironmentMove,
	): Move<RequestNode> {
		const node = isAside ? { ...before, isAside } : before;
		const move = this.#send(node, event, { at, ...(providerState === undefined ? {} : { providerState }) });
		const isOfFailure = event.type === 'attempt.broke' || event.type === 'attempt.silent';
		const isTold = isOfFailure && move.node.seen.permit === undefined;
		const isActive = move.node.state.snapshot.status === 'active';
		if (settledAt === undefined || !isTold || !isActive) return move;
		if (move.violations.some(({ isOnlyTold }) => !isOnlyTold)) return move;
		const { counted: already } = move.node.seen;
		const isNew = counts !== undefined && !already.includes(counts);
		const counted = isNew ? [...already, counts] : already;
		const settled: RequestEvent = { type: 'attempt.settled', retryAt: settledAt, counted };
		const { node: after, violations } = this.#send(move.node, settled, { at });
		const happenings = [...move.node.happenings, ...after.happenings];
		const all = [...move.violations, ...violations];
		return { node: { ...after, happenings, before: node }, violations: all };
	}

	#send(
		node: RequestNode,
		event: EventObject,
		{ at, providerState }: { at: number; providerState?: ProviderStateName },
	): Move<RequestNode> {
		const { all } = this.#stops;
		const position = node.seen.permit?.position ?? node.seen.asked?.position ?? node.seen.position;
		try {
			const step = this.#runner.send(node.state, event, at);
			const shown = { event, now: at, before: node.state, step };
			const { seen, violations } = this.#monitor.watch(node.seen, shown);
			const { state } = step;
			const requestState = stateName(state.snapshot.value);
			const happenings = [{ event, at, position, requestState, providerState, seen }];
			const { isAside } = node;
			const key = `${isAside ? 'aside ' : ''}${keyOf(state, seen, all, at)}`;
			return { node: { state, seen, now: at, key, happenings, before: node, isAside }, violations };
		} catch (error) {
			const requestState = stateName(node.state.snapshot.value);
			const happenings = [{ event, at, position, requestState, providerState, seen: node.seen }];
			return {
				node: { ...node, now: at, happenings, before: node },
				violations: [{ property: 'never-throws', message: thrownMessage(error) }],
			};
		}
	}

	/** No move leads to a lower one, so that every way to a state is known before it is left. */
	#layer({ seen, state }: RequestNode): number {
		const { isCommitted, goneEarly, hasAwaited, continuations, gone, asksHere, position, isAnswering } = seen;
		const phase =
			(isCommitted ? 2 + continuations : hasAwaited || goneEarly.length > 0 ? 1 : 0) * (this.#stops.all.length + 1);
		const progress = isCommitted ? (isAnswering ? 0 : gone.length) : position;
		const stage = seen.asked !== undefined ? 0 : state.timers.length === 0 ? 1 : 2;
		return (phase + progress) * ROUNDS + Math.min(ROUNDS - 1, 3 * asksHere + stage);
	}
}

export function thrownMessage(error: unknown): string {
	return `the machine throws: ${error instanceof Error ? error.message : 'something that is no Error'}`;
}

/** More layers than one target can need: the most retries that a policy may name are ten. */
const ROUNDS = 40;

/** When a node is left at the earliest: a wait is long before it is over. */
function comingTime({ state, now }: RequestNode): number {
	return state.timers[0]?.at ?? now;
}
