import type { ServerResponse } from 'node:http';

export const viewerLimits = {
	/** At once; the next one is turned away. */
	most: 50,
	/** Between two messages, ms. */
	interval: 100,
	/** What a viewer may leave unread, bytes. One that reads more slowly is dropped, never waited for. */
	backlog: 1_000_000,
	/** For how long it may leave anything unread, ms. */
	patience: 15_000,
};

interface Viewer {
	response: ServerResponse;
	/** Since when something lies unread, ms since the epoch; 0 while nothing does. */
	unreadSince: number;
}

export interface Source {
	/** Somebody watches, or nobody does any more. */
	watch(isWatched: boolean): void;
	/** A whole picture, as JSON. */
	snapshot(): string;
	/** What is new since the last message, as JSON; undefined when nothing is. */
	changes(): string | undefined;
}

/**
 * Everybody who looks at the inspector. Each message is written down once for all of them, at most ten times a second.
 * A newcomer waits for the next message, so that a storm of reconnects costs no more pictures than that either.
 */
export class Viewers {
	readonly #source: Source;
	readonly #viewers = new Set<Viewer>();
	readonly #newcomers = new Set<Viewer>();
	#timer: NodeJS.Timeout | undefined;
	#lastRound = 0;

	constructor(source: Source) {
		this.#source = source;
	}

	get size(): number {
		return this.#viewers.size + this.#newcomers.size;
	}

	get isFull(): boolean {
		return this.size >= viewerLimits.most;
	}

	/** @param response whose head is written; it gets the stream from here on */
	add(response: ServerResponse): void {
		// It would never say that it is closed.
		if (response.destroyed) return;
		const viewer = { response, unreadSince: 0 };
		response.on('error', () => this.#remove(viewer));
		response.once('close', () => this.#remove(viewer));
		if (this.size === 0) this.#source.watch(true);
		this.#newcomers.add(viewer);
		const waitMs = this.#lastRound + viewerLimits.interval - Date.now();
		this.#timer ??= setTimeout(() => this.#round(), Math.max(0, waitMs));
	}

	/** Ends every stream at once: a stop does not wait for those who look at it. */
	close(): void {
		for (const { response } of [...this.#viewers, ...this.#newcomers]) {
			response.write(message('closing', '{}'));
			response.end();
		}
	}

	#round(): void {
		this.#lastRound = Date.now();
		const changes = this.#viewers.size > 0 ? this.#source.changes() : undefined;
		if (changes !== undefined) for (const viewer of this.#viewers) viewer.response.write(message('changes', changes));
		if (this.#newcomers.size > 0) this.#welcome();
		for (const viewer of this.#viewers) this.#dropSlow(viewer);
		this.#timer = this.size > 0 ? setTimeout(() => this.#round(), viewerLimits.interval) : undefined;
	}

	#welcome(): void {
		// What they are told now is no news to them later.
		if (this.#viewers.size === 0) this.#source.changes();
		const snapshot = message('snapshot', this.#source.snapshot());
		for (const viewer of this.#newcomers) {
			viewer.response.write(snapshot);
			this.#viewers.add(viewer);
		}
		this.#newcomers.clear();
	}

	#dropSlow(viewer: Viewer): void {
		const unread = viewer.response.writableLength;
		if (unread === 0) {
			viewer.unreadSince = 0;
			return;
		}
		viewer.unreadSince ||= this.#lastRound;
		const isSlow = unread > viewerLimits.backlog || this.#lastRound - viewer.unreadSince > viewerLimits.patience;
		if (isSlow) viewer.response.destroy();
	}

	#remove(viewer: Viewer): void {
		const wasThere = this.#viewers.delete(viewer) || this.#newcomers.delete(viewer);
		if (!wasThere || this.size > 0) return;
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.#source.watch(false);
	}
}

/** JSON has no line breaks of its own, so one `data` line holds it. */
function message(event: string, json: string): string {
	return `event: ${event}\ndata: ${json}\n\n`;
}
