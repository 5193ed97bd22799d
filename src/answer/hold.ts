import type { AnswerEvent } from '../contract/answer-parts.ts';

/** What the objects of one event of a few words take beside its texts, measured with V8, bytes. */
const EVENT_OVERHEAD = 700;

/**
 * What has come of an answer and has not gone out: the only place where an answer waits. What is in it can still be taken
 * back; what has left it is committed.
 */
export class Hold {
	#events: AnswerEvent[] = [];
	#text = '';
	#bytes = 0;

	/** Of the events that wait, UTF-8. */
	get bytes(): number {
		return this.#bytes;
	}

	/** About what the events that wait take in memory, bytes: each has its text, and the same once more as values. */
	get memory(): number {
		return this.#bytes * 2 + this.#events.length * EVENT_OVERHEAD;
	}

	get isEmpty(): boolean {
		return this.#events.length === 0;
	}

	/** What waits, in its order. */
	get events(): readonly AnswerEvent[] {
		return this.#events;
	}

	/** @param text what the event adds to the text of the answer */
	add(event: AnswerEvent, text: string): void {
		this.#events.push(event);
		this.#text += text;
		this.#bytes += Buffer.byteLength(event.raw.data);
	}

	/** Lets everything out, in its order, and forgets it. */
	release(): { readonly events: readonly AnswerEvent[]; readonly text: string } {
		const released = { events: this.#events, text: this.#text };
		this.drop();
		return released;
	}

	/** Takes everything back: the client never hears of it. */
	drop(): void {
		this.#events = [];
		this.#text = '';
		this.#bytes = 0;
	}
}
