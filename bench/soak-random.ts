/** Seeded chance: the same seed and path give the same draws, whatever else happens meanwhile. */
export class Random {
	#state: number;

	/** @param path what the draws are for, such as a seed, a stream's number and a purpose */
	constructor(...path: readonly (number | string)[]) {
		// FNV-1a, 32 bits: spreads neighbouring paths over the whole range.
		let hash = 0x811c9dc5;
		for (const character of path.join('/')) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
		this.#state = hash >>> 0;
	}

	/** 0 up to, not including, 1 (mulberry32). */
	next(): number {
		this.#state = (this.#state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	}

	/** A whole number from `least` to `most`, both included. */
	integer(least: number, most: number): number {
		return least + Math.floor(this.next() * (most - least + 1));
	}

	chance(share: number): boolean {
		return this.next() < share;
	}

	/** @throws RangeError when there is nothing to choose from */
	pick<T>(choices: readonly T[]): T {
		const [first] = choices.slice(Math.floor(this.next() * choices.length));
		if (first === undefined) throw new RangeError('There is nothing to choose from.');
		return first;
	}

	/** @param weights how often each key comes, relative to the others; at least one above 0 */
	weighted<T extends string>(weights: Readonly<Record<T, number>>): T {
		const entries = Object.entries<number>(weights) as [T, number][];
		let rest = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
		for (const [key, weight] of entries) {
			rest -= weight;
			if (rest < 0) return key;
		}
		throw new RangeError('The weights are all zero.');
	}
}
