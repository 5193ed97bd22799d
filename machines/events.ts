import type { ActorRef, Snapshot } from 'xstate';
import type { Failure } from './failure.ts';

/**
 * The conversation between the two machines. Events are facts in the past. Machines have no clock: every
 * event that comes from outside carries `now` (ms since the epoch), and chance (`random`, 0 to 1) where a
 * decision needs it.
 */

/** A provider actor's leave for exactly one attempt. It is settled exactly once. */
export interface Permit {
	/** Names the attempt: unique among all attempts of the process. */
	id: string;
	model: string;
	/** A probe: its result decides whether the provider closes again. */
	probe: boolean;
	/** The provider's trips when it was granted; a result from an older epoch is late. */
	epoch: number;
	/** The model is known to refuse a conversation that ends with the beginning of its answer. */
	refusesPrefill: boolean;
}

export type ProviderStateName = 'closed' | 'open' | 'half-open' | 'quota-cooldown';

/** Why a permit was denied: the state of the provider, or a model that is unavailable while the provider is well. */
export type DenialReason = 'failures' | 'hint' | 'auth' | 'quota' | 'operator' | 'probing' | 'model';

export type ProviderEvent =
	| {
			type: 'permit.requested';
			id: string;
			model: string;
			now: number;
			/** Ask for a probe although the cooldown is not over yet (`whenAllDenied: try-soonest`). */
			early: boolean;
			replyTo: RequestRef;
	  }
	| { type: 'attempt.succeeded'; permit: Permit; now: number }
	| {
			type: 'attempt.failed';
			permit: Permit;
			failure: Failure;
			now: number;
			random: number;
			/** The request will not try this target again. */
			lastTry: boolean;
			replyTo: RequestRef;
	  }
	/** The client left, or the request ran out of time: a probe slot is returned, there is no verdict. */
	| { type: 'attempt.abandoned'; permit: Permit; now: number }
	/** The provider's own timer: a probe has been silent for `probeDeadline`. */
	| { type: 'probe.overdue'; id: string }
	| OperatorEvent;

/** A person knows better. They are obeyed in every state. */
export type OperatorEvent =
	/** Take it out of traffic for `forMs`; it replaces an operator's earlier word, and a longer deadline that is not theirs stays. */
	| { type: 'operator.tripped'; now: number; forMs: number }
	/** Trust it again, and forget its failures and its unavailable models. */
	| { type: 'operator.reset'; now: number }
	/** Let the next request be a probe, whatever is left of the cooldown. */
	| { type: 'operator.probed'; now: number };

export type ProviderReply =
	| { type: 'permit.granted'; permit: Permit }
	| { type: 'permit.denied'; state: ProviderStateName; reason: DenialReason; retryAt: number }
	/** The answer to `attempt.failed`: when the provider would grant this model again, ms since the epoch. */
	| { type: 'attempt.settled'; retryAt: number };

export type RequestEvent =
	| ProviderReply
	/** The first content of a stream has arrived; for a continuation, with how it joins what was sent before. */
	| { type: 'attempt.answering'; now: number; seam?: SeamPlace }
	/** The whole answer has arrived, and was believed. */
	| { type: 'attempt.completed'; now: number }
	| {
			type: 'attempt.broke';
			failure: Failure;
			now: number;
			random: number;
			/** What has been sent can be carried on by another attempt. It means nothing before the commit. */
			continuable: boolean;
	  }
	| { type: 'client.left'; now: number }
	/** The request's own deadline, `progress.deadlineAt`. */
	| { type: 'deadline.passed'; now: number };

/** Where a continuation joins an answer, in characters. */
export interface SeamPlace {
	/** What the client had before. */
	sent: number;
	/** What the model repeated of it, and was dropped. */
	trimmed: number;
}

/** What a provider actor emits for whoever listens (logs, notifications). A person should act on it. */
export type ProviderAlarm = {
	type: 'provider.alarmed';
	alarm: 'auth' | 'quota' | 'model';
	failure: Failure;
	model: string;
	/** When it will be tried again, ms since the epoch. */
	until: number;
};

// biome-ignore lint/suspicious/noExplicitAny: XState's own ActorRef has `any` for the emitted events.
export type ProviderRef = ActorRef<Snapshot<unknown>, ProviderEvent, any>;
// biome-ignore lint/suspicious/noExplicitAny: XState's own ActorRef has `any` for the emitted events.
export type RequestRef = ActorRef<Snapshot<unknown>, RequestEvent, any>;
