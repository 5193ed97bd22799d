import type { AnswerEvent } from '../../contract/answer-parts.ts';
import type { ClientRequest, DocumentWriter } from '../../contract/dialect.ts';
import { ResponseWriter } from './response-writer.ts';

/** Puts a streamed answer together into the whole response that a caller without a stream expects. */
export class ResponsesDocumentWriter implements DocumentWriter {
	readonly #writer: ResponseWriter;

	constructor(request: ClientRequest, requestId: string) {
		this.#writer = new ResponseWriter(request, requestId);
	}

	add(event: AnswerEvent): void {
		this.#writer.take(event);
		// Only the response that they make is asked for.
		this.#writer.taken();
	}

	/** @returns the response's JSON text */
	whole(): string {
		this.#writer.end();
		return JSON.stringify(this.#writer.response);
	}
}
