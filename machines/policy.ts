import type { Category } from './failure.ts';

/**
 * The policy that the machines obey, under the names of the YAML. What each option does, its default and its range stand
 * in `src/config/policy-defaults.ts` and nowhere else; here are the types and the units.
 */
export interface Policy {
	timeouts: Timeouts;
	retry: RetryPolicy;
	breaker: BreakerPolicy;
	/** By `CATEGORY` or `CATEGORY.reason`. */
	onError: Readonly<Record<string, ErrorPolicy>>;
	continuation: ContinuationPolicy;
	/** `wait` in ms. */
	whenAllDenied: 'fail' | 'try-soonest' | { readonly wait: number };
	emptyAnswer: 'fail' | 'pass';
	/** Ms. */
	clientRetryWithin: number | 'off';
}

/** All in ms, but for `throughput`. */
export interface Timeouts {
	connect: number;
	firstToken: number;
	thinking: number;
	idle: number;
	response: number;
	request: number;
	stream: number;
	throughput: Throughput | 'off';
}

/** The slowest stream that is put up with. */
export interface Throughput {
	/** More than 0; a token is taken for four characters. */
	tokensPerSecond: number;
	/** Over which time it is measured, ms. */
	over: number;
}

/** Waits in ms. */
export interface RetryPolicy {
	backoff: number;
	/** At least 1. */
	factor: number;
	maxBackoff: number;
	/** A share, 0 to 1. */
	jitter: number;
	maxRetryAfter: number;
	budget: RetryBudget | 'off';
}

/** How many attempts of a provider's minute may be retries: `floor`, and a share of those that are none. */
export interface RetryBudget {
	/** A share, 0 to 1. */
	share: number;
	/** A count. */
	floor: number;
}

/** Times in ms, the others are counts but where it says so. */
export interface BreakerPolicy {
	failureThreshold: number;
	/** A share, 0 to 1. */
	failureRate: number;
	window: number;
	minimumVolume: number;
	cooldown: number;
	/** At least 1. */
	cooldownFactor: number;
	maxCooldown: number;
	/** A share, 0 to 1. */
	cooldownJitter: number;
	probes: number;
	successThreshold: number;
	probeDeadline: number;
	authCooldown: number;
	quotaCooldown: number;
	modelCooldown: number;
	ramp: number | 'off';
	/** By `CATEGORY` or `CATEGORY.reason`. */
	effects: Readonly<Record<string, Effect>>;
}

/**
 * What a failure means to the provider that caused it.
 * - `none`: nothing; the caller's mistake
 * - `count`: one transient failure; a hint longer than `maxRetryAfter` opens until that hint's time
 * - `cool`: as `count`, but a short hint is the provider pacing us and is not held against it
 * - `auth`: opens at once for `authCooldown`
 * - `quota`: `quota-cooldown`, until the provider's reset time or for `quotaCooldown`
 * - `model`: makes the model unavailable, leaves the provider alone
 */
export const effects = ['none', 'count', 'cool', 'auth', 'quota', 'model'] as const;
export type Effect = (typeof effects)[number];

/**
 * Where a request goes after a failure, once the retries on the same target are used up.
 * - `next`: the next target of the chain
 * - `larger-context`: the next target whose context window is larger, or not known
 * - `other-provider`: the next target of another provider, once. One attempt is made there, and whatever but an answer comes
 *   of it, the request ends with the failure that it left
 * - `credential`: the same target with the provider's next credential
 * - `fail`: to the caller, with this failure
 */
export const fallbacks = ['next', 'larger-context', 'other-provider', 'credential', 'fail'] as const;
export type Fallback = (typeof fallbacks)[number];

export interface ErrorPolicy {
	/** Further attempts on the same target. */
	retries: number;
	/** Tried in order; the first that leads anywhere is taken, and none means `fail`. */
	then: readonly Fallback[];
}

export interface ContinuationPolicy {
	/** A count; 0 is never. */
	maxContinuations: number;
	categories: readonly Category[];
	/** Characters. */
	retainedText: number;
	/** Ms. */
	keepAlive: number;
	earlyKeepAlive: boolean;
}
