import { amountText } from '../../values/figures.ts';

/** Where progress is shown: `process.stderr`. */
export interface ProgressStream {
	isTTY?: boolean;
	write(text: string): unknown;
}

/** A quick exploration says nothing. */
const SILENT_MS = 1000;
const TERMINAL_EVERY_MS = 100;
const LOG_EVERY_MS = 5000;

const clearedLine = '\r\x1b[K';

/** Shows how far a long exploration is: on a terminal in one line that is written over, elsewhere in a line now and then. */
export class ProgressLine {
	readonly #stream: ProgressStream;
	readonly #now: () => number;
	#tellAt: number;
	#isLineOpen = false;

	/** @param now ms, from any beginning */
	constructor(stream: ProgressStream, now: () => number) {
		this.#stream = stream;
		this.#now = now;
		this.#tellAt = now() + SILENT_MS;
	}

	/** @param what is explored, such as `profile default` */
	tell(what: string, states: number): void {
		const now = this.#now();
		if (now < this.#tellAt) return;
		const text = `${what}: ${amountText(states, 'state')}…`;
		this.#isLineOpen = this.#stream.isTTY === true;
		this.#stream.write(this.#isLineOpen ? `${clearedLine}${text}` : `${text}\n`);
		this.#tellAt = now + (this.#isLineOpen ? TERMINAL_EVERY_MS : LOG_EVERY_MS);
	}

	/** Leaves no half line behind. */
	end(): void {
		if (this.#isLineOpen) this.#stream.write(clearedLine);
		this.#isLineOpen = false;
	}
}
