import type { AnswerEvent } from '../../contract/answer-parts.ts';
import type { ClientRequest, StreamWriter } from '../../contract/dialect.ts';
import type { FailureReport } from '../../contract/failure-report.ts';
import { CallerNames } from '../tool-names.ts';
import { ChunkWriter } from './chunk-writer.ts';

/** Writes an answer as the server-sent events of a streamed chat completion. */
export class ChatStreamWriter implements StreamWriter {
	readonly #chunks: ChunkWriter;

	constructor(request: Pick<ClientRequest, 'includeUsage' | 'conversation'>, requestId: string) {
		this.#chunks = new ChunkWriter(request.includeUsage, requestId, new CallerNames(request));
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
	breakOff(report: FailureReport): string {
		return `data: ${JSON.stringify(report.body)}\n\n`;
	}
}
