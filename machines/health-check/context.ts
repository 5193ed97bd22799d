import { retryBackoff } from '../backoff.ts';
import type { Permit, ProviderRef, ProviderReply } from '../events.ts';
import type { Failure } from '../failure.ts';

/** The policy of active checks, under the names of the YAML. Times in ms. */
export interface HealthCheckPolicy {
	every: number;
	onlyWhenIdle: boolean;
	/** `factor` is at least 1. */
	backoff: { readonly factor: number; readonly max: number };
	/** USD. */
	maxCostPerDay: number;
	/** Absent where only `every` says how many. */
	maxPerDay?: number;
}

export interface HealthCheckInput {
	/** The id of the provider actor of the key that is checked. */
	id: string;
	policy: HealthCheckPolicy;
	/** Whom a permit is asked of: the actor of the key, or of a model of it. */
	gate: ProviderRef;
	/** The model that is asked; of the list of models, a name for that. */
	model: string;
	/** What a check is expected to use, tokens. */
	tokens: number;
	/** ms since the epoch. */
	now: number;
	/** 0 to 1. */
	random: number;
}

/**
 * What is known of a provider when a check is due.
 * - `no`: it would be refused, or prove nothing
 * - `with-permit`: as any request
 * - `ahead`: the provider is out for a time that only we have guessed, and may be looked at before: a permit is asked when it has
 *   answered, so that looks in vain change nothing
 */
export type Prospect = 'no' | 'with-permit' | 'ahead';

export type CheckResult = 'passed' | 'failed' | 'unproved';

export type HealthCheckEvent =
	| ProviderReply
	/** The answer to `lookAround`. */
	| {
			type: 'check.due';
			now: number;
			random: number;
			prospect: Prospect;
			/** The provider and the model are in traffic. */
			isClosed: boolean;
			/** When a request last had an answer, ms since the epoch; 0 when none has. */
			answeredAt: number;
			/** What a check will cost, USD; 0 where it costs nothing or nobody knows. */
			costUsd: number;
	  }
	| {
			type: 'check.passed';
			now: number;
			random: number;
			/** Whether it is evidence for the provider: a list of models is not, where a model is in trouble. */
			isEvidence: boolean;
			/** What it has cost, where that is known. */
			costUsd?: number;
	  }
	| {
			type: 'check.failed';
			now: number;
			random: number;
			failure: Failure;
			/** Whether it is evidence against the provider: that it has no list of models is not. */
			isEvidence: boolean;
	  };

export interface HealthCheckContext {
	readonly id: string;
	readonly policy: HealthCheckPolicy;
	readonly gate: ProviderRef;
	readonly model: string;
	readonly tokens: number;
	/** How long the present wait is, ms, and when it ends, ms since the epoch. */
	readonly waitMs: number;
	readonly nextAt: number;
	/** Failures in a row. */
	readonly failures: number;
	readonly permit: Permit | undefined;
	/** Checks so far: each has a number. */
	readonly checks: number;
	/** The present day of 24 hours: when it began, how many checks it had, and what they have cost, USD. */
	readonly day: { readonly since: number; readonly checks: number; readonly usd: number };
	/** What the check that runs was expected to cost, USD. */
	readonly expectedUsd: number;
	/** When a check last was reported as a success, ms since the epoch. */
	readonly succeededAt: number;
	readonly last: { readonly at: number; readonly result: CheckResult; readonly failure?: Failure } | undefined;
}

const DAY_MS = 86_400_000;

/** At random this share of a wait sooner: many processes must not ask at once, and none later than it was told to. */
const JITTER = 0.1;

export function firstContext({ id, policy, gate, model, tokens, now, random }: HealthCheckInput): HealthCheckContext {
	return {
		id,
		policy,
		gate,
		model,
		tokens,
		...waitFor(policy.every * random, now),
		failures: 0,
		permit: undefined,
		checks: 0,
		day: { since: now, checks: 0, usd: 0 },
		expectedUsd: 0,
		succeededAt: 0,
		last: undefined,
	};
}

export function waitFor(delayMs: number, now: number): Pick<HealthCheckContext, 'waitMs' | 'nextAt'> {
	const waitMs = Math.max(1, Math.round(delayMs));
	return { waitMs, nextAt: now + waitMs };
}

/** The wait for the next check: `every`, longer after each failure. */
export function nextWait({ policy, failures }: HealthCheckContext, now: number, random: number) {
	const { every, backoff } = policy;
	const grown = retryBackoff(
		{ backoff: every, maxBackoff: backoff.max, factor: backoff.factor, jitter: 0 },
		failures,
		0,
	);
	return waitFor(grown * (1 - JITTER * random), now);
}

/** The day that it is: the next one begins when 24 hours are over. */
export function dayAt({ day }: HealthCheckContext, now: number): HealthCheckContext['day'] {
	return now - day.since < DAY_MS ? day : { since: now, checks: 0, usd: 0 };
}

export function dayEndsAt(context: HealthCheckContext, now: number): number {
	return dayAt(context, now).since + DAY_MS;
}

/** Whether a check more today would be one too many, or too dear. */
export function isSpent(context: HealthCheckContext, costUsd: number, now: number): boolean {
	const { maxPerDay, maxCostPerDay } = context.policy;
	const { checks, usd } = dayAt(context, now);
	return checks >= (maxPerDay ?? Number.POSITIVE_INFINITY) || usd + costUsd > maxCostPerDay;
}
