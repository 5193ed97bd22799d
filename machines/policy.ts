import type { Category } from './failure.ts';

/**
 * The policy that the machines obey. The names are those of the YAML; every duration is in ms.
 * Defaults live in `src/config/policy-options.ts`.
 */
export interface Policy {
	timeouts: Timeouts;
	retry: RetryPolicy;
	breaker: BreakerPolicy;
	/** What a request does after a failure, keyed by `CATEGORY` or `CATEGORY.reason`. */
	onError: Readonly<Record<string, ErrorPolicy>>;
	/** What becomes of a stream that breaks after the commit. */
	continuation: ContinuationPolicy;
	/** What a request does when every target is denied. */
	whenAllDenied: 'fail' | 'try-soonest';
}

/** How long each phase may take, ms. */
export interface Timeouts {
	/** Until a connection stands. */
	connect: number;
	/** From the sent request to the first content of a stream. */
	firstToken: number;
	/** Between two pieces of an answer. */
	idle: number;
	/** A whole answer that is not streamed. */
	response: number;
	/** The deadline of the whole request: every attempt, wait and stream of it. */
	request: number;
}

export interface RetryPolicy {
	/** Wait before the first retry on the same target, ms. */
	backoff: number;
	/** Each further wait is this many times longer. */
	factor: number;
	/** The longest backoff, ms. */
	maxBackoff: number;
	/** Spreads a backoff by up to this share of it, both ways: 0.2 is ±20 %. */
	jitter: number;
	/** The longest wait that a provider may ask a request for, ms; a longer hint becomes the provider's cooldown. */
	maxRetryAfter: number;
}

export interface BreakerPolicy {
	/** Opens on this many transient failures in a row. */
	failureThreshold: number;
	/** Opens when this share of the results in the window failed, 0 to 1. */
	failureRate: number;
	/** How far back the failure rate looks, ms. */
	window: number;
	/** The failure rate counts only from this many results in the window on. */
	minimumVolume: number;
	/** How long the first opening lasts, ms. */
	cooldown: number;
	/** Each re-opening lasts this many times longer. */
	cooldownFactor: number;
	/** The longest cooldown that a run of failures can lead to, ms. */
	maxCooldown: number;
	/** Lengthens a cooldown by up to this share of it, so that replicas do not probe in step. */
	cooldownJitter: number;
	/** How many probes may be out at once in `half-open`. */
	probes: number;
	/** How many probes must succeed to close. */
	successThreshold: number;
	/** A probe that has said nothing for this long has failed, ms. */
	probeDeadline: number;
	/** How long a rejected credential stays open, ms. */
	authCooldown: number;
	/** How long an exhausted quota cools down when the provider names no reset time, ms. */
	quotaCooldown: number;
	/** How long an unavailable model is unavailable when the provider names no time, ms. */
	modelCooldown: number;
	/** What a failure means to the provider actor, keyed by `CATEGORY` or `CATEGORY.reason`. */
	effects: Readonly<Record<string, Effect>>;
}

/**
 * What a failure means to the provider that caused it.
 * - `none`: nothing; the caller's mistake
 * - `count`: one transient failure; a hint longer than `maxRetryAfter` opens until that hint's time
 * - `cool`: as `count`, but a short hint is the provider pacing us and is not held against it
 * - `auth`: opens at once for `authCooldown`
 * - `quota`: `quota-cooldown`, until the provider's reset time or for `quotaCooldown`
 * - `model`: sidelines the model, leaves the provider alone
 */
export const effects = ['none', 'count', 'cool', 'auth', 'quota', 'model'] as const;
export type Effect = (typeof effects)[number];

/**
 * Where a request goes after a failure, once the retries on the same target are used up.
 * - `next`: the next target of the chain
 * - `larger-context`: the next target whose context window is larger, or not known
 * - `credential`: the same target with the provider's next credential
 * - `fail`: to the caller, with this failure
 */
export const fallbacks = ['next', 'larger-context', 'credential', 'fail'] as const;
export type Fallback = (typeof fallbacks)[number];

export interface ErrorPolicy {
	/** Further attempts on the same target. */
	retries: number;
	/** Tried in order; the first way that leads anywhere is taken, and none means `fail`. */
	then: readonly Fallback[];
}

/** When and how far a broken stream is carried on by another attempt. */
export interface ContinuationPolicy {
	/** How often one answer may be carried on; 0 ends every broken stream with an error. */
	maxContinuations: number;
	/** The categories of failure after which it is. */
	categories: readonly Category[];
	/** How much text of one answer is kept for it, characters; a longer answer is not carried on. */
	retainedText: number;
	/** How often the client hears a comment while there is nothing else to say, ms. */
	keepAlive: number;
}
