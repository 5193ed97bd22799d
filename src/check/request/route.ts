import type { ProviderRef } from '../../../machines/events.ts';
import type { Rung } from '../../../machines/walk.ts';
import type { Route, RungPlan } from '../../rungs.ts';
import type { ProviderSummary } from '../provider/summary.ts';

/** What is checked: a route, and what its providers can say. */
export interface RouteToCheck extends Route {
	readonly name: string;
	/** What a request can hear from each provider actor, by its id; one that is missing may say anything. */
	readonly providers: ReadonlyMap<string, ProviderSummary>;
}

/** A rung that the explored machine can speak to: in place of an actor, its own position. */
export interface Stop extends RungPlan {
	readonly position: number;
}

/** The rungs as the machine takes them, and how to tell them apart when it speaks to them. */
export interface Stops {
	readonly rungs: readonly Rung[];
	readonly all: readonly Stop[];
	/** @returns undefined for what is no rung's actor */
	positionOf(actor: unknown): number | undefined;
}

/** Each rung gets an address of its own, although some share an actor, so that a monitor sees which one is meant. */
export function stopsOf(plans: readonly RungPlan[]): Stops {
	const addresses = plans.map(() => ({}) as ProviderRef);
	const positions = new Map<unknown, number>(addresses.map((address, position) => [address, position]));
	return {
		rungs: plans.map((plan, position) => ({ ...plan, actor: addresses[position] ?? ({} as ProviderRef) })),
		all: plans.map((plan, position) => ({ ...plan, position })),
		positionOf: (actor) => positions.get(actor),
	};
}

/** The window of a rung is known, and no larger than one that was too small. */
export function isTooSmall({ contextWindow }: RungPlan, tooSmallWindow: number): boolean {
	return contextWindow !== undefined && contextWindow <= tooSmallWindow;
}
