import { type AnyActorScope, type AnyStateMachine, createActor, type EventObject, type SnapshotFrom } from 'xstate';

/** A timer that a machine has set, and not cancelled. */
export interface Timer {
	id: string;
	event: EventObject;
	/** ms since the epoch. */
	at: number;
}

/** A machine between two events. */
export interface RunState<M extends AnyStateMachine> {
	readonly snapshot: SnapshotFrom<M>;
	/** The soonest first. */
	readonly timers: readonly Timer[];
}

/** What one event did. */
export interface MachineStep<M extends AnyStateMachine> {
	readonly state: RunState<M>;
	/** The events that it sent to other actors, in their order. */
	readonly sent: readonly { to: unknown; event: EventObject }[];
	/** Its own actions, by name, in their order; none of them was executed. */
	readonly did: readonly string[];
	readonly emitted: readonly EventObject[];
}

interface Effects {
	timers: Timer[];
	sent: { to: unknown; event: EventObject }[];
	did: string[];
	emitted: EventObject[];
}

interface ActionParams {
	to?: unknown;
	event?: EventObject;
	id?: string;
	sendId?: string;
	delay?: number;
}

/**
 * Runs a machine as a pure function, in a time that the caller tells: nothing is executed, everything is reported.
 * XState's own `transition` does the same, but builds an actor for every event, which costs ten times as much.
 */
export class Runner<M extends AnyStateMachine> {
	/** What the machine takes for itself, where it says who is to be answered. */
	readonly self: unknown;
	readonly #machine: M;
	readonly #input: unknown;
	readonly #scope: AnyActorScope;
	#execute: (action: { type: string; params: unknown }) => void = () => {};

	constructor(machine: M, input: unknown) {
		this.#machine = machine;
		this.#input = input;
		const actor = createActor(machine as AnyStateMachine, { input });
		this.self = actor;
		this.#scope = {
			self: actor,
			id: '',
			sessionId: '',
			logger: () => {},
			defer: () => {},
			emit: () => {},
			stopChild: () => {},
			system: actor.system,
			actionExecutor: (action) => this.#execute(action),
		};
	}

	/** @param now ms since the epoch */
	start(now: number): MachineStep<M> {
		return this.#step([], now, () => this.#machine.getInitialSnapshot(this.#scope, this.#input as never));
	}

	/**
	 * @param now ms since the epoch
	 * @throws what a guard or an assignment of the machine throws
	 */
	send({ snapshot, timers }: RunState<M>, event: EventObject, now: number): MachineStep<M> {
		return this.#step(timers, now, () => this.#machine.transition(snapshot as never, event as never, this.#scope));
	}

	/** Lets a timer of this state go off. */
	fire({ snapshot, timers }: RunState<M>, timer: Timer): MachineStep<M> {
		return this.send({ snapshot, timers: timers.filter((other) => other !== timer) }, timer.event, timer.at);
	}

	#step(timers: readonly Timer[], now: number, run: () => unknown): MachineStep<M> {
		const effects: Effects = { timers: [...timers], sent: [], did: [], emitted: [] };
		this.#execute = ({ type, params }) => apply(effects, type, (params ?? {}) as ActionParams, now);
		const snapshot = run() as SnapshotFrom<M>;
		const { sent, did, emitted } = effects;
		return { state: { snapshot, timers: effects.timers.sort((a, b) => a.at - b.at) }, sent, did, emitted };
	}
}

function apply(effects: Effects, type: string, params: ActionParams, now: number): void {
	const { to, event = { type: '' }, id = event.type, sendId, delay = 0 } = params;
	switch (type) {
		case 'xstate.sendTo':
			effects.sent.push({ to, event });
			return;
		case 'xstate.raise':
			effects.timers = [...effects.timers.filter((timer) => timer.id !== id), { id, event, at: now + delay }];
			return;
		case 'xstate.cancel':
			effects.timers = effects.timers.filter((timer) => timer.id !== sendId);
			return;
		case 'xstate.emit':
			effects.emitted.push(event);
			return;
		default:
			effects.did.push(type);
	}
}
