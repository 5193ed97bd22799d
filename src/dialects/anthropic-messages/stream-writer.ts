import type { AnswerEvent } from '../../contract/answer-parts.ts';
import type { StreamWriter } from '../../contract/dialect.ts';
import type { FailureReport } from '../../contract/failure-report.ts';
import type { JsonObject } from '../../values/json.ts';
import type { CallerNames } from '../tool-names.ts';
import { MessageEvents } from './event-writer.ts';
import { failureText } from './failure.ts';
import { dialectName } from './messages-body.ts';

/** Writes an answer as the server-sent events of a streamed message. */
export class MessagesStreamWriter implements StreamWriter {
	readonly #requestId: string;
	readonly #events: MessageEvents;

	constructor(requestId: string, names?: CallerNames) {
		this.#requestId = requestId;
		this.#events = new MessageEvents(requestId, names);
	}

	write(events: readonly AnswerEvent[]): string {
		let text = '';
		for (const event of events) {
			const { raw } = event;
			if (raw.dialect === dialectName && event.form === undefined) {
				this.#events.pass(event);
				text += `event: ${String((raw.value as JsonObject).type)}\ndata: ${raw.data}\n\n`;
			} else text += this.#events.translated(event).map(written).join('');
		}
		return text;
	}

	/** Before the message begins its grammar has no sign of life, and every client takes a comment. */
	comment(text: string): string {
		return this.#events.isOpen ? written({ type: 'ping' }) : `: ${text}\n\n`;
	}

	end(): string {
		return this.#events.ending().map(written).join('');
	}

	/** An error event, and no `message_stop`: no client takes the fragment for a whole message. */
	breakOff(report: FailureReport): string {
		return `event: error\ndata: ${failureText(report, this.#requestId)}\n\n`;
	}
}

function written(event: JsonObject): string {
	return `event: ${String(event.type)}\ndata: ${JSON.stringify(event)}\n\n`;
}
