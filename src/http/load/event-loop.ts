/** How often the delay is looked at, ms. */
export const TICK_MS = 250;

/** So many ticks in a row must be late: one long task is over when it is seen, and no reason to turn anybody away. */
const LATE_TICKS = 3;

/** Whether the event loop has been late for some time, as a timer finds it that should go off every `TICK_MS`. */
export class EventLoopWatch {
	readonly #boundMs: number;
	#dueAt = Number.POSITIVE_INFINITY;
	#lateTicks = 0;

	/** @param boundMs how late is too late */
	constructor(boundMs: number) {
		this.#boundMs = boundMs;
	}

	/** @param now by a clock that never goes back, ms */
	tick(now: number): void {
		this.#lateTicks = now - this.#dueAt > this.#boundMs ? this.#lateTicks + 1 : 0;
		this.#dueAt = now + TICK_MS;
	}

	get isOverloaded(): boolean {
		return this.#lateTicks >= LATE_TICKS;
	}
}
