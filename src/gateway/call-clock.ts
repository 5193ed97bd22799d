import type { TraceEntry } from '../../machines/request/progress.ts';

/** Where the time of one call goes, ms. */
export class CallClock {
	readonly #startedAt = performance.now();
	#attemptStartedAt: number | undefined;
	#attemptMs = 0;
	#firstContentMs: number | undefined;

	/** Until the first content went to the client; undefined while none did. */
	get firstContentMs(): number | undefined {
		return this.#firstContentMs;
	}

	attemptBegins(): void {
		this.#attemptStartedAt = performance.now();
	}

	/** Safe when none runs. */
	attemptEnds(): void {
		if (this.#attemptStartedAt === undefined) return;
		this.#attemptMs += performance.now() - this.#attemptStartedAt;
		this.#attemptStartedAt = undefined;
	}

	contentGoesOut(): void {
		this.#firstContentMs ??= performance.now() - this.#startedAt;
	}

	/** The time that was spent neither in an attempt nor in a wait between two: Breakwater's own. */
	overheadMs(trace: readonly TraceEntry[]): number {
		const waitMs = trace.reduce((total, entry) => (entry.did === 'wait' ? total + entry.ms : total), 0);
		return Math.max(0, performance.now() - this.#startedAt - this.#attemptMs - waitMs);
	}
}
