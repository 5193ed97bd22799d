import { createInspector, type StatelyInspectionEvent } from '@statelyai/inspect';
import type { AnyActorRef, InspectionEvent } from 'xstate';
import type { ActorInspector } from '../../gateway/gateway.ts';
import { clock } from '../../values/clock.ts';
import { Sampler } from './sampler.ts';
import { statelyMessage } from './stately-message.ts';
import { startStatelyServer } from './stately-server.ts';

export interface StatelyBridge {
	/** Where a browser shows it: `http://127.0.0.1:8080`. */
	readonly url: string;
	/** For the `inspect` option of a new actor; undefined where this one is not looked at, which then costs nothing. */
	inspect(kind: 'provider' | 'request'): ActorInspector | undefined;
	close(): Promise<void>;
}

const limits = {
	/** Request actors that are shown, a second. */
	requests: 5,
	/** Events of provider actors that are shown, a second; a change of state always is. */
	providerEvents: 50,
};

/**
 * The bridge to the Stately Inspector: provider actors and a sample of request actors, sent to whoever opened the page
 * at `url`. Nothing is sent while nobody has.
 * @param port 0 is any free one
 * @throws when the port cannot be listened on
 */
export async function openStatelyBridge(port: number): Promise<StatelyBridge> {
	const providers = new Map<string, AnyActorRef>();
	const registrations = new Map<string, string>();
	const states = new Map<string, unknown>();
	const requestSampler = new Sampler(limits.requests);
	const eventSampler = new Sampler(limits.providerEvents);

	const send = (event: StatelyInspectionEvent) => {
		const text = statelyMessage(event);
		if (event.type === '@xstate.actor' && providers.has(event.sessionId)) registrations.set(event.sessionId, text);
		server.broadcast(text);
	};
	const inspector = createInspector({ send });
	const server = await startStatelyServer(port, () => {
		// After the registrations, to everybody: it only repeats what holds.
		setImmediate(() => {
			for (const actor of providers.values()) inspector.snapshot(actor, actor.getSnapshot());
		});
		return [...registrations.values()];
	});
	const pass = (event: InspectionEvent) => inspector.inspect.next?.(event);

	const request: ActorInspector = { next: pass };
	const provider: ActorInspector = {
		next(event) {
			const actor = event.actorRef as AnyActorRef;
			if (event.type === '@xstate.actor') {
				providers.set(actor.sessionId, actor);
				pass(event);
				return;
			}
			if (!server.hasClients) return;
			if (hasMoved(event, states) || eventSampler.take(clock.now())) pass(event);
		},
	};
	return {
		url: server.url,
		inspect(kind) {
			if (kind === 'provider') return provider;
			return server.hasClients && requestSampler.take(clock.now()) ? request : undefined;
		},
		close: () => server.close(),
	};
}

/** Whether a snapshot shows another state than the one before it. */
function hasMoved(event: InspectionEvent, states: Map<string, unknown>): boolean {
	if (event.type !== '@xstate.snapshot') return false;
	const { sessionId } = event.actorRef as AnyActorRef;
	const { value } = event.snapshot as { value?: unknown };
	if (states.get(sessionId) === value) return false;
	states.set(sessionId, value);
	return true;
}
