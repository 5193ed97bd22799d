import type { Failure } from '../../../machines/failure.ts';
import type { TargetStanding } from '../../contract/service.ts';
import { isLocal } from '../ending-kind.ts';
import type { KeyUse, Standing } from './order.ts';
import { RecentCounts } from './recent-counts.ts';

/** How much the newest time counts in an average. */
const NEWEST_SHARE = 0.3;

/** How far back the uses of a key count, ms. */
const KEY_WINDOW_MS = 600_000;

/** What a client waits for: the first token of a streamed answer, or all of one that is not. */
export type WaitKind = 'streamed' | 'whole';

interface TargetNotes {
	inFlight: number;
	/** By the length of the window, ms. */
	readonly counts: ReadonlyMap<number, RecentCounts>;
	readonly waits: Record<WaitKind, { ms: number; at: number } | undefined>;
}

/** What is known of targets and keys from the attempts that were made: a few numbers for each that is configured. */
export class TargetBook {
	readonly #windows: readonly number[];
	readonly #targets = new Map<string, TargetNotes>();
	readonly #keys = new Map<string, RecentCounts>();

	/** @param windows how far back is looked, ms; each length that anybody asks for */
	constructor(windows: Iterable<number>) {
		this.#windows = [...new Set(windows)];
	}

	/** Of every target that was asked, over the shortest window. */
	standings(now: number): Record<string, TargetStanding> {
		const windowMs = Math.min(...this.#windows);
		const standings = [...this.#targets.keys()].map((target): [string, TargetStanding] => {
			const { successRate, latencyMs: firstTokenMs, inFlight } = this.standing(target, windowMs, 'streamed', now);
			return [target, { successRate, firstTokenMs, inFlight }];
		});
		return Object.fromEntries(standings);
	}

	/**
	 * An attempt begins.
	 * @param asked a target and a credential of the configuration, which bounds how many are kept
	 * @param now ms since the epoch
	 */
	begin({ target, credential }: { target: string; credential: string }, kind: WaitKind, now: number): Visit {
		this.#key(credential).add('succeeded', now);
		return new Visit(this.#notesOf(target), kind, now);
	}

	/** @param windowMs one of those that it was made with */
	standing(target: string, windowMs: number, kind: WaitKind, now: number): Omit<Standing, 'price' | 'weight'> {
		const notes = this.#targets.get(target);
		if (notes === undefined) return unknown;
		const { succeeded, failed } = notes.counts.get(windowMs)?.at(now) ?? none;
		const judged = succeeded + failed;
		const wait = notes.waits[kind];
		return {
			judged,
			successRate: judged === 0 ? undefined : succeeded / judged,
			latencyMs: wait !== undefined && wait.at > now - windowMs ? wait.ms : undefined,
			inFlight: notes.inFlight,
		};
	}

	useOf(credential: string, now: number): KeyUse {
		return { used: this.#keys.get(credential)?.at(now).succeeded ?? 0 };
	}

	#notesOf(target: string): TargetNotes {
		const known = this.#targets.get(target);
		if (known !== undefined) return known;
		const counts = new Map(this.#windows.map((windowMs) => [windowMs, new RecentCounts(windowMs)]));
		const notes: TargetNotes = { inFlight: 0, counts, waits: { streamed: undefined, whole: undefined } };
		this.#targets.set(target, notes);
		return notes;
	}

	#key(credential: string): RecentCounts {
		const known = this.#keys.get(credential) ?? new RecentCounts(KEY_WINDOW_MS);
		this.#keys.set(credential, known);
		return known;
	}
}

const none = { succeeded: 0, failed: 0 };
const unknown = { judged: 0, successRate: undefined, latencyMs: undefined, inFlight: 0 };

/** One attempt, as far as it says something of its target. Times are ms since the epoch. */
export class Visit {
	readonly #notes: TargetNotes;
	readonly #kind: WaitKind;
	readonly #startedAt: number;
	#isAwaited = true;
	#isRunning = true;

	constructor(notes: TargetNotes, kind: WaitKind, startedAt: number) {
		this.#notes = notes;
		this.#kind = kind;
		this.#startedAt = startedAt;
		notes.inFlight += 1;
	}

	/** The first content has come. */
	answering(now: number): void {
		if (this.#kind === 'streamed') this.#noteWait(now);
	}

	succeeded(now: number): void {
		this.#noteWait(now);
		for (const counts of this.#notes.counts.values()) counts.add('succeeded', now);
	}

	failed(failure: Failure, now: number): void {
		if (!isOwnDoing(failure)) return;
		for (const counts of this.#notes.counts.values()) counts.add('failed', now);
	}

	/** It runs no more, whatever became of it. To be called at least once. */
	end(): void {
		if (this.#isRunning) this.#notes.inFlight -= 1;
		this.#isRunning = false;
	}

	#noteWait(now: number): void {
		if (!this.#isAwaited) return;
		this.#isAwaited = false;
		const { waits } = this.#notes;
		const ms = now - this.#startedAt;
		const before = waits[this.#kind]?.ms ?? ms;
		waits[this.#kind] = { ms: before + NEWEST_SHARE * (ms - before), at: now };
	}
}

/** A caller's mistake, a fault of this machine, and two models that do not go together say nothing of a target. */
function isOwnDoing(failure: Failure): boolean {
	return failure.category !== 'BAD_REQUEST' && !isLocal(failure) && failure.reason?.startsWith('seam_') !== true;
}
