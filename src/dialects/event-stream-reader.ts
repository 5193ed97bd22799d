import { StringDecoder } from 'node:string_decoder';
import { createParser, type EventSourceMessage, type EventSourceParser } from 'eventsource-parser';
import type { AnswerEvent } from '../contract/answer-parts.ts';
import type { AnswerReader, ReaderOptions, StreamState } from '../contract/dialect.ts';
import { readErrorBody } from './read-error-body.ts';
import { StrayLines } from './stray-lines.ts';

/** How much of a body without an event in it is kept, to find an error in it, characters. */
const KEPT_LENGTH = 16 * 1024;

/**
 * Reads an answer that comes as server-sent events: bytes in, and what a dialect makes of each event out. What is the same in
 * every dialect is here: pieces cut anywhere, events that are too large, lines that are none, a body without an answer.
 */
export abstract class EventStreamReader implements AnswerReader {
	state: StreamState = { is: 'open' };
	hasContent = false;
	skippedEvents = 0;
	abstract readonly isFinished: boolean;
	protected readonly options: ReaderOptions;
	/** What the bytes of the present piece have become. */
	protected events: AnswerEvent[] = [];
	readonly #decoder = new StringDecoder('utf8');
	readonly #parser: EventSourceParser;
	/** The beginning of the body, until there is an event in it. */
	#unread: string | undefined = '';
	readonly #stray = new StrayLines();

	constructor(options: ReaderOptions) {
		this.options = options;
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
		if (this.state.is === 'open' && !this.hasContent) this.state = this.empty();
		return events;
	}

	/** Adds what an event says to `events`, and sets `state` where it ends the stream. */
	protected abstract read(event: EventSourceMessage): void;

	/** Whether a line that is no event is one of an answer, whose field's name is damaged: a piece is missing then. */
	protected abstract isOfAnswer(line: string): boolean;

	/** What a stream is that ends before any content. */
	protected empty(): StreamState {
		const error = this.#unread === undefined ? undefined : readErrorBody(200, this.#unread);
		return { is: 'faulty', fault: 'answer_empty', ...(error === undefined ? {} : { error }) };
	}

	/** After the finish nothing of the answer is missing, whatever comes then. */
	#readStray(line: string): void {
		if (this.state.is !== 'open' || this.isFinished) return;
		const error = this.#stray.add(line);
		// The byte-order mark of a stream stands in front of its first field.
		const isDamaged = !line.startsWith('\ufeffdata:') && this.isOfAnswer(line);
		if (error !== undefined) this.state = { is: 'error', error };
		else if (isDamaged) this.state = { is: 'faulty', fault: 'answer_damaged' };
	}

	#parse(text: string): readonly AnswerEvent[] {
		this.events = [];
		if (this.#unread !== undefined && this.#unread.length < KEPT_LENGTH) this.#unread += text.slice(0, KEPT_LENGTH);
		let from = 0;
		for (const { end, line } of this.#stray.find(text)) {
			this.#feed(text.slice(from, end));
			this.#readStray(line);
			from = end;
		}
		this.#feed(from === 0 ? text : text.slice(from));
		return this.events;
	}

	#feed(text: string): void {
		// After an event that is too large the parser takes no more.
		if (this.state.is === 'open') this.#parser.feed(text);
	}

	#read(event: EventSourceMessage): void {
		if (this.state.is !== 'open') return;
		this.#unread = undefined;
		this.read(event);
	}
}
