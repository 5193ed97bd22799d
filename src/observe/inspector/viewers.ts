import type { ServerResponse } from 'node:http';
import { clock } from '../../values/clock.ts';
import { Viewer, viewerLimits } from './viewer.ts';

export interface Source {
	/** Somebody watches, or nobody does any more. */
	watch(isWatched: boolean): void;
	/** A whole picture, as JSON; however large it is, it is kept once for all who wait for it. */
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
		const viewer = new Viewer(response);
		response.on('error', () => this.#remove(viewer));
		response.once('close', () => this.#remove(viewer));
		if (this.size === 0) this.#source.watch(true);
		this.#newcomers.add(viewer);
		const waitMs = this.#lastRound + viewerLimits.interval - clock.now();
		this.#timer ??= setTimeout(() => this.#round(), Math.max(0, waitMs));
	}

	/** Ends every stream at once: a stop does not wait for those who look at it. */
	close(): void {
		for (const viewer of [...this.#viewers, ...this.#newcomers]) viewer.end(message('closing', '{}'));
	}

	#round(): void {
		this.#lastRound = clock.now();
		const changes = this.#viewers.size > 0 ? this.#source.changes() : undefined;
		if (changes !== undefined) {
			const news = message('changes', changes);
			for (const viewer of this.#viewers) viewer.tell(news);
		}
		if (this.#newcomers.size > 0) this.#welcome();
		for (const viewer of this.#viewers) if (viewer.isSlow(this.#lastRound)) viewer.drop();
		this.#timer = this.size > 0 ? setTimeout(() => this.#round(), viewerLimits.interval) : undefined;
	}

	#welcome(): void {
		// What they are sent now is not sent to them again later.
		if (this.#viewers.size === 0) this.#source.changes();
		const snapshot = message('snapshot', this.#source.snapshot());
		for (const viewer of this.#newcomers) {
			viewer.begin(snapshot);
			this.#viewers.add(viewer);
		}
		this.#newcomers.clear();
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
function message(event: string, json: string): Buffer {
	return Buffer.from(`event: ${event}\ndata: ${json}\n\n`);
}
