import { clock } from '../../values/clock.ts';

interface Count {
	current: number;
	/** When its window began, ms of the process's clock. */
	readonly since: number;
}

/** How many are counted at once; of more, those that were counted first are forgotten. */
const MOST_KEYS = 5000;

/**
 * What the rate limit plugin counts in, in the place of its own store: that goes by the wall clock, and one that is set
 * back by an hour would shut a caller out for that hour.
 */
export class LimitCounts {
	readonly #counts = new Map<string, Count>();

	/** Counts one more of a key. `ttl` is how long its window goes on, ms. */
	incr(key: string, done: (error: null, result: { current: number; ttl: number }) => void, windowMs: number): void {
		const now = clock.now();
		const known = this.#counts.get(key);
		const count = known !== undefined && now < known.since + windowMs ? known : { current: 0, since: now };
		count.current += 1;
		// To the end of the map: the first one in it is the one that was counted longest ago.
		this.#counts.delete(key);
		this.#counts.set(key, count);
		this.#forgetOldest();
		done(null, { current: count.current, ttl: count.since + windowMs - now });
	}

	/** Each limit counts by itself. */
	child(): LimitCounts {
		return new LimitCounts();
	}

	#forgetOldest(): void {
		if (this.#counts.size <= MOST_KEYS) return;
		const [oldest] = this.#counts.keys();
		if (oldest !== undefined) this.#counts.delete(oldest);
	}
}
