import type { AnswerEvent } from '../../contract/answer-parts.ts';
import type { ClientRequest, StreamWriter } from '../../contract/dialect.ts';
import type { FailureReport } from '../../contract/failure-report.ts';
import { CompletionChunkWriter } from './chunk-writer.ts';

/** Writes an answer as the server-sent events of a streamed completion. */
export class CompletionStreamWriter implements StreamWriter {
	readonly #chunks: CompletionChunkWriter;

	constructor({ includeUsage }: Pick<ClientRequest, 'includeUsage'>, requestId: string) {
		this.#chunks = new CompletionChunkWriter(includeUsage, requestId);
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
