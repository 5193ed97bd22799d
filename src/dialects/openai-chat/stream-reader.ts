import type { EventSourceMessage } from 'eventsource-parser';
import { type AnswerEvent, isContent } from '../../contract/answer-parts.ts';
import type { StreamState } from '../../contract/dialect.ts';
import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { EventStreamReader } from '../event-stream-reader.ts';
import { readErrorBody, readErrorJson } from '../read-error-body.ts';
import { eventOf, readChunk } from './chunk.ts';
import { documentEvents } from './document-events.ts';
import { finishOf } from './read-choice.ts';
import { StreamChoice } from './stream-choice.ts';

/**
 * Reads a streamed chat completion. Events that are not chunks of one are left out and counted; `[DONE]` is left out too,
 * since the end of the stream is not the provider's to declare.
 */
export class ChatStreamReader extends EventStreamReader {
	readonly #choices = new Map<number, StreamChoice>();
	/** Choices that began and are not finished; and those that are. */
	#open = 0;
	#finished = 0;

	get isFinished(): boolean {
		return this.#finished >= this.options.choices && this.#open === 0;
	}

	protected isOfAnswer(line: string): boolean {
		return line.includes('"choices":');
	}

	/**
	 * At the end mark. A provider that ends without a finish reason for what it began has lost the end of it; one that began fewer
	 * answers than were asked for does not know `n`, which is no failure of its.
	 */
	#ended(): StreamState {
		if (this.#finished > 0 && this.#open === 0) return { is: 'whole' };
		return this.hasContent ? { is: 'faulty', fault: 'answer_unfinished' } : this.empty();
	}

	protected read({ event, data }: EventSourceMessage): void {
		if (data.trim() === '[DONE]') {
			this.state = this.#ended();
			return;
		}
		const chunk = readChunk(data, this.options.model);
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
		if (chunk.is !== 'event') {
			this.skippedEvents++;
			return;
		}
		if (this.#choices.size === 0 && isWholeCompletion(chunk.value)) {
			const { model } = this.options;
			for (const part of documentEvents(chunk.value, { model, withUsage: true, inPieces: true })) this.#take(part);
			return;
		}
		this.#take(chunk.event);
	}

	#take(event: AnswerEvent): void {
		const told = this.#told(event);
		if (told === undefined) return;
		for (const part of told.parts) {
			if (isContent(part) || part.is === 'finish') this.hasContent = true;
		}
		this.events.push(told);
	}

	/** The event as it adds to the answer; undefined where it adds nothing. */
	#told(event: AnswerEvent): AnswerEvent | undefined {
		const value = event.raw.value as JsonObject;
		const { choices } = value;
		if (!Array.isArray(choices) || choices.length === 0) return event;
		if (choices.length === 1) {
			const told = this.#next(choices[0]);
			return told === choices[0] ? event : rewritten(value, told === undefined ? [] : [told]);
		}
		const next: JsonObject[] = [];
		let isSame = true;
		for (const choice of choices) {
			const told = this.#next(choice);
			if (told !== choice) isSame = false;
			if (told !== undefined) next.push(told);
		}
		return isSame ? event : rewritten(value, next);
	}

	/** What comes after a finish (a late content filter verdict, say) does not open the choice again. */
	#next(choice: JsonObject): JsonObject | undefined {
		const at = typeof choice.index === 'number' ? choice.index : 0;
		let known = this.#choices.get(at);
		if (known === undefined) {
			known = new StreamChoice();
			this.#choices.set(at, known);
			this.#open++;
		}
		const wasFinished = known.isFinished;
		const told = known.next(choice);
		if (known.isFinished && !wasFinished) {
			this.#open--;
			this.#finished++;
		}
		return told;
	}
}

/** An event with these choices instead; undefined where nothing is left of it. */
function rewritten(value: JsonObject, choices: readonly JsonObject[]): AnswerEvent | undefined {
	if (choices.length === 0 && !isSomething(value.usage)) return undefined;
	return eventOf({ ...value, object: 'chat.completion.chunk', choices });
}

/** Some servers stream by sending the whole completion as one event. */
function isWholeCompletion({ choices }: JsonObject): boolean {
	const all: unknown[] = Array.isArray(choices) ? choices : [];
	return (
		all.length > 0 &&
		all.every((one) => isObject(one) && one.delta === undefined && isObject(one.message) && finishOf(one) !== undefined)
	);
}
