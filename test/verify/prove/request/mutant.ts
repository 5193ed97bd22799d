import { assign, type EventObject } from 'xstate';
import type { RequestEvent } from '../../../../machines/events.ts';
import { requestMachine } from '../../../../machines/request/machine.ts';
import type { Progress } from '../../../../machines/request/progress.ts';
import type { RequestProperty } from '../../../../src/verify/prove/request/properties.ts';
import type { RouteToCheck } from '../../../../src/verify/prove/request/route.ts';
import { type ChartState, chainOf, rewired, routeOver } from './route.ts';

export type Event<T extends RequestEvent['type']> = Extract<RequestEvent, { type: T }>;

/** A machine that is broken in one way, and the property that this breaks. */
export interface Mutant {
	name: string;
	breaks: RequestProperty;
	machine: typeof requestMachine;
	route?: RouteToCheck;
}

/** An action that changes the trace in another way than the machine's own. */
export function noting<T extends RequestEvent['type']>(
	name: string,
	change: (progress: Progress, event: Event<T>) => Progress,
) {
	const action = assign(({ context, event }: { context: { progress: Progress }; event: EventObject }) => ({
		progress: change(context.progress, event as Event<T>),
	}));
	return requestMachine.provide({ actions: { [name]: action } as never });
}

/** A guard that answers its question in another way than the machine's own. */
export function guarding<T extends RequestEvent['type']>(
	name: string,
	answer: (progress: Progress, event: Event<T>) => boolean,
) {
	const guard = ({ context, event }: { context: { progress: Progress }; event: EventObject }) =>
		answer(context.progress, event as Event<T>);
	return requestMachine.provide({ guards: { [name]: guard } as never });
}

/** Other actions on one transition, before the commit (`attempting`) or after it (`committed.streaming`). */
export function acting(state: string, event: string, target: string, actions: readonly string[]) {
	return rewired((chart) => {
		let at: Pick<ChartState, 'on' | 'states'> = chart;
		for (const key of state.split('.')) at = at.states[key] ?? at;
		at.on[event] = { target, actions };
	});
}

const twoCandidates = routeOver(chainOf(2));

export const routeOf = ({ route = twoCandidates }: Mutant) => route;
