/** Where the wall clock is ahead of or behind ours by less than this, it is rounding, ms. */
const LEAP_MS = 1000;

// Taken now: a test that replaces the timers of the process must not stop this one.
const { performance } = globalThis;
const elapsed = performance.now.bind(performance);

/**
 * The time by which durations are decided, ms since the epoch. It goes on at the pace of the system's monotonic clock and
 * never back: a wall clock that is set back by an hour must not keep a model unavailable for an hour more. Where the wall
 * clock goes ahead, it follows, as after a suspend, in which the monotonic clock stands still and cooldowns run out.
 *
 * The wall clock itself is for people, and for what a provider names in wall time.
 */
export class Clock {
	readonly #wall: () => number;
	readonly #elapsed: () => number;
	/** What is added to the time elapsed, ms. It only grows. */
	#offset = 0;
	/** How far this clock is ahead of the wall clock since that was set back, ms. */
	#aheadMs = 0;

	/**
	 * @param wall the time of the wall clock, whole ms since the epoch
	 * @param monotonic ms since any moment
	 */
	constructor(wall: () => number = () => Date.now(), monotonic: () => number = elapsed) {
		this.#wall = wall;
		this.#elapsed = monotonic;
		this.restart();
	}

	/** Starts at the present wall time, as a new process would. */
	restart(): void {
		this.#offset = this.#wall() - this.#elapsed();
		this.#aheadMs = 0;
	}

	/** Whole ms since the epoch, never less than before. */
	now(): number {
		// In this order: whatever time passes between the two must not be taken for a leap ahead.
		const wallMs = this.#wall();
		const steadyMs = Math.floor(this.#elapsed() + this.#offset);
		if (steadyMs >= wallMs) return steadyMs;
		this.#offset += wallMs - steadyMs;
		return wallMs;
	}

	/** The time on the wall at a moment of this clock, for people, ms since the epoch. */
	toWall(ms: number): number {
		return ms - this.#ahead();
	}

	/** The moment of this clock at a time on the wall, ms since the epoch. */
	fromWall(ms: number): number {
		return ms + this.#ahead();
	}

	/** In steps: one moment must not be shown as two that differ by a rounded ms. */
	#ahead(): number {
		const measuredMs = this.now() - this.#wall();
		if (Math.abs(measuredMs - this.#aheadMs) >= LEAP_MS) this.#aheadMs = measuredMs < LEAP_MS ? 0 : measuredMs;
		return this.#aheadMs;
	}
}

/** The clock of this process. */
export const clock = new Clock();

/**
 * A moment of the clock of this process as people read it: wall time, RFC 3339. One past what a date can hold is shown as
 * the last one.
 */
export function rfc3339(ms: number): string {
	return new Date(Math.min(clock.toWall(ms), 8.64e15)).toISOString();
}
