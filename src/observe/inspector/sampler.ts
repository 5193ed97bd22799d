/** Lets so many a second through, and up to that many at once. It keeps two numbers. */
export class Sampler {
	readonly #perSecond: number;
	#left: number;
	#at = 0;

	constructor(perSecond: number) {
		this.#perSecond = perSecond;
		this.#left = perSecond;
	}

	/**
	 * @param now ms since the epoch; a clock that goes backwards gives nothing
	 * @param reserve leave this many for more interesting ones
	 * @returns whether this one is let through
	 */
	take(now: number, reserve = 0): boolean {
		const elapsedMs = Math.max(0, now - this.#at);
		this.#at = now;
		this.#left = Math.min(this.#perSecond, this.#left + (elapsedMs / 1000) * this.#perSecond);
		if (this.#left < 1 + reserve) return false;
		this.#left -= 1;
		return true;
	}
}
