import { clock } from '../../values/clock.ts';

/** Up to this part of a limit everybody may have what is there, and nobody is held to a share of it. */
const SHARED_FROM = 0.5;

/** How long a caller that was turned away counts as one that wants its share, ms: it is told to come again in a second. */
const WANTS_MS = 5000;

/** What one caller has in flight. */
export interface CallerUse {
	readonly name: string;
	requests: number;
	bytes: number;
	/** Until when it counts without a request in flight, ms of the process's clock. */
	wantsUntil: number;
}

/**
 * What each of the callers that have keys has in flight, so that one of them cannot take what `server.limits` has for all.
 * Who is there are those with a request in flight, and those that have just been turned away: one that finds everything
 * taken by another could otherwise never begin.
 */
export class CallerShares {
	readonly #there = new Map<string, CallerUse>();
	/** Those without a request in flight, the ones that have waited longest first. */
	readonly #waiting = new Set<CallerUse>();

	enter(name: string): CallerUse {
		const use = this.#useOf(name);
		this.#waiting.delete(use);
		use.requests += 1;
		return use;
	}

	leave(use: CallerUse): void {
		use.requests -= 1;
		if (use.requests > 0) return;
		if (use.wantsUntil === 0) this.#there.delete(use.name);
		else this.#waiting.add(use);
	}

	noteTurnedAway(name: string): void {
		const use = this.#useOf(name);
		use.wantsUntil = clock.now() + WANTS_MS;
		if (use.requests > 0) return;
		this.#waiting.delete(use);
		this.#waiting.add(use);
	}

	hasAllRequests(name: string, total: number, limit: number): boolean {
		return this.#isOver((this.#there.get(name)?.requests ?? 0) + 1, total + 1, limit);
	}

	/** @param more bytes beyond those that it has */
	hasAllBytes({ bytes }: CallerUse, more: number, total: number, limit: number): boolean {
		return this.#isOver(bytes + more, total + more, limit);
	}

	/** Whether one caller would have more than its equal share, while all have much together. */
	#isOver(own: number, total: number, limit: number): boolean {
		if (total <= limit * SHARED_FROM) return false;
		this.#forgetGone();
		// Whoever has the least of a very small limit may have one.
		return this.#there.size > 1 && own > Math.max(1, limit / this.#there.size);
	}

	#useOf(name: string): CallerUse {
		const known = this.#there.get(name);
		if (known !== undefined) return known;
		const use = { name, requests: 0, bytes: 0, wantsUntil: 0 };
		this.#there.set(name, use);
		return use;
	}

	#forgetGone(): void {
		const now = clock.now();
		for (const use of this.#waiting) {
			if (use.wantsUntil > now) return;
			this.#waiting.delete(use);
			this.#there.delete(use.name);
		}
	}
}
