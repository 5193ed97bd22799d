import type { EventSourceMessage } from 'eventsource-parser';
import { type AnswerEvent, isContent } from '../contract/answer-parts.ts';
import type { StreamState } from '../contract/dialect.ts';
import type { JsonObject } from '../values/json.ts';
import { EventStreamReader } from './event-stream-reader.ts';
import { readErrorBody, readErrorJson } from './read-error-body.ts';

/** What one event of a stream of chunks is. */
export type Chunk =
	| { readonly is: 'event'; readonly event: AnswerEvent }
	| { readonly is: 'error'; readonly value: JsonObject }
	/** No event of an answer at all: nothing of the answer is lost with it. */
	| { readonly is: 'malformed' }
	/** A chunk, or what is left of one, whose JSON is broken or too deep to be gone through: a piece of the answer may be lost with it. */
	| { readonly is: 'damaged' };

/**
 * Reads an answer as OpenAI's older dialects stream it: chunks with choices in them. Events that are no chunks are left out and
 * counted; `[DONE]` is left out too, since the end of the stream is not the provider's to declare.
 */
export abstract class ChunkStreamReader extends EventStreamReader {
	/** Choices that began and are not finished; and those that are. */
	protected abstract readonly openChoices: number;
	protected abstract readonly finishedChoices: number;

	get isFinished(): boolean {
		return this.finishedChoices >= this.options.choices && this.openChoices === 0;
	}

	/** Reads the data of one event; never throws. */
	protected abstract chunkOf(data: string): Chunk;

	/** Adds what a chunk says, or counts it as left out. */
	protected abstract take(event: AnswerEvent): void;

	protected isOfAnswer(line: string): boolean {
		return line.includes('"choices":');
	}

	protected read({ event, data }: EventSourceMessage): void {
		if (data.trim() === '[DONE]') {
			this.state = this.#ended();
			return;
		}
		const chunk = this.chunkOf(data);
		if (event === 'error' || chunk.is === 'error') {
			// After the finish nothing of the answer is missing, whatever went wrong then.
			const error = () => (chunk.is === 'error' ? readErrorJson(chunk.value) : readErrorBody(200, data));
			this.state = this.isFinished ? { is: 'whole' } : { is: 'error', error: error() };
			return;
		}
		if (chunk.is === 'damaged' && !this.isFinished) {
			this.state = { is: 'faulty', fault: 'answer_damaged' };
			return;
		}
		if (chunk.is === 'event') this.take(chunk.event);
		else this.skippedEvents++;
	}

	protected add(event: AnswerEvent): void {
		for (const part of event.parts) {
			if (isContent(part) || part.is === 'finish') this.hasContent = true;
		}
		this.events.push(event);
	}

	/**
	 * At the end mark. A provider that ends without a finish reason for what it began has lost the end of it; one that began fewer
	 * answers than were asked for does not know `n`, which is no failure of its.
	 */
	#ended(): StreamState {
		if (this.finishedChoices > 0 && this.openChoices === 0) return { is: 'whole' };
		return this.hasContent ? { is: 'faulty', fault: 'answer_unfinished' } : this.empty();
	}
}

/** JSON may be spread over several `data:` lines; between tokens a line break means nothing. */
export function oneLine(data: string): string {
	return data.includes('\n') ? data.replaceAll('\n', ' ') : data;
}
