import type { RetryBudget } from '../policy.ts';
import { corrected, counted, type RateWindow, withGrant } from './rate-window.ts';

/** The attempts of the last minute: how many of them were retries is what a retry budget is about. */
export interface Attempts {
	/** The first of a request at this target. */
	readonly firsts: RateWindow;
	readonly retries: RateWindow;
}

export const noAttempts: Attempts = { firsts: [], retries: [] };

/** Is a retry within the budget, beside those of the last minute? */
export function allowsRetry({ firsts, retries }: Attempts, { share, floor }: RetryBudget, now: number): boolean {
	return counted(retries, now).requests + 1 <= floor + share * counted(firsts, now).requests;
}

export function withAttempt({ firsts, retries }: Attempts, isRetry: boolean, now: number): Attempts {
	return isRetry ? { firsts, retries: withGrant(retries, 0, now) } : { firsts: withGrant(firsts, 0, now), retries };
}

/**
 * Without a grant that came to no attempt.
 * @param second that it counts in, ms since the epoch
 */
export function withoutAttempt({ firsts, retries }: Attempts, isRetry: boolean, second: number): Attempts {
	const without = (window: RateWindow) => corrected(window, second, -1, 0);
	return isRetry ? { firsts, retries: without(retries) } : { firsts: without(firsts), retries };
}

/** The second that the last one counts in, ms since the epoch. */
export function lastSecond({ firsts, retries }: Attempts, isRetry: boolean): number {
	return (isRetry ? retries : firsts).at(-1)?.from ?? 0;
}
