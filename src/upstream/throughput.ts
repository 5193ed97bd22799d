import type { Throughput } from '../../machines/policy.ts';
import type { AnswerEvent } from '../contract/answer-parts.ts';
import { writtenLength } from './written-length.ts';

/** What a token is taken for where it is measured how fast a stream is. */
const CHARACTERS_A_TOKEN = 4;

/** Watches how fast a stream is: each stretch of it begins anew once one was fast enough. */
export class ThroughputWatch {
	readonly #overMs: number;
	/** What has to come in a stretch, characters. */
	readonly #least: number;
	readonly #onSlow: () => void;
	#timer: NodeJS.Timeout | undefined;
	/** Characters that came in this stretch. */
	#written = 0;

	/** @param onSlow called at the end of a stretch in which too little came; the watch is over then */
	constructor({ tokensPerSecond, over }: Throughput, onSlow: () => void) {
		this.#overMs = over;
		this.#least = (tokensPerSecond * over * CHARACTERS_A_TOKEN) / 1000;
		this.#onSlow = onSlow;
	}

	/** Begins a stretch. */
	start(): void {
		this.#written = 0;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => {
			if (this.#written < this.#least) this.#onSlow();
			else this.start();
		}, this.#overMs);
	}

	/** What came of the stream. Before the first stretch it does not matter. */
	note(events: readonly AnswerEvent[]): void {
		if (this.#timer !== undefined) this.#written += writtenLength(events);
	}

	/** Until the next `start` nothing is too slow. */
	stop(): void {
		clearTimeout(this.#timer);
	}
}
