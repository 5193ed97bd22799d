import type { AnswerEvent } from '../contract/answer-parts.ts';
import type { StreamWriter } from '../contract/dialect.ts';
import type { FailureReport } from '../contract/failure-report.ts';
import type { JsonObject } from '../values/json.ts';

/** Makes the chunks of one answer. */
export interface Chunks {
	/** The JSON text of a chunk; undefined where the event says nothing in this dialect. */
	dataOf(event: AnswerEvent): string | undefined;
	/** The chunk behind the last event, with the usage; undefined where nothing has come that has not been said. */
	last(): JsonObject | undefined;
	/** The end of the stream. @throws Error where it may not end so: a fault of ours */
	end(is: 'done' | 'error'): void;
}

/** Writes an answer as OpenAI's older dialects stream it: chunks as server-sent events, and `[DONE]`. */
export class ChunkStreamWriter implements StreamWriter {
	readonly #chunks: Chunks;

	constructor(chunks: Chunks) {
		this.#chunks = chunks;
	}

	write(events: readonly AnswerEvent[]): string {
		let text = '';
		for (const event of events) {
			const data = this.#chunks.dataOf(event);
			if (data !== undefined) text += `data: ${data}\n\n`;
		}
		return text;
	}

	comment(text: string): string {
		return `: ${text}\n\n`;
	}

	end(): string {
		const last = this.#chunks.last();
		this.#chunks.end('done');
		return `${last === undefined ? '' : `data: ${JSON.stringify(last)}\n\n`}data: [DONE]\n\n`;
	}

	/** An error event, and no `[DONE]`: no OpenAI client can take the fragment for a whole answer. */
	breakOff({ body }: FailureReport): string {
		return `data: ${JSON.stringify(body)}\n\n`;
	}
}
