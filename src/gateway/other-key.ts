import { setTimeout as sleep } from 'node:timers/promises';
import type { Classified } from '../upstream/classify/apply-error-rules.ts';
import type { RenewableKey } from './contact.ts';

/** There is no key to ask with: the one that is to be fetched could not be, so far. */
export const noKey: Classified = { failure: { category: 'AUTH_ERROR', reason: 'no_key' }, message: '' };

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
