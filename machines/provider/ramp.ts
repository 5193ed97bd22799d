/**
 * The time after a recovery, in which a growing share of what is asked is granted. Decided by counting: each question adds
 * the present share to the credit, and a grant takes 1 of it.
 */
export interface Ramp {
	/** When it closed, ms since the epoch. */
	readonly since: number;
	/** 0 to less than 1, once a question is answered. */
	readonly credit: number;
}

/** @param rampMs how long it takes until all is granted */
export function isRamping(ramp: Ramp | undefined, rampMs: number | 'off', now: number): ramp is Ramp {
	return ramp !== undefined && rampMs !== 'off' && now < ramp.since + rampMs;
}

/** The credit with one more question. */
export function creditAt({ since, credit }: Ramp, rampMs: number, now: number): number {
	return credit + Math.max(0, now - since) / rampMs;
}

/** When the next question would be granted, with this credit, ms since the epoch; never later than the ramp's end. */
export function rampOpensAt({ since }: Ramp, credit: number, rampMs: number, now: number): number {
	return Math.max(now, since + Math.ceil(rampMs * (1 - credit)));
}
