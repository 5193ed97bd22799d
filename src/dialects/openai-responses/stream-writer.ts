import type { AnswerEvent } from '../../contract/answer-parts.ts';
import type { ClientRequest, StreamWriter } from '../../contract/dialect.ts';
import type { FailureReport } from '../../contract/failure-report.ts';
import type { JsonObject } from '../../values/json.ts';
import { ResponseWriter } from './response-writer.ts';

/** Writes an answer as the server-sent events of a streamed response. */
export class ResponsesStreamWriter implements StreamWriter {
	readonly #writer: ResponseWriter;

	constructor(request: ClientRequest, requestId: string) {
		this.#writer = new ResponseWriter(request, requestId);
	}

	write(events: readonly AnswerEvent[]): string {
		let text = '';
		for (const event of events) {
			if (this.#writer.take(event)) {
				const { type } = event.raw.value as JsonObject;
				text += `event: ${String(type)}\ndata: ${event.raw.data}\n\n`;
			} else text += this.#written();
		}
		return text;
	}

	comment(text: string): string {
		return `: ${text}\n\n`;
	}

	end(): string {
		this.#writer.end();
		return this.#written();
	}

	/** Every client takes this event for an error; not so `response.failed`. */
	breakOff({ body }: FailureReport): string {
		const { code, message, param } = body.error;
		return textOf({ type: 'error', code, message, param, sequence_number: this.#writer.sequence });
	}

	#written(): string {
		return this.#writer.taken().map(textOf).join('');
	}
}

function textOf(event: JsonObject): string {
	return `event: ${String(event.type)}\ndata: ${JSON.stringify(event)}\n\n`;
}
