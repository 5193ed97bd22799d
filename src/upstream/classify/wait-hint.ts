import type { Category } from '../../../machines/failure.ts';
import type { ErrorBody } from '../../contract/error-body.ts';
import { isObject } from '../../values/json.ts';
import { leadingDateMs, leadingDurationMs, untilMs } from './error-times.ts';

type Headers = Readonly<Record<string, unknown>>;

export interface HintSource {
	/** Names in lower case. */
	headers: Headers;
	body: Pick<ErrorBody, 'json' | 'texts'>;
	category: Category;
	/** When the answer came, ms since the epoch. */
	now: number;
	/** The zone of a date in the message that names none, such as `+08:00`. Default: UTC. */
	zone?: string | undefined;
}

/** Nobody means a longer wait; a number that says so counts something else. */
const maxHintMs = 400 * 24 * 60 * 60 * 1_000;
const hourMs = 60 * 60 * 1_000;
/** How much of a body is searched for a reset time; an error object has a few dozen values. */
const maxVisited = 500;

/**
 * How long the provider asks us to wait. The first of these that is usable: `retry-after-ms`, `x-ms-retry-after-ms`,
 * `retry-after`; `resets_in_seconds` and `resets_at` in the body; headers quoted in the body (OpenRouter); Gemini's
 * `retryDelay`; a duration or a date in the message; `x-ratelimit-reset-*`, `x-ratelimit-reset`,
 * `anthropic-ratelimit-*-reset`. Messages and rate-limit headers count only where a limit was hit: any answer carries
 * the headers, and the seconds in "timed out after 30s" ask for nothing.
 * @returns ms from `now`, more than 0 and at most 400 days, or `undefined` when the provider gives no usable hint; a
 *   wait of 0 is none, the policy's backoff knows better
 */
export function waitHint({ headers, body, category, now, zone }: HintSource): number | undefined {
	const isLimit = category === 'RATE_LIMIT' || category === 'QUOTA_EXCEEDED';
	return (
		retryAfter(headers, now) ??
		bodyHint(body.json, now, isLimit) ??
		(isLimit ? (messageHint(body.texts, now, zone) ?? resetHeaders(headers, now)) : undefined)
	);
}

/**
 * The longest wait that a provider is obeyed for, ms. A fault or an overload is over within the hour, or nobody knows when:
 * a server that says 30 days is mistaken, and must not be lost for them. A rate limit is one of a day at most. Only an
 * account's own allowance comes back when its provider says so.
 * @param status the HTTP status, or the one that an error inside a 200 names
 */
export function longestWaitMs(status: number, category: Category): number {
	if (category === 'QUOTA_EXCEEDED') return maxHintMs;
	if (status >= 500) return hourMs;
	const isFault = category === 'SERVER_ERROR' || category === 'TIMEOUT' || category === 'UNKNOWN_TRANSIENT';
	return isFault && status !== 429 ? hourMs : 24 * hourMs;
}

function retryAfter(headers: Headers, now: number): number | undefined {
	return (
		usable(countMs(first(headers['retry-after-ms']))) ??
		usable(countMs(first(headers['x-ms-retry-after-ms']))) ??
		usable(untilMs(first(headers['retry-after']), now))
	);
}

type BodyKind = 'ms' | 'seconds' | 'at' | 'headers' | 'delay';

/** Keys in lower case, without `_` and `-`. */
const bodyKinds: ReadonlyMap<string, BodyKind> = new Map([
	['retryafterms', 'ms'],
	['resetsinseconds', 'seconds'],
	['retryafterseconds', 'seconds'],
	['retryafter', 'seconds'],
	['resetsat', 'at'],
	['resetat', 'at'],
	['headers', 'headers'],
	['retrydelay', 'delay'],
]);

function bodyHint(json: unknown, now: number, isLimit: boolean): number | undefined {
	const found = bodyValues(json);
	return (
		firstUsable(found.ms, countMs) ??
		firstUsable(found.seconds, (value) => untilMs(value, now)) ??
		firstUsable(found.at, (value) => untilMomentMs(value, now)) ??
		firstUsable(found.headers, (value) => quotedHeaders(value, now, isLimit)) ??
		firstUsable(found.delay, (value) => untilMs(isObject(value) ? value.seconds : value, now))
	);
}

function bodyValues(json: unknown): Record<BodyKind, unknown[]> {
	const found: Record<BodyKind, unknown[]> = { ms: [], seconds: [], at: [], headers: [], delay: [] };
	const queue: unknown[] = [json];
	for (const value of queue) {
		if (typeof value !== 'object' || value === null) continue;
		for (const [key, entry] of Object.entries(value)) {
			const kind = bodyKinds.get(key.toLowerCase().replace(/[_-]/g, ''));
			if (kind !== undefined) found[kind].push(entry);
			if (queue.length < maxVisited) queue.push(entry);
		}
	}
	return found;
}

/** A router quotes the headers of the provider behind it in the body. */
function quotedHeaders(value: unknown, now: number, isLimit: boolean): number | undefined {
	if (!isObject(value)) return undefined;
	const headers = Object.fromEntries(Object.entries(value).map(([name, entry]) => [name.toLowerCase(), entry]));
	return retryAfter(headers, now) ?? (isLimit ? resetHeaders(headers, now) : undefined);
}

const waitPhrase =
	/\b(?:try(?:ing)? (?:your request )?again|retry(?:ing)?|wait(?:ing)?|resets?|available|regain access|renews?|replenish(?:ed|es)?)\b|将[在于]/gi;
const preposition = /\b(?:in|after|at|on|for|until|within)\b|:/i;

/** A number in a message is a hint only where the sentence leads up to it: "try again in 6m0s", "will reset at 2026-…". */
function messageHint(texts: readonly string[], now: number, zone: string | undefined): number | undefined {
	for (const text of texts) {
		for (const phrase of text.matchAll(waitPhrase)) {
			const rest = text.slice(phrase.index + phrase[0].length).slice(0, 120);
			const [between = ''] = /^[^\d.;!?]{0,40}/.exec(rest) ?? [];
			if (!preposition.test(between) && !/^(?:wait|将)/i.test(phrase[0])) continue;
			const time = rest.slice(between.length);
			const moment = leadingDateMs(time, zone);
			const hint = usable(moment === undefined ? leadingDurationMs(time) : moment - now);
			if (hint !== undefined) return hint;
		}
	}
	return undefined;
}

interface LimitFamily {
	/** Matches the header that says when a window resets; the group is the window's name. */
	reset: RegExp;
	remaining: (window: string) => string;
	status?: (window: string) => string;
}

const limitFamilies: readonly LimitFamily[] = [
	{
		reset: /^x-ratelimit-reset-(.+)$/,
		remaining: (window) => `x-ratelimit-remaining-${window}`,
	},
	{
		reset: /^x-ratelimit-reset()$/,
		remaining: () => 'x-ratelimit-remaining',
	},
	{
		reset: /^anthropic-ratelimit-(.+)-reset$/,
		remaining: (window) => `anthropic-ratelimit-${window}-remaining`,
		status: (window) => `anthropic-ratelimit-${window}-status`,
	},
];

function resetHeaders(headers: Headers, now: number): number | undefined {
	return firstUsable([...limitFamilies], (family) => longestReset(headers, family, now));
}

/**
 * The longest wait among the windows that are used up. Where none says that it is, a window too small for this request
 * was hit, and the longest counts, except those of hours and days: they have room, and would cost a day for nothing.
 */
function longestReset(headers: Headers, family: LimitFamily, now: number): number | undefined {
	const windows = Object.keys(headers).flatMap((header) => {
		const name = family.reset.exec(header)?.[1];
		if (name === undefined) return [];
		const remaining = first(headers[family.remaining(name)]);
		const status = first(headers[family.status?.(name) ?? '']);
		const isUsedUp = status === 'rejected' || (remaining !== undefined && Number(remaining) === 0);
		const isLong = /(?:^|-)(?:hour|day|week|month|\d+[hdw])s?(?:-|$)/.test(name);
		return [{ isUsedUp, isCandidate: !isLong && status !== 'allowed', resetMs: untilMs(first(headers[header]), now) }];
	});
	const usedUp = windows.filter((window) => window.isUsedUp);
	const waits = (usedUp.length > 0 ? usedUp : windows.filter((window) => window.isCandidate)).flatMap(
		(window) => usable(window.resetMs) ?? [],
	);
	return waits.length === 0 ? undefined : Math.max(...waits);
}

function firstUsable<T>(values: readonly T[], hintOf: (value: T) => number | undefined): number | undefined {
	for (const value of values) {
		const hint = usable(hintOf(value));
		if (hint !== undefined) return hint;
	}
	return undefined;
}

/** A bare number of milliseconds. */
function countMs(value: unknown): number | undefined {
	const isNumeric = typeof value === 'number' || (typeof value === 'string' && /^ *\d+(?:\.\d+)? *$/.test(value));
	return isNumeric ? Number(value) : undefined;
}

/** A date or an epoch; a small number is neither. */
function untilMomentMs(value: unknown, now: number): number | undefined {
	const isSmall = Number(value) < 1e9;
	return isSmall ? undefined : untilMs(value, now);
}

function usable(hintMs: number | undefined): number | undefined {
	if (hintMs === undefined || !(hintMs > 0) || hintMs > maxHintMs) return undefined;
	return Math.ceil(hintMs);
}

function first(value: unknown): unknown {
	return Array.isArray(value) ? value[0] : value;
}
