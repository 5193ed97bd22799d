import type { EventSourceMessage } from 'eventsource-parser';
import { type AnswerEvent, isContent } from '../../contract/answer-parts.ts';
import { isObject, type JsonObject, parseObject } from '../../values/json.ts';
import { isTooDeep } from '../../values/json-depth.ts';
import { isError, isErrorObject } from '../error-object.ts';
import { EventStreamReader } from '../event-stream-reader.ts';
import { readErrorBody } from '../read-error-body.ts';
import { documentEvents } from './document-events.ts';
import { EventParts } from './event-parts.ts';
import { failureIn } from './failure-in.ts';
import { ResponseGrammar } from './grammar.ts';
import { madeIn } from './made.ts';
import { isWholeState } from './read-document.ts';
import { dialectName } from './responses-body.ts';

/** A piece of the answer stands in it, which would be lost if the event were left out. */
const showsContent = /"(delta|text|refusal|arguments|input)"\s*:\s*"[^"]/;

const beginnings: readonly unknown[] = ['response.created', 'response.in_progress'];
const ends: readonly unknown[] = ['response.completed', 'response.incomplete', undefined];

/** The response that an event holds, or is, where it says all that the model put out. */
function wholeIn(event: JsonObject): JsonObject | undefined {
	if (!ends.includes(event.type) || isError(event.error)) return undefined;
	const response = event.type !== undefined && isObject(event.response) ? event.response : event;
	const { output, status } = response;
	return Array.isArray(output) && output.length > 0 && isWholeState(status) ? response : undefined;
}

/**
 * Reads a streamed response. Events that are not known here go on as they came; those that are none of a response are left out
 * and counted.
 */
export class ResponsesStreamReader extends EventStreamReader {
	readonly #grammar = new ResponseGrammar(true);
	readonly #parts = new EventParts();
	readonly #made: string[] = [];
	#isKept = true;
	#model: string | undefined;

	get isFinished(): boolean {
		return this.#grammar.isComplete;
	}

	get made(): readonly string[] {
		return this.#made;
	}

	protected isOfAnswer(line: string): boolean {
		return line.includes('"type":"response.') || line.includes('"type": "response.');
	}

	protected read({ event, data }: EventSourceMessage): void {
		if (data.trim() === '[DONE]') {
			this.state = this.hasContent ? { is: 'faulty', fault: 'answer_unfinished' } : this.empty();
			return;
		}
		const value = parseObject(data);
		if (value === undefined) this.#readBroken(event, data);
		else
			this.#readValue(typeof value.type === 'string' || event === undefined ? value : { ...value, type: event }, data);
	}

	#readBroken(event: string | undefined, data: string): void {
		if (event === 'error' || event === 'response.failed') {
			this.state = { is: 'error', error: readErrorBody(200, data) };
		} else if (showsContent.test(data) || isTooDeep(data)) {
			this.state = { is: 'faulty', fault: 'answer_damaged' };
		} else this.skippedEvents++;
	}

	#readValue(value: JsonObject, data: string): void {
		const { type } = value;
		if (type === 'error' || type === 'response.failed' || type === 'response.cancelled') {
			this.state = { is: 'error', error: failureIn(value) };
			return;
		}
		const whole = this.hasContent || this.#grammar.nextItem > 0 ? undefined : wholeIn(value);
		if (whole !== undefined) this.#takeDocument(whole);
		else if (typeof type === 'string') this.#take(value, data);
		else if (isErrorObject(value)) this.state = { is: 'error', error: failureIn(value) };
		else this.skippedEvents++;
	}

	/** Some servers stream by sending the whole response as one event, which may be its end, behind its beginning. */
	#takeDocument(response: JsonObject): void {
		const isBegun = this.#grammar.hasBegun;
		for (const event of documentEvents(response, true)) {
			if (isBegun && beginnings.includes(event.type)) continue;
			const numbered = { ...event, sequence_number: this.#grammar.sequence };
			this.#take(numbered, JSON.stringify(numbered));
		}
	}

	#take(given: JsonObject, data: string): void {
		const value = this.#placed(given);
		if (this.#grammar.next(value) !== undefined) {
			this.state = { is: 'faulty', fault: 'answer_damaged' };
			return;
		}
		this.#noteMade(value);
		const parts = this.#parts.of(value);
		for (const part of parts) {
			if (isContent(part) || part.is === 'finish') this.hasContent = true;
		}
		const raw = { dialect: dialectName, data: data.includes('\n') ? data.replaceAll('\n', ' ') : data, value };
		const event: AnswerEvent = { parts, model: this.#model ?? this.options.model, raw };
		this.events.push(event);
		if (this.#grammar.isComplete) this.state = { is: 'whole' };
	}

	/** The event with the place of its item, which some servers leave out where there is one item. */
	#placed(value: JsonObject): JsonObject {
		const { type, output_index: index, response } = value;
		if (typeof index === 'number' || response !== undefined) return value;
		const { nextItem } = this.#grammar;
		return { ...value, output_index: type === 'response.output_item.added' ? nextItem : Math.max(0, nextItem - 1) };
	}

	#noteMade({ type, response, item }: JsonObject): void {
		if (isObject(response)) {
			if (typeof response.model === 'string' && response.model !== '') this.#model = response.model;
			this.#isKept = response.store !== false;
		}
		if (type === 'response.output_item.done' && isObject(item)) this.#made.push(...madeIn(item, this.#isKept));
		else if (type === 'response.created' && this.#isKept && isObject(response))
			this.#made.push(...madeIn(response, true));
	}
}
