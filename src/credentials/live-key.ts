import { retryBackoff } from '../../machines/backoff.ts';
import type { KeyTrouble } from '../contract/key-news.ts';
import { clock } from '../values/clock.ts';
import { type FetchedKey, type KeyFetcher, Unfetched } from './fetched-key.ts';
import { type KeyTiming, renewalDelay } from './key-life.ts';

/** What a live key tells. None of it holds a key but `onFound`. */
export interface LiveKeyListener {
	/** A key that was not the one before. Called before anybody can use it. */
	onFound(key: string): void;
	/** It was fetched: for the first time, anew, or well again after trouble. */
	onFetched(): void;
	/** It could not be fetched. The same trouble is told again only after a while. */
	onTrouble(trouble: KeyTrouble): void;
	/** Something about its life cannot be. Each is told once. @param what the rest of a sentence that begins with who gave it */
	onDoubt(what: string): void;
}

export interface LiveKeyOptions {
	fetcher: KeyFetcher;
	timing: KeyTiming;
	/** How often it is fetched whatever its life is, ms; undefined where only that counts. */
	everyMs?: number | undefined;
	listener: LiveKeyListener;
}

/** How long a trouble that lasts is not told again, ms. */
const RETOLD_AFTER_MS = 300_000;

/** A key that is refused in less than this part of the life that it was said to have has died early. */
const EARLY = 0.5;

/**
 * A key that is fetched, renewed before it dies, and renewed at once when it is refused. There is never more than one fetch
 * at a time, and the key that is there serves on until there is another.
 */
export class LiveKey {
	readonly #options: LiveKeyOptions;
	readonly #stop = new AbortController();
	#present: string | undefined;
	#fetching: Promise<void> | undefined;
	#timer: NodeJS.Timeout | undefined;
	/** When the last fetch ended, and the present key was fetched, ms of the process's clock. */
	#triedAt = Number.NEGATIVE_INFINITY;
	#fetchedAt = 0;
	#lifeMs: number | undefined;
	/** Fetches that failed since the last one that did not. */
	#failures = 0;
	#told: { what: string; at: number } | undefined;
	readonly #doubts = new Set<string>();

	constructor(options: LiveKeyOptions) {
		this.#options = options;
	}

	/** Undefined until one was fetched. */
	get present(): string | undefined {
		return this.#present;
	}

	/** Fetches it for the first time; resolves when that has ended, well or badly. It goes on by itself from there. */
	start(): Promise<void> {
		return this.#fetch();
	}

	/**
	 * A provider has refused a key. Fetches another one, unless there is another by now, or the last fetch is too short a time ago.
	 * @param refused undefined where there was none to ask with
	 * @returns whether there is another key than that one
	 */
	async renewAfter(refused: string | undefined): Promise<boolean> {
		if (this.#present !== refused) return true;
		this.#noteEarlyDeath();
		const { shortestPauseMs } = this.#options.timing;
		const pauseMs = this.#triedAt + shortestPauseMs - clock.now();
		if (this.#fetching === undefined && pauseMs > 0) {
			// Whoever gives keys that die at once must not be asked by every request.
			this.#schedule(pauseMs);
			return false;
		}
		await this.#fetch();
		return this.#present !== refused;
	}

	/** Ends a fetch that is under way; nothing is told any more. */
	async stop(): Promise<void> {
		this.#stop.abort();
		clearTimeout(this.#timer);
		await this.#fetching;
		await this.#options.fetcher.close?.();
	}

	#fetch(): Promise<void> {
		this.#fetching ??= this.#fetchOnce().finally(() => {
			this.#fetching = undefined;
		});
		return this.#fetching;
	}

	async #fetchOnce(): Promise<void> {
		const { signal } = this.#stop;
		clearTimeout(this.#timer);
		if (signal.aborted) return;
		try {
			const fetched = await this.#options.fetcher.fetch(signal);
			if (!signal.aborted) this.#take(fetched);
		} catch (error) {
			if (!signal.aborted)
				this.#fail(error instanceof Unfetched ? error.message : 'the fetch met a fault of Breakwater');
		}
	}

	#take({ key, lifeMs, doubt }: FetchedKey): void {
		const { timing, everyMs, listener } = this.#options;
		const isNew = key !== this.#present;
		const wasTroubled = this.#failures > 0;
		if (isNew) listener.onFound(key);
		this.#present = key;
		this.#triedAt = clock.now();
		this.#fetchedAt = this.#triedAt;
		this.#lifeMs = lifeMs;
		this.#failures = 0;
		this.#told = undefined;
		if (doubt !== undefined) this.#doubt(doubt);
		this.#schedule(renewalDelay(lifeMs, everyMs, timing));
		if (isNew || wasTroubled) listener.onFetched();
	}

	#fail(what: string): void {
		const { timing, listener } = this.#options;
		const { backoffMs: backoff, maxBackoffMs: maxBackoff } = timing;
		const waitMs = retryBackoff({ backoff, maxBackoff, factor: 2, jitter: 0.2 }, this.#failures, Math.random());
		this.#triedAt = clock.now();
		this.#failures += 1;
		this.#schedule(waitMs);
		const isKnown = this.#told?.what === what && this.#triedAt - this.#told.at < RETOLD_AFTER_MS;
		if (isKnown) return;
		this.#told = { what, at: this.#triedAt };
		const diesAt = this.#lifeMs === undefined ? undefined : this.#fetchedAt + this.#lifeMs;
		listener.onTrouble({ what, hasKey: this.#present !== undefined, diesAt, retryAt: this.#triedAt + waitMs });
	}

	#schedule(delayMs: number): void {
		clearTimeout(this.#timer);
		if (!this.#stop.signal.aborted) this.#timer = setTimeout(() => void this.#fetch(), delayMs).unref();
	}

	#noteEarlyDeath(): void {
		const lifeMs = this.#lifeMs ?? 0;
		const livedMs = clock.now() - this.#fetchedAt;
		if (this.#present === undefined || livedMs >= lifeMs * EARLY) return;
		this.#doubt('gave one that was refused long before the end of the life that it was said to have');
	}

	#doubt(what: string): void {
		if (this.#doubts.has(what)) return;
		this.#doubts.add(what);
		this.#options.listener.onDoubt(what);
	}
}
