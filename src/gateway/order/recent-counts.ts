/** Into how many parts a window is cut: it is as exact as one of them is long. */
const SLOTS = 10;

interface Slot {
	/** Which part of time it counts, from the epoch on. */
	at: number;
	succeeded: number;
	failed: number;
}

/** How many attempts succeeded and failed in the last while, in a few numbers however many there are. */
export class RecentCounts {
	readonly #slotMs: number;
	readonly #slots: Slot[] = Array.from({ length: SLOTS }, () => ({ at: -1, succeeded: 0, failed: 0 }));

	/** @param windowMs how far back it counts */
	constructor(windowMs: number) {
		this.#slotMs = Math.max(1, windowMs / SLOTS);
	}

	/** @param now ms since the epoch */
	add(outcome: 'succeeded' | 'failed', now: number): void {
		const at = Math.floor(now / this.#slotMs);
		const slot = this.#slots[at % SLOTS];
		if (slot === undefined) return;
		if (slot.at !== at) Object.assign(slot, { at, succeeded: 0, failed: 0 });
		slot[outcome] += 1;
	}

	/** Those within the window that ends now, ms since the epoch. */
	at(now: number): { succeeded: number; failed: number } {
		const last = Math.floor(now / this.#slotMs);
		const counts = { succeeded: 0, failed: 0 };
		for (const { at, succeeded, failed } of this.#slots) {
			if (at <= last - SLOTS || at > last) continue;
			counts.succeeded += succeeded;
			counts.failed += failed;
		}
		return counts;
	}
}
