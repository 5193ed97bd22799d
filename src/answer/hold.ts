import type { AnswerEvent } from '../contract/answer-parts.ts';

/** What the objects of one event of a few words take beside its texts, measured with V8, bytes. */
const EVENT_OVERHEAD = 700;

/**
 * So many events are packed together. Most answers that wait are shorter; of a longer one the objects die young, where they
 * would else fill the heap and lie there, long after the answer, until V8 collects all of it.
 */
const PACKED_EVENTS = 512;

/** What was packed lies in memory about this often: itself, and what it was made of until that is collected. */
const PACKED_COPIES = 2;

/** What waits, in its order, and what it adds to the text of the answer. */
interface Held {
	readonly events: readonly AnswerEvent[];
	readonly text: string;
}

/**
 * What has come of an answer and has not gone out: the only place where an answer waits. What is in it can still be taken
 * back; what has left it is committed.
 */
export class Hold {
	/** What came first, as bytes. */
	#packed: Buffer[] = [];
	#packedMemory = 0;
	/** What came behind that. */
	#events: AnswerEvent[] = [];
	#text = '';
	#looseBytes = 0;
	#bytes = 0;

	/** Of the events that wait, UTF-8. */
	get bytes(): number {
		return this.#bytes;
	}

	/** About what the events that wait take in memory, bytes: unpacked, each has its text, and the same once more as values. */
	get memory(): number {
		return this.#packedMemory * PACKED_COPIES + this.#looseBytes * 2 + this.#events.length * EVENT_OVERHEAD;
	}

	get isEmpty(): boolean {
		return this.#packed.length === 0 && this.#events.length === 0;
	}

	/** What waits, in its order. */
	get events(): readonly AnswerEvent[] {
		return this.#all().events;
	}

	/** @param text what the event adds to the text of the answer */
	add(event: AnswerEvent, text: string): void {
		const bytes = Buffer.byteLength(event.raw.data);
		this.#events.push(event);
		this.#text += text;
		this.#looseBytes += bytes;
		this.#bytes += bytes;
		if (this.#events.length === PACKED_EVENTS) this.#pack();
	}

	/** Lets everything out, in its order, and forgets it. */
	release(): Held {
		const released = this.#all();
		this.drop();
		return released;
	}

	/** Takes everything back: the client never hears of it. */
	drop(): void {
		this.#packed = [];
		this.#packedMemory = 0;
		this.#forgetLoose();
		this.#bytes = 0;
	}

	#pack(): void {
		const bytes = Buffer.from(JSON.stringify({ events: this.#events.map(packed), text: this.#text }));
		this.#packed.push(bytes);
		this.#packedMemory += bytes.length;
		this.#forgetLoose();
	}

	#forgetLoose(): void {
		this.#events = [];
		this.#text = '';
		this.#looseBytes = 0;
	}

	#all(): Held {
		if (this.#packed.length === 0) return { events: this.#events, text: this.#text };
		const all = [...this.#packed.map(unpacked), { events: this.#events, text: this.#text }];
		return { events: all.flatMap(({ events }) => events), text: all.map(({ text }) => text).join('') };
	}
}

/** An event without what its data say once more. */
function packed(event: AnswerEvent): object {
	const { dialect, data, value } = event.raw;
	return typeof value === 'object' ? { ...event, raw: { dialect, data } } : event;
}

function unpacked(bytes: Buffer): Held {
	const { events, text }: Held = JSON.parse(bytes.toString());
	return { text, events: events.map(withValue) };
}

function withValue(event: AnswerEvent): AnswerEvent {
	const { dialect, data, value = JSON.parse(data) as unknown } = event.raw;
	return { ...event, raw: { dialect, data, value } };
}
