/**
 * What all explorations of one check may cost together, in transitions: counted and not timed, so that a configuration
 * which is explored to its end on one machine is so on every machine.
 */
export class TotalBound {
	readonly most: number;
	#used = 0;

	/** @param most transitions */
	constructor(most: number) {
		this.most = most;
	}

	get isReached(): boolean {
		return this.#used >= this.most;
	}

	/** @returns whether one more transition may be explored, which is then used up */
	take(): boolean {
		if (this.isReached) return false;
		this.#used += 1;
		return true;
	}

	/** Counts what was explored in one go. */
	used(transitions: number): void {
		this.#used += transitions;
	}
}
