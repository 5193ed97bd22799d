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
	/** Under which the provider actor finds it again: it is given back once, whatever comes twice. */
	number: number;
	model: string;
	/** A probe: its result decides whether the provider closes again. */
	probe: boolean;
	/** The provider's trips when it was granted; a result from an older epoch is late. */
	epoch: number;
	/** The model is known to refuse a conversation that ends with the beginning of its answer. */
	refusesPrefill: boolean;
	/** Where a model's actor granted it: the permit of its key, which goes with it wherever it goes. */
	ofKey?: Permit;
}

export type ProviderStateName = 'closed' | 'open' | 'half-open' | 'quota-cooldown';

/** Why a provider is not asked until a time. */
export type TripReason = 'failures' | 'hint' | 'auth' | 'quota' | 'operator';

/**
 * Why a permit was denied: the state of the provider, a model that is unavailable while the provider is well, no room left in
 * its `limits` at this moment, a request that is larger than a whole limit and never granted (`beyond-limit`), a retry beyond
 * what `retry.budget` allows for all requests, or more than the growing share that is granted after a recovery (`ramp`).
 */
export type DenialReason = TripReason | 'probing' | 'model' | 'limit' | 'beyond-limit' | 'retry-budget' | 'ramp';

export type ProviderEvent =
	| {
			type: 'permit.requested';
			id: string;
			model: string;
			now: number;
			/** Ask for a probe although the cooldown is not over yet (`whenAllDenied: try-soonest`). */
			early: boolean;
			/** What the attempt is expected to use, tokens; 0 when it is not known. */
			tokens: number;
			/** The request has attempted this target before. */
			isRetry?: true;
			replyTo: RequestRef;
			/** A model's actor has granted already, and is told when its key does not. */
			ofModel?: { permit: Permit; actor: ProviderRef };
	  }
	| PermitResult
	/**
	 * The request of a failure has ended without an answer, and other providers answered it alike: the request is to blame. It
	 * takes back one count, and no trip.
	 */
	| { type: 'failure.withdrawn'; failed: CountedFailure; now: number }
	/** A model of this key has opened, until a time, because of failures in a row that began at `since`. */
	| { type: 'model.tripped'; model: string; since: number; until: number; now: number; random: number }
	/** The first content of the answer to a probe has arrived: the provider is alive, whatever becomes of the answer. */
	| { type: 'probe.answering'; id: string; now: number }
	/** The provider's own timer: no first content and no result of a probe came within `probeDeadline`. */
	| { type: 'probe.overdue'; id: string }
	| PeerEvent
	| OperatorEvent;

/** A failure that a provider actor was told of, by the attempt that it happened to. */
export interface CountedFailure {
	readonly permit: Permit;
	readonly failure: Failure;
	/** ms since the epoch. */
	readonly at: number;
}

/** What a provider says is left of its limits. */
export interface ToldLimits {
	readonly requests?: ToldLeft;
	readonly tokens?: ToldLeft;
}

export interface ToldLeft {
	/** A count, 0 or more; of tokens the least, where there are several. */
	readonly left: number;
	/** When there is more of it again, ms since the epoch. */
	readonly until: number;
}

/** Gives a permit back, with what the attempt used, tokens, where that is known. */
export type PermitResult =
	| { type: 'attempt.succeeded'; permit: Permit; now: number; tokens?: number; told?: ToldLimits }
	| {
			type: 'attempt.failed';
			permit: Permit;
			failure: Failure;
			now: number;
			random: number;
			/** The request will not try this target again. */
			lastTry: boolean;
			/**
			 * The actors where a failure of this request has counted before: by their ids. There this one does not, so that no
			 * request opens a breaker alone.
			 */
			counted: readonly string[];
			tokens?: number;
			told?: ToldLimits;
			replyTo: RequestRef;
			/** When the model's actor would grant again, where it passes this on to its key; ms since the epoch. */
			modelRetryAt?: number;
	  }
	/**
	 * The client left, or the request ran out of time: a probe slot is returned, there is no verdict. `unused`: no attempt was
	 * made with the permit.
	 */
	| { type: 'attempt.abandoned'; permit: Permit; now: number; tokens?: number; unused?: true };

/**
 * Another process has found this provider, or one model of it, not to be asked until a time. The longest wait wins, and
 * nothing shortens one: what is over, or no longer than the own wait, changes no state.
 */
export type PeerEvent = {
	type: 'peer.tripped';
	now: number;
	/** ms since the epoch. */
	until: number;
	reason: TripReason;
	/** Only this model is unavailable; undefined: the whole provider. */
	model?: string;
};

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
	| {
			type: 'permit.denied';
			state: ProviderStateName;
			reason: DenialReason;
			/** ms since the epoch; infinity where it is never granted. */
			retryAt: number;
			/** It is this model that is denied, by its own actor; its key may be well. */
			model?: string;
	  }
	/**
	 * The answer to `attempt.failed`: when the provider would grant this model again, ms since the epoch, and where the
	 * request has had its one failure by now, with those that it was told: this one counted there, or came too late to count.
	 */
	| { type: 'attempt.settled'; retryAt: number; counted: readonly string[] };

export type RequestEvent =
	| ProviderReply
	/** The first content of an attempt that is a probe has arrived, whether or not any of it goes to the client yet. */
	| { type: 'probe.answering'; now: number }
	/** The connection that the attempt was given was dead already: the same request is sent once more, on a new one. */
	| { type: 'attempt.reconnected'; now: number }
	/** The first content of a stream has arrived; for a continuation, with how it joins what was sent before. */
	| { type: 'attempt.answering'; now: number; seam?: SeamPlace }
	/** The whole answer has arrived, and was believed; with the tokens that it used, where the provider reported them. */
	| { type: 'attempt.completed'; now: number; tokens?: number; told?: ToldLimits }
	| {
			type: 'attempt.broke';
			failure: Failure;
			now: number;
			random: number;
			/** What has been sent can be carried on by another attempt. It means nothing before the commit. */
			continuable: boolean;
			told?: ToldLimits;
	  }
	/** The whole answer has arrived, says nothing, and is kept back: the request may leave it for another (`mayLeaveSilence`). */
	| { type: 'attempt.silent'; now: number; random: number }
	| { type: 'client.left'; now: number }
	/** The deadline of the present search or stream, `progress.deadlineAt`. */
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

/**
 * What a provider actor emits at each change of what it decides by, in numbers and names: whoever hears all of it knows the
 * actor's state, until when and why, its probes and its unavailable models. `at`, `until`: ms since the epoch. `learnt`: from
 * a peer, so that nobody needs to tell it to peers again.
 */
export type ProviderFact = { provider: string; at: number } & (
	| {
			type: 'provider.tripped';
			state: 'open' | 'quota-cooldown';
			until: number;
			reason: TripReason;
			learnt: boolean;
	  }
	/** Its wait is over, or was cut short: it is half-open, and no probe is out. */
	| { type: 'cooldown.ended' }
	/** Its probes have succeeded: it is closed. */
	| { type: 'provider.recovered' }
	/** An operator closed it, and made it forget its unavailable models. */
	| { type: 'provider.reset' }
	| { type: 'model.unavailable'; model: string; until: number; learnt: boolean }
	/** The model does not continue a last message of the assistant. */
	| { type: 'prefill.refused'; model: string }
	/** A probe is out until it is returned, until the provider's state changes, or until its deadline. */
	| { type: 'probe.leased'; id: string; model: string; until: number }
	/** It had its first content or its result, and the provider stays half-open. */
	| { type: 'probe.returned'; id: string }
);

// biome-ignore lint/suspicious/noExplicitAny: XState's own ActorRef has `any` for the emitted events.
export type ProviderRef = ActorRef<Snapshot<unknown>, ProviderEvent, any>;
// biome-ignore lint/suspicious/noExplicitAny: XState's own ActorRef has `any` for the emitted events.
export type RequestRef = ActorRef<Snapshot<unknown>, RequestEvent, any>;
