import type { EventSourceMessage } from 'eventsource-parser';
import { isContent } from '../../contract/answer-parts.ts';
import type { StreamState } from '../../contract/dialect.ts';
import type { JsonObject } from '../../values/json.ts';
import { EventStreamReader } from '../event-stream-reader.ts';
import { readErrorBody, readErrorJson } from '../read-error-body.ts';
import { readCompletionChunk } from './completion-chunk.ts';
import { CompletionGrammar } from './grammar.ts';

/** Reads a streamed completion. `[DONE]` is left out: the end of the stream is not the provider's to declare. */
export class CompletionStreamReader extends EventStreamReader {
	readonly #grammar = new CompletionGrammar();

	get isFinished(): boolean {
		const { finished, open } = this.#grammar.counts;
		return finished >= this.options.choices && open === 0;
	}

	protected isOfAnswer(line: string): boolean {
		return line.includes('"choices":');
	}

	protected read({ event, data }: EventSourceMessage): void {
		if (data.trim() === '[DONE]') {
			this.state = this.#ended();
			return;
		}
		const chunk = readCompletionChunk(data, this.options.model);
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
		// A second finish, or a verdict that comes late, opens nothing again.
		if (chunk.is !== 'event' || this.#leaves(chunk.event.raw.value as JsonObject)) {
			this.skippedEvents++;
			return;
		}
		if (chunk.event.parts.some((part) => isContent(part) || part.is === 'finish')) this.hasContent = true;
		this.events.push(chunk.event);
	}

	#leaves(value: JsonObject): boolean {
		return this.#grammar.next({ is: 'chunk', value }) !== undefined;
	}

	/** One that began fewer answers than were asked for does not know `n`, which is no failure of its. */
	#ended(): StreamState {
		const { finished, open } = this.#grammar.counts;
		if (finished > 0 && open === 0) return { is: 'whole' };
		return this.hasContent ? { is: 'faulty', fault: 'answer_unfinished' } : this.empty();
	}
}
