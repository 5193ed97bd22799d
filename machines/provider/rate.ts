import type { PermitResult } from '../events.ts';
import type { OutstandingPermit } from './ledger.ts';
import { corrected, type RateLimits, type RateWindow, roomAt, withGrant } from './rate-window.ts';

/** The limits of a provider actor per minute, and what of them is taken. An actor without any has none of this. */
export interface Rate {
	readonly limits: RateLimits;
	readonly window: RateWindow;
}

/** @returns undefined where nothing is limited */
export function rateOf(limits: RateLimits | undefined): Rate | undefined {
	if (limits?.requestsPerMinute === undefined && limits?.tokensPerMinute === undefined) return undefined;
	return { limits, window: [] };
}

/** When a request of so many tokens fits: `now`, later, or never (infinity). ms since the epoch. */
export function fitsAt({ limits, window }: Rate, tokens: number, now: number): number {
	return roomAt(window, limits, tokens, now);
}

/** With a grant that reserves `tokens`; the last second of its window is the one that it counts in. */
export function reserved(rate: Rate, tokens: number, now: number): Rate {
	return { ...rate, window: withGrant(rate.window, tokens, now) };
}

/**
 * After a result: the request stays counted, and its tokens are those that it used. A permit that led to no attempt counts
 * for nothing.
 * @param entry the permit as it was entered
 * @param used tokens
 */
export function settledRate(rate: Rate, entry: OutstandingPermit, result: PermitResult, used: number): Rate {
	if (entry.second === undefined) return rate;
	const requests = result.type === 'attempt.abandoned' && result.unused === true ? -1 : 0;
	return { ...rate, window: corrected(rate.window, entry.second, requests, used - entry.tokens) };
}
