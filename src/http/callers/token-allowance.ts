import { clock } from '../../values/clock.ts';

const MINUTE_MS = 60_000;

/**
 * The tokens of one caller: a minute's worth for one that was idle, filled up evenly. Answers that were longer than what was
 * left put it below nothing, and it waits until that is made good.
 */
export class TokenAllowance {
	readonly perMinute: number;
	#left: number;
	/** Of what is left, ms of the process's clock. */
	#at = clock.now();

	constructor(perMinute: number) {
		this.perMinute = perMinute;
		this.#left = perMinute;
	}

	/** Tokens; below nothing where more was used. */
	get left(): number {
		const now = clock.now();
		this.#left = Math.min(this.perMinute, this.#left + ((now - this.#at) * this.perMinute) / MINUTE_MS);
		this.#at = now;
		return this.#left;
	}

	/** How long until it has so many, ms; 0 where it has them. */
	msUntil(tokens: number): number {
		return (Math.max(0, tokens - this.left) * MINUTE_MS) / this.perMinute;
	}

	/** @param tokens below 0 to give back what was taken */
	take(tokens: number): void {
		this.#left = Math.min(this.perMinute, this.left - tokens);
	}
}
