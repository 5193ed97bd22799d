import { StringDecoder } from 'node:string_decoder';
import { createParser, type EventSourceMessage, type EventSourceParser } from 'eventsource-parser';
import { type AnswerEvent, isContent } from '../../contract/answer-parts.ts';
import type { AnswerReader, ReaderOptions, StreamState } from '../../contract/dialect.ts';
import { isObject, type JsonObject } from '../../values/json.ts';
import { readErrorBody, readErrorJson } from '../read-error-body.ts';
import { eventOf, readChunk } from './chunk.ts';
import { documentEvents } from './document-events.ts';
import { finishOf, isSomething } from './read-choice.ts';
import { isOfChunk, StrayLines } from './stray-lines.ts';
import { StreamChoice } from './stream-choice.ts';

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
	readonly #choices = new Map<number, StreamChoice>();
	/** Choices that began and are not finished; and those that are. */
	#open = 0;
	#finished = 0;
	#events: AnswerEvent[] = [];
	/** The beginning of the body, until there is an event in it. */
	#unread: string | undefined = '';
	readonly #stray = new StrayLines();

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
		return this.#finished >= this.#options.choices && this.#open === 0;
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
		if (this.state.is === 'open' && this.#stray.error !== undefined) {
			this.state = { is: 'error', error: this.#stray.error };
		}
		if (this.state.is === 'open' && !this.hasContent) this.state = this.#empty();
		return events;
	}

	/** After the finish nothing of the answer is missing, whatever comes then. */
	#readStray(line: string): void {
		if (this.state.is !== 'open' || this.isFinished) return;
		const error = this.#stray.add(line);
		if (error !== undefined) this.state = { is: 'error', error };
		else if (isOfChunk(line)) this.state = { is: 'faulty', fault: 'answer_damaged' };
	}

	#parse(text: string): readonly AnswerEvent[] {
		this.#events = [];
		if (this.#unread !== undefined && this.#unread.length < KEPT_LENGTH) this.#unread += text.slice(0, KEPT_LENGTH);
		let from = 0;
		for (const { end, line } of this.#stray.find(text)) {
			this.#feed(text.slice(from, end));
			this.#readStray(line);
			from = end;
		}
		this.#feed(from === 0 ? text : text.slice(from));
		return this.#events;
	}

	#feed(text: string): void {
		// After an event that is too large the parser takes no more.
		if (this.state.is === 'open') this.#parser.feed(text);
	}

	/**
	 * At the end mark. A provider that ends without a finish reason for what it began has lost the end of it; one that began fewer
	 * answers than were asked for does not know `n`, which is no failure of its.
	 */
	#ended(): StreamState {
		if (this.#finished > 0 && this.#open === 0) return { is: 'whole' };
		return this.hasContent ? { is: 'faulty', fault: 'answer_unfinished' } : this.#empty();
	}

	#empty(): StreamState {
		const error = this.#unread === undefined ? undefined : readErrorBody(200, this.#unread);
		return { is: 'faulty', fault: 'answer_empty', ...(error === undefined ? {} : { error }) };
	}

	#read({ event, data }: EventSourceMessage): void {
		if (this.state.is !== 'open') return;
		this.#unread = undefined;
		if (data.trim() === '[DONE]') {
			this.state = this.#ended();
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
		if (this.#choices.size === 0 && isWholeCompletion(chunk.value)) {
			const { model } = this.#options;
			for (const part of documentEvents(chunk.value, { model, withUsage: true })) this.#take(part);
			return;
		}
		this.#take(chunk.event);
	}

	#take(event: AnswerEvent): void {
		const told = this.#told(event);
		if (told === undefined) return;
		for (const part of told.parts) {
			if (isContent(part) || part.is === 'finish') this.hasContent = true;
		}
		this.#events.push(told);
	}

	/** The event as it adds to the answer; undefined where it adds nothing. */
	#told(event: AnswerEvent): AnswerEvent | undefined {
		const value = event.raw.value as JsonObject;
		const { choices } = value;
		if (!Array.isArray(choices) || choices.length === 0) return event;
		if (choices.length === 1) {
			const told = this.#next(choices[0]);
			return told === choices[0] ? event : rewritten(value, told === undefined ? [] : [told]);
		}
		const next: JsonObject[] = [];
		let isSame = true;
		for (const choice of choices) {
			const told = this.#next(choice);
			if (told !== choice) isSame = false;
			if (told !== undefined) next.push(told);
		}
		return isSame ? event : rewritten(value, next);
	}

	/** What comes after a finish (a late content filter verdict, say) does not open the choice again. */
	#next(choice: JsonObject): JsonObject | undefined {
		const at = typeof choice.index === 'number' ? choice.index : 0;
		let known = this.#choices.get(at);
		if (known === undefined) {
			known = new StreamChoice();
			this.#choices.set(at, known);
			this.#open++;
		}
		const wasFinished = known.isFinished;
		const told = known.next(choice);
		if (known.isFinished && !wasFinished) {
			this.#open--;
			this.#finished++;
		}
		return told;
	}
}

/** An event with these choices instead; undefined where nothing is left of it. */
function rewritten(value: JsonObject, choices: readonly JsonObject[]): AnswerEvent | undefined {
	if (choices.length === 0 && !isSomething(value.usage)) return undefined;
	return eventOf({ ...value, object: 'chat.completion.chunk', choices });
}

/** Some servers stream by sending the whole completion as one event. */
function isWholeCompletion({ choices }: JsonObject): boolean {
	const all: unknown[] = Array.isArray(choices) ? choices : [];
	return (
		all.length > 0 &&
		all.every((one) => isObject(one) && one.delta === undefined && isObject(one.message) && finishOf(one) !== undefined)
	);
}
