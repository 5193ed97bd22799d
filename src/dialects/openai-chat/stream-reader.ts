import { StringDecoder } from 'node:string_decoder';
import { createParser, type EventSourceMessage, type EventSourceParser } from 'eventsource-parser';
import { type AnswerEvent, isContent } from '../../contract/answer-parts.ts';
import type { AnswerReader, ReaderOptions, StreamState } from '../../contract/dialect.ts';
import { isObject, type JsonObject } from '../../values/json.ts';
import { readErrorBody, readErrorJson } from '../read-error-body.ts';
import { readChunk } from './chunk.ts';
import { documentEvents } from './document-events.ts';

/** How much of a body without an event in it is kept, to find an error in it, characters. */
const KEPT_LENGTH = 16 * 1024;

/**
 * Reads a streamed chat completion. Events that are not chunks of one are left out and counted; `[DONE]` is left out too,
 * since the end of the stream is not the provider's to declare.
 */
export class ChatStreamReader implements AnswerReader {
	state: StreamState = { is: 'open' };
	hasContent = false;
	skippedEvents = 0;
	readonly #decoder = new StringDecoder('utf8');
	readonly #parser: EventSourceParser;
	readonly #options: ReaderOptions;
	readonly #unfinished = new Set<number>();
	readonly #finished = new Set<number>();
	#events: AnswerEvent[] = [];
	/** The beginning of the body, until there is an event in it. */
	#unread: string | undefined = '';

	constructor(options: ReaderOptions) {
		this.#options = options;
		this.#parser = createParser({
			onEvent: (event) => this.#read(event),
			onError: (error) => {
				// What follows the end in the same piece cannot undo it.
				if (this.state.is === 'open' && error.type === 'max-buffer-size-exceeded') {
					this.state = { is: 'faulty', fault: 'answer_too_large' };
				}
			},
			maxBufferSize: options.maxEventLength,
		});
	}

	get isFinished(): boolean {
		return this.#finished.size >= this.#options.choices && this.#unfinished.size === 0;
	}

	feed(bytes: Buffer): readonly AnswerEvent[] {
		if (this.state.is !== 'open') return [];
		return this.#parse(this.#decoder.write(bytes));
	}

	/** An event whose closing blank line is missing is read all the same. */
	finish(): readonly AnswerEvent[] {
		if (this.state.is !== 'open') return [];
		const events = this.#parse(`${this.#decoder.end()}\n\n`);
		if (this.state.is === 'open' && this.isFinished) this.state = { is: 'whole' };
		if (this.state.is === 'open' && !this.hasContent) this.state = this.#empty();
		return events;
	}

	#parse(text: string): readonly AnswerEvent[] {
		this.#events = [];
		if (this.#unread !== undefined && this.#unread.length < KEPT_LENGTH) this.#unread += text.slice(0, KEPT_LENGTH);
		this.#parser.feed(text);
		return this.#events;
	}

	#empty(): StreamState {
		const error = this.#unread === undefined ? undefined : readErrorBody(200, this.#unread);
		return { is: 'faulty', fault: 'answer_empty', ...(error === undefined ? {} : { error }) };
	}

	#read({ event, data }: EventSourceMessage): void {
		if (this.state.is !== 'open') return;
		this.#unread = undefined;
		if (data.trim() === '[DONE]') {
			// A provider that ends without a finish reason for its answer has lost the end of it.
			const isUnfinished = this.hasContent && !this.isFinished;
			this.state = isUnfinished
				? { is: 'faulty', fault: 'answer_unfinished' }
				: this.isFinished
					? { is: 'whole' }
					: this.#empty();
			return;
		}
		const chunk = readChunk(data, this.#options.model);
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
		if (chunk.is !== 'event') {
			this.skippedEvents++;
			return;
		}
		if (isWholeCompletion(chunk.value)) {
			const { model } = this.#options;
			for (const part of documentEvents(chunk.value, { model, withUsage: true })) this.#take(part);
			return;
		}
		this.#take(chunk.event);
	}

	#take(event: AnswerEvent): void {
		for (const part of event.parts) {
			if (isContent(part)) this.hasContent = true;
			if (part.is !== 'finish') continue;
			this.hasContent = true;
			this.#finished.add(part.choice);
			this.#unfinished.delete(part.choice);
		}
		const { choices } = event.raw.value as JsonObject;
		if (Array.isArray(choices)) for (const choice of choices) this.#noteBegun(choice);
		this.#events.push(event);
	}

	/** What comes after a finish (a late content filter verdict, say) does not open the choice again. */
	#noteBegun({ index }: JsonObject): void {
		const at = typeof index === 'number' ? index : 0;
		if (!this.#finished.has(at)) this.#unfinished.add(at);
	}
}

/** Some servers stream by sending the whole completion as one event; read as a chunk, it would say nothing. */
function isWholeCompletion({ choices }: JsonObject): boolean {
	const [first] = Array.isArray(choices) ? choices : [];
	return isObject(first) && first.delta === undefined && isObject(first.message);
}
