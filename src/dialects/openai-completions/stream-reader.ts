import type { AnswerEvent } from '../../contract/answer-parts.ts';
import type { JsonObject } from '../../values/json.ts';
import { type Chunk, ChunkStreamReader } from '../chunk-stream-reader.ts';
import { readCompletionChunk } from './completion-chunk.ts';
import { CompletionGrammar } from './grammar.ts';

/** Reads a streamed completion. */
export class CompletionStreamReader extends ChunkStreamReader {
	readonly #grammar = new CompletionGrammar();

	protected get openChoices(): number {
		return this.#grammar.counts.open;
	}

	protected get finishedChoices(): number {
		return this.#grammar.counts.finished;
	}

	protected chunkOf(data: string): Chunk {
		return readCompletionChunk(data, this.options.model);
	}

	/** A second finish, or a verdict that comes late, opens nothing again. */
	protected take(event: AnswerEvent): void {
		const wrong = this.#grammar.next({ is: 'chunk', value: event.raw.value as JsonObject });
		if (wrong === undefined) this.add(event);
		else this.skippedEvents++;
	}
}
