import type { DenialReason } from '../../../../machines/events.ts';
import type { Failure } from '../../../../machines/failure.ts';
import type { Policy } from '../../../../machines/policy.ts';
import type { ProviderMachine } from '../../../../machines/provider/machine.ts';
import type { RateLimits } from '../../../../machines/provider/rate-window.ts';
import { hintsUnder } from '../failure-samples.ts';
import { effectUnder, isCounted } from './meaning.ts';
import type { PermitLiberties } from './permits-world.ts';
import { distinctSamples, plainly, type Sample } from './samples.ts';
import { ESTIMATE } from './stage.ts';
import type { Liberties } from './world.ts';

/** What the small numbers of an exploration stand for; larger ones of the file are run through by rails. */
const MOST = { failureThreshold: 4, probes: 2, successThreshold: 2, reopenings: 3 } as const;

/** A real date, so that a time taken for a duration shows. */
export const STARTED_AT = Date.UTC(2026, 0, 1);

/** Results in a window that are never reached. */
const NEVER = Number.MAX_SAFE_INTEGER;

const MINUTE_MS = 60_000;

/** The policy with counters that an exploration can go through in every order. */
function smallPolicy(policy: Policy): Policy {
	const { breaker } = policy;
	const { cooldown, cooldownFactor, maxCooldown } = breaker;
	const reached = Math.max(cooldown, Math.round(cooldown * cooldownFactor ** MOST.reopenings));
	return {
		...policy,
		breaker: {
			...breaker,
			failureThreshold: Math.min(breaker.failureThreshold, MOST.failureThreshold),
			minimumVolume: NEVER,
			probes: Math.min(breaker.probes, MOST.probes),
			successThreshold: Math.min(breaker.successThreshold, MOST.successThreshold),
			maxCooldown: Math.min(maxCooldown, reached),
			ramp: 'off',
		},
	};
}

function isAboutModels(policy: Policy, failure: Failure): boolean {
	return (
		effectUnder(policy, failure) === 'model' || (failure.category === 'BAD_REQUEST' && failure.reason === 'prefill')
	);
}

/** One exploration: with which policy, and what may happen. */
export interface Aspect {
	name: string;
	small: Policy;
	liberties: Liberties & Pick<PermitLiberties, 'usedTokens' | 'estimates' | 'emptyForMs' | 'isTrafficOnly'>;
	/** Each permit is told from the others. */
	isAboutPermits?: boolean;
	/** How many permits may be out at once; absent: any number. Told apart without a limit, they would be states without end. */
	concurrent?: number;
	/** What may be granted in any minute; absent: whatever is asked. */
	rates?: RateLimits;
	/** Its numbers are the file's: what is answered goes into the summary. */
	isTold: boolean;
	/** Where they are not: the denials that do, and how many times longer the file's waits are. */
	tells?: { readonly reason: DenialReason; readonly factor: number };
}

/** The explorations that a policy is looked at with. */
/** @param rates what the provider actor may grant in a minute; absent: whatever is asked */
export function aspectsOf(
	machine: ProviderMachine,
	policy: Policy,
	failures: readonly Failure[],
	rates?: RateLimits,
): Aspect[] {
	return [
		oneModel(machine, policy, failures),
		unavailableModels(machine, policy, failures),
		namedTimes(policy, failures),
		peers(policy, failures),
		permits(policy, failures),
		failingModels(policy, failures),
		...(rates === undefined ? [] : [limitsPerMinute(policy, failures, rates)]),
		...(policy.retry.budget === 'off' ? [] : [retryBudget(policy)]),
		...(policy.breaker.ramp === 'off' ? [] : [rampAfterRecovery(policy, failures)]),
	];
}

/** Everything around one model, but for the failures that concern models alone. */
function oneModel(machine: ProviderMachine, policy: Policy, failures: readonly Failure[]): Aspect {
	const { veryLong } = hintsUnder(policy);
	const small = smallPolicy(policy);
	const others = failures.filter((failure) => !isAboutModels(policy, failure));
	const samples = distinctSamples(machine, small, others, STARTED_AT);
	const tripsMs = [MINUTE_MS, veryLong + MINUTE_MS];
	return {
		name: 'one model',
		small,
		liberties: { models: ['m'], samples, samplesOfOthers: samples, tripsMs },
		isTold: true,
	};
}

/**
 * What is looked for here does not depend on how long a wait is, only on which one ends first: all are whole minutes,
 * so that they meet.
 */
function unavailableModels(machine: ProviderMachine, policy: Policy, failures: readonly Failure[]): Aspect {
	const small = inMinutes(policy);
	const plain = failures.filter(({ retryAfterMs }) => retryAfterMs === undefined);
	const aboutModels = plain.filter((failure) => isAboutModels(policy, failure));
	const hinted = aboutModels.map((failure) => ({ ...failure, retryAfterMs: MINUTE_MS }));
	const transient = plain.find((failure) => isCounted(policy, failure));
	const quota = plain.find((failure) => effectUnder(policy, failure) === 'quota');
	const hurting = [transient, quota].filter((failure) => failure !== undefined);
	const samples = distinctSamples(machine, small, [...aboutModels, ...hinted, ...hurting], STARTED_AT);
	// The other model is unavailable as well, so that two are; all that can be is tried with the first.
	const sidelining = samples.find(({ failure, lastTry }) => lastTry && effectUnder(policy, failure) === 'model');
	const others = samples.filter(({ failure }) => !isAboutModels(policy, failure));
	const peer = { reason: 'failures', forMs: MINUTE_MS, model: 'm' } as const;
	const samplesOfOthers = sidelining === undefined ? others : [...others, sidelining];
	return {
		name: 'unavailable models',
		small,
		liberties: { models: ['m', 'n'], samples, samplesOfOthers, tripsMs: [], peers: [peer] },
		isTold: false,
	};
}

/**
 * What attempts that were out already tell of a provider that is open for failures: waits and dead keys whose time comes
 * before its cooldown is over, the longer one first and last. A policy whose own cooldown is the shorter one never comes
 * to this, and its machine must still be right.
 */
function namedTimes(policy: Policy, failures: readonly Failure[]): Aspect {
	const minutes = inMinutes(policy);
	const [cooldown, authCooldown] = [4 * MINUTE_MS, 2 * MINUTE_MS];
	const breaker = { ...minutes.breaker, failureThreshold: 1, cooldown, maxCooldown: cooldown, authCooldown };
	const plain = failures.filter(({ retryAfterMs }) => retryAfterMs === undefined);
	const transient = plain.find((failure) => isCounted(policy, failure));
	const rejected = plain.find((failure) => effectUnder(policy, failure) === 'auth');
	const hinted = [2, 3].flatMap((count) => (transient ? [{ ...transient, retryAfterMs: count * MINUTE_MS }] : []));
	const samples = [transient, ...hinted, rejected].flatMap((failure): Sample[] =>
		failure === undefined ? [] : [{ failure, ...plainly, standsFor: [] }],
	);
	return {
		name: 'times that are named while it is open',
		small: { ...minutes, breaker },
		liberties: { models: ['m'], samples, samplesOfOthers: [], tripsMs: [], stopsAtNamed: true },
		isTold: false,
	};
}

/** Every kind of trip of another process, shorter and longer than what it comes upon. */
function peers(policy: Policy, failures: readonly Failure[]): Aspect {
	const minutes = inMinutes(policy);
	const cooldown = 2 * MINUTE_MS;
	const breaker = { ...minutes.breaker, failureThreshold: 1, cooldown, maxCooldown: cooldown };
	const samples = plainSamples(failures, (failure) => isCounted(policy, failure));
	const told = [
		{ reason: 'failures', forMs: 3 * MINUTE_MS },
		{ reason: 'hint', forMs: MINUTE_MS },
		{ reason: 'auth', forMs: 2 * MINUTE_MS },
		{ reason: 'quota', forMs: 2 * MINUTE_MS },
		{ reason: 'operator', forMs: 3 * MINUTE_MS },
		{ reason: 'failures', forMs: 0 },
	] as const;
	return {
		name: 'peers',
		small: { ...minutes, breaker },
		liberties: { models: ['m'], samples, samplesOfOthers: [], tripsMs: [], peers: told },
		isTold: false,
	};
}

/** Each permit has its result in each state, once or twice; two probes close it, so that one can come back before. */
function permits(policy: Policy, failures: readonly Failure[]): Aspect {
	const minutes = inMinutes(policy);
	const breaker = { ...minutes.breaker, failureThreshold: 1, probes: 2, successThreshold: 2 };
	const samples = [
		...plainSamples(failures, (failure) => isCounted(policy, failure)),
		...plainSamples(failures, (failure) => effectUnder(policy, failure) === 'quota'),
		...plainSamples(failures, (failure) => effectUnder(policy, failure) === 'none'),
	];
	return {
		name: 'permits, each told from the others',
		small: { ...minutes, breaker },
		liberties: { models: ['m'], samples, samplesOfOthers: [], tripsMs: [MINUTE_MS] },
		isAboutPermits: true,
		concurrent: 2,
		isTold: false,
	};
}

/** Models of the key that open, one or several, with and without a success in between; and failures that are taken back. */
function failingModels(policy: Policy, failures: readonly Failure[]): Aspect {
	const samples = plainSamples(failures, (failure) => isCounted(policy, failure));
	return {
		name: 'several models, and failures that are taken back',
		small: inMinutes(policy),
		liberties: {
			models: ['m'],
			samples,
			samplesOfOthers: [],
			tripsMs: [],
			failingModels: [
				{ model: 'a', forMs: MINUTE_MS },
				{ model: 'b', forMs: MINUTE_MS },
				{ model: 'b', forMs: MINUTE_MS, hasFailedForLong: true },
			],
			withdrawn: samples,
		},
		isTold: false,
	};
}

/**
 * Which limits there are, with numbers that an exploration reaches: three requests, and the tokens of two and a bit. Without
 * the first, failures, which use no tokens, would be without end.
 */
export function smallRates({ tokensPerMinute }: RateLimits): RateLimits {
	return {
		requestsPerMinute: 3,
		...(tokensPerMinute !== undefined && { tokensPerMinute: 2 * ESTIMATE + 1 }),
	};
}

/** Half of the minute. */
const STEP_MS = MINUTE_MS / 2;

/** Requests of one model, and nothing else that happens to a provider. */
const inHalfMinutes = {
	models: ['m'],
	samplesOfOthers: [],
	tripsMs: [],
	stepMs: STEP_MS,
	isTrafficOnly: true,
} as const;

/** One failure opens, and every time is half of the minute. */
function trippingAtOnce(policy: Policy, more: Partial<Policy['breaker']>): Policy {
	const { breaker, retry, ...minutes } = inMinutes(policy);
	const times = { cooldown: STEP_MS, maxCooldown: STEP_MS, probeDeadline: STEP_MS };
	return {
		...minutes,
		breaker: { ...breaker, ...times, failureThreshold: 1, ...more },
		retry: { ...retry, budget: 'off' },
	};
}

/** Grants of the last minute, each told from the others, with what they used in the end. */
function limitsPerMinute(policy: Policy, failures: readonly Failure[], rates: RateLimits): Aspect {
	const isOfTokens = rates.tokensPerMinute !== undefined;
	return {
		name: 'limits per minute',
		small: trippingAtOnce(policy, {}),
		liberties: {
			...inHalfMinutes,
			samples: plainSamples(failures, (failure) => isCounted(policy, failure)),
			emptyForMs: [STEP_MS],
			...(isOfTokens && { usedTokens: [ESTIMATE + 2], estimates: [ESTIMATE, 2 * ESTIMATE + 2] }),
		},
		isAboutPermits: true,
		concurrent: 2,
		rates: smallRates(rates),
		isTold: false,
		tells: { reason: 'limit', factor: 1 },
	};
}

/** Retries and other attempts of the last minute, under a small budget; a limit per minute is what ends it. */
function retryBudget(policy: Policy): Aspect {
	const minutes = inMinutes(policy);
	return {
		name: 'retries within their budget',
		small: { ...minutes, retry: { ...minutes.retry, budget: { share: 0.5, floor: 1 } } },
		liberties: {
			...inHalfMinutes,
			samples: [],
			estimates: [0],
		},
		isAboutPermits: true,
		concurrent: 1,
		rates: { requestsPerMinute: 4 },
		isTold: false,
	};
}

/** What is granted after a recovery, up to two at a time; a limit per minute is what ends it. */
function rampAfterRecovery(policy: Policy, failures: readonly Failure[]): Aspect {
	return {
		name: 'a ramp after a recovery',
		small: trippingAtOnce(policy, { ramp: MINUTE_MS }),
		liberties: {
			...inHalfMinutes,
			samples: plainSamples(failures, (failure) => isCounted(policy, failure)),
			estimates: [0],
		},
		isAboutPermits: true,
		concurrent: 2,
		rates: { requestsPerMinute: 3 },
		isTold: false,
		tells: { reason: 'ramp', factor: (policy.breaker.ramp === 'off' ? 0 : policy.breaker.ramp) / MINUTE_MS },
	};
}

/** The first failure of a kind, without a hint. */
function plainSamples(failures: readonly Failure[], isOne: (failure: Failure) => boolean): Sample[] {
	const failure = failures.find((plain) => plain.retryAfterMs === undefined && isOne(plain));
	return failure === undefined ? [] : [{ failure, ...plainly, standsFor: [] }];
}

/** The policy with small counters, and times of whole minutes. */
export function inMinutes(policy: Policy): Policy {
	const breaker = {
		...policy.breaker,
		failureThreshold: Math.min(policy.breaker.failureThreshold, 2),
		minimumVolume: NEVER,
		cooldown: MINUTE_MS,
		maxCooldown: MINUTE_MS,
		cooldownJitter: 0,
		probes: 1,
		successThreshold: 1,
		probeDeadline: MINUTE_MS,
		authCooldown: MINUTE_MS,
		quotaCooldown: 2 * MINUTE_MS,
		modelCooldown: 2 * MINUTE_MS,
		ramp: 'off' as const,
	};
	return { ...policy, retry: { ...policy.retry, maxRetryAfter: MINUTE_MS }, breaker };
}
