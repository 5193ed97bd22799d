import { requestMachine } from '../../../../machines/request/machine.ts';
import type { Route } from '../../../gateway/routes.ts';
import type { CaseStep, ProfileReport, PropertyResult, WorstCase } from '../../report/report.ts';
import { defaultBounds } from '../default-bounds.ts';
import { type Bounds, explore } from '../explore.ts';
import type { Focus } from './environment.ts';
import { type RequestProperty, requestProperties } from './properties.ts';
import type { RouteToCheck } from './route.ts';
import { sampleTokens } from './sample-cost.ts';
import { renaming, stepsTo } from './steps.ts';
import { caseStartMs, costSoFar, type RequestNode, RequestWorld, thrownMessage } from './world.ts';

export interface ProfileCheckOptions {
	/** Instead of the machine that runs: one that is broken on purpose. */
	machine?: typeof requestMachine;
	/** `states` bounds each of the four explorations of a profile; by default a chain of 100 targets just fits. */
	bounds?: Partial<Bounds>;
}

/** States times targets: what a state costs grows with the chain, so this bounds the time, to some seconds. */
const MOST_WORK = 1_200_000;

interface Found {
	message: string;
	/** Undefined: it never began. */
	node: RequestNode | undefined;
}

/** One of the explorations of a profile, and what was remarkable in it. */
interface Part {
	states: number;
	transitions: number;
	isComplete: boolean;
	/** By property, the first violation. */
	found: Map<string, Found>;
	/** Of the requests that ended, or began to answer: for each of what the part looks for, the one with most of it. */
	worst: { most: number; node: RequestNode | undefined }[];
}

/**
 * Explores what can become of a request on a route, in everything that its providers, its upstreams, its client and the
 * time can do to it, and says which properties hold and what the worst cases are.
 *
 * There are four explorations. One tries everything, in no time: the shortest way to each state (see `keyOf` for what is
 * merged) with every reply and every kind of failure. Three look for the worst cases, with the ways merged that differ
 * only in how they came to the same state, of which the worst is kept: most attempts and the dearest ones, and the longest wait for a
 * streamed and for a whole answer, where every step takes as long as its timeout allows.
 */
export function checkProfile(route: RouteToCheck, options: ProfileCheckOptions = {}): ProfileReport {
	return exploreProfile(route, options).report;
}

/** What was found out about a route, and holds for each that differs from it in names alone. */
export interface ExploredProfile {
	readonly report: ProfileReport;
	/**
	 * @param route one of which only the names differ
	 * @returns undefined where something is wrong, and is told with the names of the other route
	 */
	reportOn(route: Route & { name: string }): ProfileReport | undefined;
}

interface Parts {
	readonly everything: Part;
	readonly attempts: Part;
	readonly stream: Part;
	readonly document: Part;
}

/** Explores a route as `checkProfile` does. */
export function exploreProfile(explored: RouteToCheck, options: ProfileCheckOptions = {}): ExploredProfile {
	const parts = exploreParts(explored, options);
	const all: Part[] = Object.values(parts);
	const holds = all.every(({ found }) => found.size === 0);
	return {
		report: reportOn(explored, explored, parts),
		reportOn: (route) => (holds || namesOf(route) === namesOf(explored) ? reportOn(route, explored, parts) : undefined),
	};
}

function namesOf({ candidates }: Route): string {
	return JSON.stringify(
		candidates.map(({ target, provider, credential, gate, model }) => [target, provider, credential, gate, model]),
	);
}

function amountsOf(parts: readonly Part[]): { states: number; transitions: number } {
	return {
		states: sum(parts.map(({ states }) => states)),
		transitions: sum(parts.map(({ transitions }) => transitions)),
	};
}

function exploreParts(route: RouteToCheck, options: ProfileCheckOptions): Parts {
	return {
		everything: explorePart(route, 'everything', options, []),
		attempts: explorePart(route, 'most-attempts', options, [({ seen }) => seen.attempts, ...dearness(route)]),
		stream: explorePart(route, 'slow-stream', options, [waited]),
		document: explorePart(route, 'slow-document', options, [waited]),
	};
}

function dearness({ costs }: RouteToCheck): ((node: RequestNode) => number)[] {
	return costs === undefined ? [] : [({ seen }) => costSoFar(seen.made, costs)];
}

function reportOn(route: Route & { name: string }, explored: RouteToCheck, parts: Parts): ProfileReport {
	const all: Part[] = Object.values(parts);
	const found = new Map(all.toReversed().flatMap((part) => [...part.found]));
	const inNamesOfRoute = renaming(explored.candidates, route.candidates);
	const stepsOn = (node: RequestNode | undefined) => inNamesOfRoute(stepsTo(node, route.candidates));
	const worstOf = ({ worst, isComplete, found: faults }: Part, of = 0): WorstCase => ({
		most: worst[of]?.most ?? 0,
		isExact: isComplete && faults.size === 0,
		steps: stepsOn(worst[of]?.node),
	});
	return {
		name: route.name,
		chain: chainOf(route),
		...amountsOf(all),
		unexplored: unexplored(route, all),
		properties: Object.entries(requestProperties).map(([id, statement]) => resultOf(id, statement, found, stepsOn)),
		worst: {
			attempts: worstOf(parts.attempts),
			firstContent: worstOf(parts.stream),
			wholeAnswer: worstOf(parts.document),
			...(explored.costs && {
				cost: { ...worstOf(parts.attempts, 1), ...sampleTokens, unpriced: unpriced(route, explored.costs) },
			}),
		},
	};
}

/** Targets whose price is not known. */
function unpriced({ candidates }: Route, costs: NonNullable<RouteToCheck['costs']>): string[] {
	return [...new Set(candidates.flatMap(({ target }, position) => (costs[position] === undefined ? [target] : [])))];
}

/** How long the client has waited, ms. */
const waited = ({ now }: RequestNode) => now - caseStartMs;

function explorePart(
	route: RouteToCheck,
	focus: Focus,
	{ machine = requestMachine, bounds }: ProfileCheckOptions,
	amounts: readonly ((node: RequestNode) => number)[],
): Part {
	const found = new Map<string, Found>();
	let world: RequestWorld;
	try {
		world = new RequestWorld(route, machine, focus);
	} catch (error) {
		found.set('never-throws', { message: thrownMessage(error), node: undefined });
		return { states: 0, transitions: 0, isComplete: false, found, worst: [] };
	}
	for (const { property, message } of world.initialViolations) {
		if (!found.has(property)) found.set(property, { message, node: world.initial });
	}
	const worst: Part['worst'] = amounts.map((amountOf) => ({ most: amountOf(world.initial), node: world.initial }));
	const watched = {
		initial: world.initial,
		keyOf: (node: RequestNode) => node.key,
		...(world.ranks === undefined ? {} : { ranks: world.ranks }),
		...(world.layerOf === undefined ? {} : { layerOf: world.layerOf }),
		*moves(node: RequestNode) {
			for (const move of world.moves(node)) {
				if (move.violations.length === 0) noteWorst(worst, amounts, move.node);
				yield move;
			}
		},
	};
	// What was reached is not kept: it is most of the memory, and the next exploration needs it.
	const { states, transitions, isComplete, violations } = explore(watched, { states: mostStates(route), ...bounds });
	for (const [property, { message, at }] of violations) found.set(property, { message, node: at.node });
	return { states, transitions, isComplete, found, worst };
}

function noteWorst(worst: Part['worst'], amounts: readonly ((node: RequestNode) => number)[], node: RequestNode): void {
	for (const [index, known] of worst.entries()) {
		const most = amounts[index]?.(node) ?? 0;
		if (most > known.most) Object.assign(known, { most, node });
	}
}

function resultOf(
	id: string,
	statement: string,
	found: ReadonlyMap<string, Found>,
	stepsOn: (node: RequestNode | undefined) => CaseStep[],
): PropertyResult {
	const fault = found.get(id satisfies string as RequestProperty);
	if (fault === undefined) return { id, statement, holds: true };
	return { id, statement, holds: false, counterexample: { message: fault.message, steps: stepsOn(fault.node) } };
}

function mostStates({ candidates }: RouteToCheck): number {
	return Math.min(defaultBounds.profile, Math.floor(MOST_WORK / candidates.length));
}

function unexplored({ candidates }: Route, parts: readonly Part[]): string[] {
	const stopped = parts.filter(({ isComplete }) => !isComplete);
	if (stopped.length === 0) return [];
	const states = Math.max(...stopped.map((part) => part.states));
	if (states === 0) return ['nothing was explored: the machine does not start'];
	return [
		`the exploration stopped after ${states} states: what longer ways through the ${candidates.length} targets lead to is not covered, and there may be worse cases`,
	];
}

/** The targets in order; the credentials of one are one link. */
function chainOf({ candidates }: Route): string[] {
	return candidates.flatMap(({ target, link }, index) => (candidates[index - 1]?.link === link ? [] : [target]));
}

function sum(numbers: readonly number[]): number {
	return numbers.reduce((total, number) => total + number, 0);
}
