import type { ProviderRef } from '../../../../machines/events.ts';
import type { Candidate } from '../../../../machines/request/progress.ts';
import type { CandidatePlan, Route } from '../../../gateway/routes.ts';
import type { ProviderSummary } from '../provider/summary.ts';

/** What is checked: a route, and what its providers can say. */
export interface RouteToCheck extends Route {
	readonly name: string;
	/** What a request can hear from each provider actor, by its id; one that is missing may say anything. */
	readonly providers: ReadonlyMap<string, ProviderSummary>;
	/** What one attempt of the sample request costs at each target, USD; undefined for one whose price is not known. */
	readonly costs?: readonly (number | undefined)[] | undefined;
}

/** A target that the explored machine can speak to: in place of an actor, its own position. */
export interface Stop extends CandidatePlan {
	readonly position: number;
}

/** The targets as the machine takes them, and how to tell them apart when it speaks to them. */
export interface Stops {
	readonly candidates: readonly Candidate[];
	readonly all: readonly Stop[];
	/** @returns undefined for what is no target's actor */
	positionOf(actor: unknown): number | undefined;
}

/** Each target gets an address of its own, although some share an actor, so that a monitor sees which one is meant. */
export function stopsOf(plans: readonly CandidatePlan[]): Stops {
	const addresses = plans.map(() => ({}) as ProviderRef);
	const positions = new Map<unknown, number>(addresses.map((address, position) => [address, position]));
	return {
		candidates: plans.map((plan, position) => ({ ...plan, actor: addresses[position] ?? ({} as ProviderRef) })),
		all: plans.map((plan, position) => ({ ...plan, position })),
		positionOf: (actor) => positions.get(actor),
	};
}

/** The window of a target is known, and no larger than one that was too small. */
export function isTooSmall({ contextWindow }: CandidatePlan, tooSmallWindow: number): boolean {
	return contextWindow !== undefined && contextWindow <= tooSmallWindow;
}
