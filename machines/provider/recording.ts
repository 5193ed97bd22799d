import type { InspectionEvent } from 'xstate';
import type { ProviderAlarm, ProviderEvent, ProviderFact, ProviderReply } from '../events.ts';
import type { ProviderContext, ProviderInput } from './context.ts';

/**
 * All that went into a provider actor and came out of it, as plain values: whoever feeds the events to a fresh actor gets
 * the same replies, the same facts and the same memory. Events bring their `now` and `random`; the actor's own timers
 * are events too, in the place where they went off.
 */
export interface ProviderRecording {
	readonly input: ProviderInput;
	/** The first one is the start. */
	readonly events: readonly RecordedEvent[];
}

export interface RecordedEvent {
	/** When it happened, ms since the epoch; for a timer, when it was due. */
	readonly now: number;
	/** As it came in, without the actors that are to be answered. */
	readonly event: { readonly type: string };
	readonly replies: readonly ProviderReply[];
	readonly told: readonly (ProviderFact | ProviderAlarm)[];
}

/**
 * Records one provider actor; its `inspect` is given to `createActor`. It stands beside the machine, and not with the runner
 * of machines, so that whatever runs an actor can record it; replaying is the runner's (`src/verify/play`).
 */
export class ProviderRecorder {
	readonly #input: ProviderInput;
	readonly #events: {
		now: number;
		event: { type: string };
		replies: ProviderReply[];
		told: RecordedEvent['told'][number][];
	}[] = [];

	/** @param input the actor's own */
	constructor(input: ProviderInput) {
		this.#input = input;
	}

	/** What has happened so far. */
	get recording(): ProviderRecording {
		return { input: this.#input, events: this.#events.map((event) => ({ ...event })) };
	}

	readonly inspect = (inspected: InspectionEvent): void => {
		if (inspected.actorRef.sessionId !== inspected.rootId) return;
		if (inspected.type === '@xstate.event') {
			const { context } = inspected.actorRef.getSnapshot() as { context: ProviderContext };
			const event = inspected.event as ProviderEvent;
			this.#events.push({ now: this.#timeOf(event, context), event: withoutActors(event), replies: [], told: [] });
			return;
		}
		if (inspected.type !== '@xstate.action') return;
		const { type, params } = inspected.action as { type: string; params: { event?: unknown } };
		const last = this.#events.at(-1);
		if (type === 'xstate.sendTo') last?.replies.push(withoutActors(params.event as ProviderReply));
		if (type === 'xstate.emit') last?.told.push(params.event as ProviderFact | ProviderAlarm);
	};

	/** A timer has no `now`: it is due when the context says so. */
	#timeOf(event: ProviderEvent, { probes, timerAt }: ProviderContext): number {
		if ('now' in event) return event.now;
		if (event.type === 'probe.overdue') return probes.find(({ id }) => id === event.id)?.deadline ?? timerAt;
		return 'input' in event ? this.#input.now : timerAt;
	}
}

/** What was sent, as a plain value. */
export function withoutActors<E extends { type: string }>(event: E): E {
	const {
		replyTo: _,
		input: __,
		ofModel,
		...rest
	} = event as E & { replyTo?: unknown; input?: unknown; ofModel?: object };
	return (ofModel === undefined ? rest : { ...rest, ofModel: { ...ofModel, actor: undefined } }) as E;
}
