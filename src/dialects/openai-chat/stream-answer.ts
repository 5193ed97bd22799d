import { StringDecoder } from 'node:string_decoder';
import { createParser, type EventSourceMessage, type EventSourceParser } from 'eventsource-parser';
import { withMembers } from '../../values/json-members.ts';
import { type ChunkChoice, isObject, type JsonObject, readChunk, type StreamChunk } from './chunk.ts';
import { documentChunks } from './document-chunks.ts';

/** How a streamed answer stands. Once it is no longer `open`, nothing more is read. */
export type StreamState =
	| { is: 'open' }
	/** Every choice has its finish reason, and the stream has ended, with `[DONE]` or without. */
	| { is: 'whole' }
	/** An error event; its data, for classification. */
	| { is: 'error'; data: string }
	/** The provider ended it without having finished. */
	| { is: 'unfinished' }
	/** The provider ended it before it had said anything. */
	| { is: 'empty' }
	/** A chunk came whose JSON is broken: what it said is lost. */
	| { is: 'damaged' }
	/** One event larger than an answer may be. */
	| { is: 'too-large' };

/**
 * Reads a streamed answer: bytes in, chunks out. Events
 * that are not chunks of a completion are left out and counted, `[DONE]` is left out too, since the end of the stream
 * is not the provider's to declare.
 */
export class StreamAnswer {
	state: StreamState = { is: 'open' };
	/** Content has come: text, reasoning or a part of a tool call, or a finish without any. */
	hasContent = false;
	skippedEvents = 0;
	readonly #decoder = new StringDecoder('utf8');
	readonly #parser: EventSourceParser;
	readonly #model: string;
	readonly #unfinished = new Set<number>();
	readonly #finished = new Set<number>();
	readonly #choices: number;
	#chunks: StreamChunk[] = [];

	/**
	 * @param model goes into chunks that do not say which model wrote them
	 * @param maxEventLength characters of the largest event that is read
	 * @param choices how many the caller asked for (`n`)
	 */
	constructor(model: string, maxEventLength: number, choices = 1) {
		this.#model = model;
		this.#choices = choices;
		this.#parser = createParser({
			onEvent: (event) => this.#read(event),
			onError: (error) => {
				// What follows the end in the same piece cannot undo it.
				if (this.state.is === 'open' && error.type === 'max-buffer-size-exceeded') this.state = { is: 'too-large' };
			},
			maxBufferSize: maxEventLength,
		});
	}

	/** Is every choice that began finished? Then a break loses nothing but `[DONE]` and perhaps the usage. */
	get isFinished(): boolean {
		return this.#finished.size >= this.#choices && this.#unfinished.size === 0;
	}

	/**
	 * @param bytes the next piece of the body, cut anywhere
	 * @returns the chunks that became complete with it
	 */
	feed(bytes: Buffer): readonly StreamChunk[] {
		if (this.state.is !== 'open') return [];
		this.#chunks = [];
		this.#parser.feed(this.#decoder.write(bytes));
		return this.#chunks;
	}

	/** The body has ended. An event whose closing blank line is missing is read all the same. */
	finish(): readonly StreamChunk[] {
		if (this.state.is !== 'open') return [];
		this.#chunks = [];
		this.#parser.feed(`${this.#decoder.end()}\n\n`);
		if (this.state.is === 'open' && this.isFinished) this.state = { is: 'whole' };
		if (this.state.is === 'open' && !this.hasContent) this.state = { is: 'empty' };
		return this.#chunks;
	}

	#read({ event, data }: EventSourceMessage): void {
		if (this.state.is !== 'open') return;
		if (data.trim() === '[DONE]') {
			// A provider that ends without a finish reason for its answer has lost the end of it.
			this.state = { is: this.isFinished ? 'whole' : this.hasContent ? 'unfinished' : 'empty' };
			return;
		}
		const chunk = readChunk(data);
		if (event === 'error' || chunk.kind === 'error') {
			// After the finish nothing of the answer is missing, whatever went wrong then.
			this.state = this.isFinished ? { is: 'whole' } : { is: 'error', data };
			return;
		}
		if (chunk.kind === 'damaged' && !this.isFinished) {
			this.state = { is: 'damaged' };
			return;
		}
		if (chunk.kind !== 'chunk') {
			this.skippedEvents++;
			return;
		}
		if (isWholeCompletion(chunk.value)) {
			for (const part of documentChunks(chunk.value, { model: this.#model, withUsage: true })) this.#take(part);
			return;
		}
		const { value, choices } = chunk;
		if (chunk.hasModel) {
			this.#take({ data: oneLine(data), value, choices });
			return;
		}
		const named = withMembers(data, { model: JSON.stringify(this.#model) });
		this.#take({ data: oneLine(named), value: { ...value, model: this.#model }, choices });
	}

	#take(chunk: StreamChunk): void {
		for (const choice of chunk.choices) this.#note(choice);
		this.#chunks.push(chunk);
	}

	#note({ index, hasContent, isFinished }: ChunkChoice): void {
		if (hasContent || isFinished) this.hasContent = true;
		if (isFinished) {
			this.#finished.add(index);
			this.#unfinished.delete(index);
			return;
		}
		// What comes after a finish (a late content filter verdict, say) does not open the choice again.
		if (!this.#finished.has(index)) this.#unfinished.add(index);
	}
}

/** Some servers stream by sending the whole completion as one event; read as a chunk, it would say nothing. */
function isWholeCompletion({ choices }: JsonObject): boolean {
	const [first] = Array.isArray(choices) ? choices : [];
	return isObject(first) && first.delta === undefined && isObject(first.message);
}

/** JSON may be spread over several `data:` lines; between tokens a line break means nothing. */
function oneLine(data: string): string {
	return data.includes('\n') ? data.replaceAll('\n', ' ') : data;
}
