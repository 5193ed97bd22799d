import type { ToldLeft, ToldLimits } from '../../machines/events.ts';
import type { AnswerHeaders } from '../contract/dialect.ts';
import { clock } from '../values/clock.ts';
import { untilMs } from './classify/error-times.ts';

/** The headers that say what is left of a limit, until when, and how much it is. */
type Names = readonly [remaining: string, reset: string, limit: string];

const ofRequests: readonly Names[] = [
	['x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests', 'x-ratelimit-limit-requests'],
	[
		'anthropic-ratelimit-requests-remaining',
		'anthropic-ratelimit-requests-reset',
		'anthropic-ratelimit-requests-limit',
	],
	['x-ratelimit-remaining', 'x-ratelimit-reset', 'x-ratelimit-limit'],
	['ratelimit-remaining', 'ratelimit-reset', 'ratelimit-limit'],
];

const ofTokens: readonly Names[] = [
	['x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens', 'x-ratelimit-limit-tokens'],
	['anthropic-ratelimit-tokens-remaining', 'anthropic-ratelimit-tokens-reset', 'anthropic-ratelimit-tokens-limit'],
	[
		'anthropic-ratelimit-input-tokens-remaining',
		'anthropic-ratelimit-input-tokens-reset',
		'anthropic-ratelimit-input-tokens-limit',
	],
	[
		'anthropic-ratelimit-output-tokens-remaining',
		'anthropic-ratelimit-output-tokens-reset',
		'anthropic-ratelimit-output-tokens-limit',
	],
];

/**
 * What the headers of an answer say is left of the limits of its provider. Resets are durations (`6m0s`, `12ms`), seconds, or
 * moments (RFC 3339, epochs).
 * @param headers names in lower case
 * @param at when they came, ms since the epoch
 * @param learns whether anything counts but that nothing is left, which is read in any case
 * @returns undefined where they say nothing that counts
 */
export function toldLimits(headers: AnswerHeaders, at: number, learns: boolean): ToldLimits | undefined {
	const requests = least(headers, ofRequests, at, learns);
	const tokens = least(headers, ofTokens, at, learns);
	if (requests === undefined && tokens === undefined) return undefined;
	return { ...(requests && { requests }), ...(tokens && { tokens }) };
}

/** The least that is left; of two that are alike the longer one. */
function least(headers: AnswerHeaders, families: readonly Names[], at: number, learns: boolean): ToldLeft | undefined {
	let found: ToldLeft | undefined;
	for (const [remaining, reset, limit] of families) {
		const said = headers[remaining];
		if (typeof said !== 'string' || !/^\d{1,15}$/.test(said)) continue;
		const left = Number(said);
		if ((left > 0 && !learns) || (found !== undefined && left > found.left)) continue;
		// Nothing left of nothing: what a server says that counts no limit.
		if (headers[limit] === '0') continue;
		const resetMs = untilMs(headers[reset], clock.toWall(at));
		if (resetMs === undefined || !(resetMs > 0)) continue;
		const until = Math.ceil(at + resetMs);
		if (found === undefined || left < found.left || until > found.until) found = { left, until };
	}
	return found;
}
