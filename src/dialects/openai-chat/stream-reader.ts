import type { AnswerEvent } from '../../contract/answer-parts.ts';
import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { type Chunk, ChunkStreamReader } from '../chunk-stream-reader.ts';
import { eventOf, readChunk } from './chunk.ts';
import { documentEvents } from './document-events.ts';
import { finishOf } from './read-choice.ts';
import { StreamChoice } from './stream-choice.ts';

/** Reads a streamed chat completion. */
export class ChatStreamReader extends ChunkStreamReader {
	readonly #choices = new Map<number, StreamChoice>();
	protected openChoices = 0;
	protected finishedChoices = 0;

	protected chunkOf(data: string): Chunk {
		return readChunk(data, this.options.model);
	}

	protected take(event: AnswerEvent): void {
		const value = event.raw.value as JsonObject;
		if (this.#choices.size > 0 || !isWholeCompletion(value)) {
			this.#takeChunk(event);
			return;
		}
		const { model } = this.options;
		for (const part of documentEvents(value, { model, withUsage: true, inPieces: true })) this.#takeChunk(part);
	}

	#takeChunk(event: AnswerEvent): void {
		const told = this.#told(event);
		if (told !== undefined) this.add(told);
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
			this.openChoices++;
		}
		const wasFinished = known.isFinished;
		const told = known.next(choice);
		if (known.isFinished && !wasFinished) {
			this.openChoices--;
			this.finishedChoices++;
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
