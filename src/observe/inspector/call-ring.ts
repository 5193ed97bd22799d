import type { CallRecord } from '../../contract/call-record.ts';

export interface EndedCall {
	key: number;
	record: CallRecord;
	/** ms since the epoch. */
	endedAt: number;
}

/** Calls that ended last, bounded by their number and by about how many bytes they take. */
export class CallRing {
	readonly #most: number;
	readonly #mostBytes: number;
	readonly #slots: (EndedCall | undefined)[];
	/** Where the next one goes; the oldest is `#count` places before it. */
	#next = 0;
	#count = 0;
	#bytes = 0;

	constructor(most: number, mostBytes: number) {
		this.#most = most;
		this.#mostBytes = mostBytes;
		this.#slots = new Array<EndedCall | undefined>(most).fill(undefined);
	}

	push(call: EndedCall): void {
		if (this.#count === this.#most) this.#dropOldest();
		this.#slots[this.#next] = call;
		this.#next = (this.#next + 1) % this.#most;
		this.#count += 1;
		this.#bytes += sizeOf(call.record);
		while (this.#bytes > this.#mostBytes && this.#count > 0) this.#dropOldest();
	}

	/** Newest first. */
	list(): EndedCall[] {
		const places = Array.from({ length: this.#count }, (_, back) => (this.#next - 1 - back + this.#most) % this.#most);
		return places.flatMap((place) => this.#slots[place] ?? []);
	}

	/** About as many as are kept, for tests and figures. */
	get bytes(): number {
		return this.#bytes;
	}

	#dropOldest(): void {
		const oldest = (this.#next - this.#count + this.#most) % this.#most;
		const call = this.#slots[oldest];
		this.#slots[oldest] = undefined;
		this.#count -= 1;
		if (call !== undefined) this.#bytes -= sizeOf(call.record);
	}
}

/** Names of targets are shared with the configuration; what a call adds is its own text and its steps. */
function sizeOf({ id, client = '', trace }: CallRecord): number {
	return 300 + 2 * (id.length + client.length) + 300 * trace.length;
}
