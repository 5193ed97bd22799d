/** A request body on its way. */
export interface Upload {
	/** Bytes that have come so far. */
	received: number;
	/** How long it may take, ms; and a second more for each `BYTES_PER_SECOND` that have come. */
	readonly patienceMs: number;
	/** How long it may take at most, whatever has come, ms. */
	readonly mostMs?: number;
	/** Called when it has taken too long, after it has been taken from the list. */
	onLate: ((isStopping: boolean) => void) | undefined;
}

/** Slower than any line that people use, and far above what one that dribbles sends on purpose. */
const BYTES_PER_SECOND = 16 * 1024;
/** How often the times are looked at, ms. A body may take as much longer than it should. */
const SWEEP_MS = 500;
/** What has begun to come has so long when the server stops, ms. */
const STOPPING_MS = 1000;

/**
 * The request bodies that are not whole yet. One timer watches all of them, and none reads the clock before it has been
 * there for a while: most bodies come with their head, and should not pay for those that do not.
 */
export class Uploads {
	readonly #begun = new Map<Upload, number | undefined>();
	#timer: NodeJS.Timeout | undefined;
	#stopsAt: number | undefined;

	add(upload: Upload): void {
		this.#begun.set(upload, undefined);
		this.#timer ??= setInterval(() => this.#sweep(performance.now()), SWEEP_MS).unref();
	}

	/** It forgets its body, as in `LiveMap`: else V8 keeps every body until its next full collection. */
	delete(upload: Upload): void {
		upload.onLate = undefined;
		this.#begun.delete(upload);
	}

	/** Those that are open, and those that still begin, have little time left: they must not hold up a stop. */
	stop(): void {
		this.#stopsAt ??= performance.now() + STOPPING_MS;
	}

	#sweep(now: number): void {
		if (this.#begun.size === 0) {
			clearInterval(this.#timer);
			this.#timer = undefined;
			return;
		}
		const isStopping = this.#stopsAt !== undefined && now >= this.#stopsAt;
		for (const [upload, begunAt] of this.#begun) {
			if (begunAt === undefined) this.#begun.set(upload, now);
			if (!isStopping && now - (begunAt ?? now) < limitOf(upload)) continue;
			this.#begun.delete(upload);
			upload.onLate?.(isStopping);
		}
	}
}

function limitOf({ received, patienceMs, mostMs = Number.POSITIVE_INFINITY }: Upload): number {
	return Math.min(patienceMs + (received / BYTES_PER_SECOND) * 1000, mostMs);
}
