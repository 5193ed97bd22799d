import { type Category, categories, type Failure, failureName } from '../../../machines/failure.ts';
import type { Policy } from '../../../machines/policy.ts';
import { durationWords } from '../../values/time-text.ts';

/** The reasons that the machines themselves know, whatever the policy names. */
const knownReasons = [
	'BAD_REQUEST.context_length',
	'BAD_REQUEST.prefill',
	'UNKNOWN_TRANSIENT.seam_ambiguous',
	'UNKNOWN_TRANSIENT.seam_diverged',
];

const HOUR_MS = 3_600_000;

/** The waits that a provider may ask for, ms: each stands for a class of them that a policy treats alike. */
export interface WaitHints {
	/** The longest that a request waits out itself. */
	short: number;
	/** The shortest that a request does not wait out: it becomes the provider's cooldown. */
	long: number;
	/** Longer than every cooldown of the policy. */
	veryLong: number;
}

export function hintsUnder({ retry, breaker }: Policy): WaitHints {
	const short = Math.floor(retry.maxRetryAfter);
	const { cooldown, maxCooldown, authCooldown, quotaCooldown, modelCooldown, probeDeadline } = breaker;
	const longest = Math.max(short, cooldown, maxCooldown, authCooldown, quotaCooldown, modelCooldown, probeDeadline);
	return { short, long: short + 1, veryLong: longest + HOUR_MS };
}

/**
 * The failures that an environment can produce under a policy: each category, and each reason that the policy or a
 * machine tells from its category, without a hint and with each kind of hint. The nine categories come first.
 */
export function failureSamples(policy: Policy): Failure[] {
	const { short, long, veryLong } = hintsUnder(policy);
	const named = [...Object.keys(policy.onError), ...Object.keys(policy.breaker.effects)];
	const keys = new Set([...categories, ...knownReasons, ...named]);
	const plain = [...keys].flatMap((key) => failureOf(key) ?? []);
	const hinted = plain.flatMap((failure) =>
		[short, long, veryLong].map((retryAfterMs) => ({ ...failure, retryAfterMs })),
	);
	return [...plain, ...hinted];
}

/** `BAD_REQUEST` or `BAD_REQUEST.context_length` as a failure; undefined when it names no category. */
function failureOf(key: string): Failure | undefined {
	const [name, reason] = key.split('.');
	const category = categories.find((known): known is Category => known === name);
	if (category === undefined) return undefined;
	return reason === undefined ? { category } : { category, reason };
}

/** `RATE_LIMIT, retry after 30 s`, for a sentence. */
export function failureWords(failure: Failure): string {
	const name = failureName(failure);
	return failure.retryAfterMs === undefined ? name : `${name}, retry after ${durationWords(failure.retryAfterMs)}`;
}
