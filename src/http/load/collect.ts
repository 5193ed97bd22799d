import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a request held that is not worth a thought, bytes. */
const SMALL = 1024 ** 2;

/** So much left behind is collected at once, bytes. */
const WORTH_COLLECTING = 32 * 1024 ** 2;

/** So much may the process grow, while requests hold much, before it is looked for what nobody holds, bytes. */
const GROWTH = 32 * 1024 ** 2;

/**
 * Has collected what large requests leave behind. V8 lets its heap grow by as much again before it does so by itself, and of a
 * body of twenty megabytes there are several copies: the process would hold a multiple of what requests may hold.
 */
export class Collector {
	readonly #collect: () => void;
	/** Bytes. */
	#left = 0;

	/** The least that the process has had since the last collection, bytes. */
	#least = Number.POSITIVE_INFINITY;

	/** @param collect collects all garbage, at once */
	constructor(collect: () => void = garbageCollection()) {
		this.#collect = collect;
	}

	/**
	 * Requests hold much, and what is made of it on the way is garbage soon: answers that are held back, first of all.
	 * @param resident what the process takes, bytes
	 */
	look(resident: number): void {
		this.#least = Math.min(this.#least, resident);
		if (resident - this.#least < GROWTH) return;
		this.#least = Number.POSITIVE_INFINITY;
		this.#collect();
	}

	/** @param bytes the most that a request held, which is over */
	note(bytes: number): void {
		if (bytes < SMALL) return;
		this.#left += bytes;
		if (this.#left < WORTH_COLLECTING) return;
		this.#left = 0;
		// Whoever ends the request still holds it.
		setImmediate(this.#collect);
	}
}

/** Node has it for whoever asks for it with a flag, also later. */
function garbageCollection(): () => void {
	setFlagsFromString('--expose-gc');
	return runInNewContext('gc') as () => void;
}
