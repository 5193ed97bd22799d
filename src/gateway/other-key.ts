import { setTimeout as sleep } from 'node:timers/promises';
import type { Classified } from '../upstream/classify/apply-error-rules.ts';
import type { RenewableKey } from './contact.ts';

/** There is no key to ask with: the one that is to be fetched could not be, so far. */
export const noKey: Classified = { failure: { category: 'AUTH_ERROR', reason: 'no_key' }, message: '' };

/** What an attempt has done about refused keys. */
export interface Renewal {
	/** How often it has been asked again. */
	readonly count: number;
	/** One of these was refused while it was the present one: that is asked about once. */
	readonly wasPresent: boolean;
}

/** Keys that have died on the way before the next one has; met where answers take as long as keys live. */
const MOST_RENEWALS = 3;

/**
 * Whether an attempt that was refused is asked again. A key that has been replaced meanwhile proves nothing about the one that
 * is there; the present one is refused once, and then believed to be.
 * @returns undefined where it is not
 */
export function nextRenewal(last: Renewal | undefined, isReplaced: boolean): Renewal | undefined {
	const { count, wasPresent } = last ?? { count: 0, wasPresent: false };
	if (count >= MOST_RENEWALS || (wasPresent && !isReplaced)) return undefined;
	return { count: count + 1, wasPresent: wasPresent || !isReplaced };
}

/**
 * Waits for another key than the one that was refused.
 * @param refused undefined where there was none
 * @param limitMs how long it may take
 * @returns whether there is one; false also where that is not known in time
 */
export async function otherKey(key: RenewableKey, refused: string | undefined, limitMs: number): Promise<boolean> {
	const over = new AbortController();
	const tooLate = sleep(limitMs, false, { signal: over.signal }).catch(() => false);
	try {
		return await Promise.race([key.renewAfter(refused), tooLate]);
	} finally {
		over.abort();
	}
}
