import { mostRetries } from '../config/policy-defaults.ts';
import { longestDurationMs, writtenDuration } from '../values/durations.ts';
import type { JsonObject } from '../values/json.ts';
import { shown } from './notice.ts';
import { breakerFor } from './policy-draft.ts';

/** The settings of a fallback file, or of one model in it; absent is what it does not say. */
export interface FallbackSettings {
	/** Further attempts on the same model. */
	retries?: number;
	timeoutMs?: number;
	disableMs?: number;
	healthWindowMs?: number;
	/** The share of failures from which a model is skipped. */
	failureRate?: number;
	/** The order in which models are tried: the smallest first. */
	priority?: number;
}

/** What was changed on the way, or has no equivalent: the setting's name, and a sentence. */
export interface Remark {
	key: string;
	message: string;
}

const MOST_ATTEMPTS = mostRetries + 1;
const msPer = { ms: 1, seconds: 1_000, secs: 1_000, s: 1_000, minutes: 60_000, hours: 3_600_000 } as const;
type Unit = keyof typeof msPer;

type Reader = (value: unknown, key: string, unit: Unit | undefined) => FallbackSettings | string;

/** By the setting's name without its unit. A reader says what the value is, or what it should have been. */
const readers: Readonly<Record<string, Reader>> = {
	max_retries: readAttempts,
	max_retries_per_model: readAttempts,
	timeout: (value, _key, unit = 'seconds') => timeOf(value, unit, (timeoutMs) => ({ timeoutMs })),
	disable_duration: (value, _key, unit = 'seconds') => timeOf(value, unit, (disableMs) => ({ disableMs })),
	health_window: (value, _key, unit = 'minutes') => timeOf(value, unit, (healthWindowMs) => ({ healthWindowMs })),
	skip_threshold(value) {
		const share = numberIn(value, 0, 1);
		if (share === undefined) return 'a share from 0 to 1';
		// 0 skips nothing, and no share of failures is more than all.
		return { failureRate: Math.max(0.01, Math.round((1 - share) * 100) / 100) };
	},
	priority(value) {
		const priority = numberIn(value, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
		return priority === undefined ? 'a number' : { priority };
	},
};

/** What each setting became, where it is not plain to see. */
const explanations: Readonly<Record<string, (settings: FallbackSettings) => string>> = {
	max_retries: attemptsText,
	max_retries_per_model: attemptsText,
	disable_duration: () =>
		'became `cooldown` and `modelCooldown`: so long a model is not asked that is unavailable, or that fails.',
	health_window: () => 'became `window`.',
	skip_threshold: () => 'became `failureRate`: what it says of successes, this says of failures.',
};

/**
 * Reads settings such as `max_retries_per_model`, `timeout`, `disable_duration_seconds`; a unit may end each name of a time.
 * @param allowed the names, without unit, that mean something here
 */
export function readSettings(given: JsonObject, allowed: readonly string[]): [FallbackSettings, Remark[]] {
	const remarks: Remark[] = [];
	let settings: FallbackSettings = {};
	for (const [key, value] of Object.entries(given)) {
		const [name, unit] = unitOf(key);
		const reader = allowed.includes(name) ? readers[name] : undefined;
		const read = reader?.(value, key, unit) ?? 'here';
		if (reader === undefined) {
			remarks.push({ key, message: `\`${shown(key)}\` has no equivalent and was not imported.` });
		} else if (typeof read === 'string') {
			remarks.push({ key, message: `\`${shown(key)}\` is not ${read} and was not imported.` });
		} else {
			settings = { ...settings, ...read };
			const explanation = explanations[name]?.(read);
			if (explanation !== undefined) remarks.push({ key, message: `\`${shown(key)}\` ${explanation}` });
		}
	}
	return [settings, remarks];
}

/** It counts the rounds of a loop, of which the first is no retry. */
function readAttempts(value: unknown): FallbackSettings | string {
	const attempts = numberIn(value, 0, MOST_ATTEMPTS);
	if (attempts === undefined || !Number.isInteger(attempts)) return `a whole number from 0 to ${MOST_ATTEMPTS}`;
	return { retries: Math.max(0, attempts - 1) };
}

function attemptsText({ retries = 0 }: FallbackSettings): string {
	return `counts attempts, of which the first is no retry: it became \`retries: ${retries}\`, though not after a timeout.`;
}

function timeOf(value: unknown, unit: Unit, make: (ms: number) => FallbackSettings): FallbackSettings | string {
	const number = numberIn(value, 0, Number.POSITIVE_INFINITY) ?? 0;
	const ms = number * msPer[unit];
	return ms > 0 && ms <= longestDurationMs ? make(ms) : 'a time above 0 and of at most 24 days';
}

/** `disable_duration_seconds` → `disable_duration`, `seconds`. */
function unitOf(key: string): [name: string, unit: Unit | undefined] {
	const name = key
		.replace(/([a-z])([A-Z])/g, '$1_$2')
		.replaceAll('-', '_')
		.toLowerCase();
	const [, bare = name, unit] = /^(.+)_(ms|seconds|secs|s|minutes|hours)$/.exec(name) ?? [];
	return [bare, unit as Unit | undefined];
}

function numberIn(value: unknown, min: number, max: number): number | undefined {
	const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
	return typeof number === 'number' && Number.isFinite(number) && number >= min && number <= max ? number : undefined;
}

/**
 * What a model may be asked again after. A rejected key, a bad request or an empty account stays what it is, and a silent
 * model stays silent.
 */
const worthRetry = ['RATE_LIMIT', 'SERVER_ERROR', 'NETWORK_ERROR', 'MODEL_UNAVAILABLE', 'UNKNOWN_TRANSIENT'];

/**
 * The part of a breaker that settings name.
 * @param timeoutMs the longest of any model
 */
export function breakerOf(settings: FallbackSettings, timeoutMs: number): Record<string, unknown> {
	const { disableMs, healthWindowMs, failureRate } = settings;
	return {
		...breakerFor(timeoutMs, disableMs),
		...(disableMs !== undefined && { modelCooldown: writtenDuration(disableMs) }),
		...(failureRate !== undefined && { failureRate }),
		...(healthWindowMs !== undefined && { window: writtenDuration(healthWindowMs) }),
	};
}

/** `retries` on everything that another attempt may heal. */
export function onErrorOf(retries: number): Record<string, unknown> {
	return Object.fromEntries(worthRetry.map((category) => [category, { retries }]));
}
