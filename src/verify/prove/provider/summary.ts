import type { DenialReason, ProviderReply, ProviderStateName } from '../../../../machines/events.ts';
import type { Failure } from '../../../../machines/failure.ts';

/** What a request can hear from a provider actor, gathered from everything that was explored of it. */
export interface ProviderSummary {
	/** For each sample failure: how long after `attempt.failed` the provider would grant again. */
	settlements: readonly Settlement[];
	denials: readonly DenialRange[];
}

export interface Settlement {
	failure: Failure;
	/** Distinct values of `retryAt - now` of `attempt.settled`, ms, ascending: the smallest and the largest few. */
	offsetsMs: readonly number[];
}

export interface DenialRange {
	state: ProviderStateName;
	reason: DenialReason;
	/** The smallest and the largest `retryAt - now` of such a `permit.denied`, ms. */
	leastMs: number;
	mostMs: number;
}

/** How many of the smallest, and of the largest, offsets are told. */
const FEW = 3;

/** Hears what a provider actor answers. */
export interface SummaryListener {
	settled(failures: readonly Failure[], offsetMs: number): void;
	denied(reply: Extract<ProviderReply, { type: 'permit.denied' }>, now: number): void;
}

/** Gathers replies into a summary. */
export class SummaryBuilder implements SummaryListener {
	readonly #offsets = new Map<Failure, Set<number>>();
	readonly #denials = new Map<string, DenialRange>();

	/** @param failures the samples that this settlement stands for */
	settled(failures: readonly Failure[], offsetMs: number): void {
		for (const failure of failures) {
			const offsets = this.#offsets.get(failure);
			if (offsets === undefined) this.#offsets.set(failure, new Set([offsetMs]));
			else offsets.add(offsetMs);
		}
	}

	denied({ state, reason, retryAt }: Extract<ProviderReply, { type: 'permit.denied' }>, now: number): void {
		const key = `${state} ${reason}`;
		const offsetMs = retryAt - now;
		const known = this.#denials.get(key) ?? { state, reason, leastMs: offsetMs, mostMs: offsetMs };
		const leastMs = Math.min(known.leastMs, offsetMs);
		const mostMs = Math.max(known.mostMs, offsetMs);
		this.#denials.set(key, { state, reason, leastMs, mostMs });
	}

	/**
	 * Hears only of denials for one reason: where all other numbers are not the file's.
	 * @param factor how many times longer the file's waits are
	 */
	hearing(reason: DenialReason, factor: number): SummaryListener {
		return {
			settled: () => {},
			denied: (reply, now) => {
				if (reply.reason !== reason) return;
				this.denied({ ...reply, retryAt: now + Math.ceil((reply.retryAt - now) * factor) }, now);
			},
		};
	}

	summary(): ProviderSummary {
		const settlements = [...this.#offsets].map(([failure, offsets]) => ({ failure, offsetsMs: fewOf([...offsets]) }));
		return { settlements, denials: [...this.#denials.values()] };
	}
}

function fewOf(offsets: number[]): number[] {
	const sorted = offsets.sort((a, b) => a - b);
	return sorted.length <= 2 * FEW ? sorted : [...sorted.slice(0, FEW), ...sorted.slice(-FEW)];
}
