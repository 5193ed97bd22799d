import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';

/** What must stay free: for name look-ups, log files, and the connections to providers of what runs already. */
const RESERVE = 32;

/** A tenth of what there is, where that is more. */
const RESERVE_SHARE = 0.1;

/** Below this share of the limit nobody counts. */
const COUNTED_FROM = 0.5;

/** How many files and connections this process may have open; undefined where the system does not say (Linux does). */
export function descriptorLimit(): number | undefined {
	try {
		const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
		return soft === undefined ? undefined : Number(soft);
	} catch {
		// No /proc: a Mac, or a container without it.
		return undefined;
	}
}

/** @returns undefined where the system does not say; the limit itself where nothing is left to look with */
async function countDescriptors(limit: number): Promise<number | undefined> {
	try {
		return (await readdir('/proc/self/fd')).length;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'EMFILE' ? limit : undefined;
	}
}

/**
 * How near the process is to its limit of descriptors. They are counted only now and then, and only where it may matter; in
 * between, every connection and every request that has come since counts as one more.
 */
export class DescriptorWatch {
	readonly #limit: number;
	readonly #most: number;
	readonly #known: () => number;
	readonly #count: (limit: number) => Promise<number | undefined>;
	/** Descriptors beside those that are known. */
	#others = 0;

	/**
	 * @param limit descriptors that the process may have; undefined: no limit is known, and nothing scarce
	 * @param known the connections and requests that are open now
	 */
	constructor(limit: number | undefined, known: () => number, count = countDescriptors) {
		this.#limit = limit ?? Number.POSITIVE_INFINITY;
		this.#most = this.#limit - Math.max(RESERVE, this.#limit * RESERVE_SHARE);
		this.#known = known;
		this.#count = count;
	}

	/** Counts, where the known ones are many. */
	async look(): Promise<void> {
		if (this.#known() < this.#limit * COUNTED_FROM) return;
		const open = await this.#count(this.#limit);
		if (open !== undefined) this.#others = open - this.#known();
	}

	get areScarce(): boolean {
		return this.#known() + this.#others > this.#most;
	}

	/** The most connections of callers: each may need one to a provider too. */
	get connections(): number {
		return Math.max(1, Math.floor((this.#limit - 2 * RESERVE) / 2));
	}
}
