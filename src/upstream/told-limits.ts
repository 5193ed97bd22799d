import type { ToldLeft, ToldLimits } from '../../machines/events.ts';
import type { AnswerHeaders } from '../contract/dialect.ts';
import { clock } from '../values/clock.ts';
import { untilMs } from './classify/error-times.ts';

/** A header that says what is left, and the one that says until when. */
type Pair = readonly [remaining: string, reset: string];

const ofRequests: readonly Pair[] = [
	['x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests'],
	['anthropic-ratelimit-requests-remaining', 'anthropic-ratelimit-requests-reset'],
	['x-ratelimit-remaining', 'x-ratelimit-reset'],
	['ratelimit-remaining', 'ratelimit-reset'],
];

const ofTokens: readonly Pair[] = [
	['x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens'],
	['anthropic-ratelimit-tokens-remaining', 'anthropic-ratelimit-tokens-reset'],
	['anthropic-ratelimit-input-tokens-remaining', 'anthropic-ratelimit-input-tokens-reset'],
	['anthropic-ratelimit-output-tokens-remaining', 'anthropic-ratelimit-output-tokens-reset'],
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
function least(headers: AnswerHeaders, pairs: readonly Pair[], at: number, learns: boolean): ToldLeft | undefined {
	let found: ToldLeft | undefined;
	for (const [remaining, reset] of pairs) {
		const said = headers[remaining];
		if (typeof said !== 'string' || !/^\d{1,15}$/.test(said)) continue;
		const left = Number(said);
		if ((left > 0 && !learns) || (found !== undefined && left > found.left)) continue;
		const resetMs = untilMs(headers[reset], clock.toWall(at));
		if (resetMs === undefined || !(resetMs > 0)) continue;
		const until = Math.ceil(at + resetMs);
		if (found === undefined || left < found.left || until > found.until) found = { left, until };
	}
	return found;
}
