import type { EventSourceMessage } from 'eventsource-parser';
import { isContent } from '../../contract/answer-parts.ts';
import { asObject, isObject, type JsonObject, parseObject } from '../../values/json.ts';
import { isTooDeep } from '../../values/json-depth.ts';
import { isError, isErrorObject } from '../error-object.ts';
import { EventStreamReader } from '../event-stream-reader.ts';
import { readErrorBody, readErrorJson } from '../read-error-body.ts';
import { documentEvents } from './document-events.ts';
import { EventParts } from './event-parts.ts';
import { MessagesGrammar } from './grammar.ts';
import { madeIn } from './made.ts';
import { dialectName } from './messages-body.ts';
import { proofOf } from './signed-thoughts.ts';

/** A piece of the answer stands in it, which would be lost if the event were left out. */
const showsContent = /"type"\s*:\s*"(content_block|text_delta|thinking_delta|input_json_delta)/;

/**
 * Reads a streamed message. An event that may not stand where it stands is taken for damage: what should have come before it is
 * lost. What says nothing new there is left out and counted; so is `message_stop`, since the end of the stream is not the
 * provider's to declare.
 */
export class MessagesStreamReader extends EventStreamReader {
	/** Containers, files, and proofs of thoughts. */
	made?: readonly string[];
	readonly #grammar = new MessagesGrammar();
	readonly #parts = new EventParts();
	#model: string | undefined;
	/** The number of the open block, as the provider counts. */
	#told: unknown;

	get isFinished(): boolean {
		return this.#grammar.isFinished;
	}

	protected isOfAnswer(line: string): boolean {
		return showsContent.test(line) || line.includes('message_');
	}

	protected read({ event: name, data }: EventSourceMessage): void {
		const value = parseObject(data);
		if (value === undefined) this.#readBroken(name, data);
		else if (isFailure(name, value)) this.#fail(() => readErrorJson(value));
		else if (value.type === 'message_stop') this.#end();
		else if (!this.#grammar.hasBegun && isWholeMessage(value)) this.#takeDocument(value);
		else if (this.#isSuperfluous(value)) this.skippedEvents++;
		else this.#take(value, data);
	}

	#readBroken(name: string | undefined, data: string): void {
		if (name === 'error') this.#fail(() => readErrorBody(200, data));
		else if (!this.isFinished && (showsContent.test(data) || isTooDeep(data))) this.#damage();
		else this.skippedEvents++;
	}

	/** After the finish nothing of the answer is missing, whatever went wrong then. */
	#fail(error: () => ReturnType<typeof readErrorJson>): void {
		this.state = this.isFinished ? { is: 'whole' } : { is: 'error', error: error() };
	}

	#end(): void {
		if (this.isFinished) this.state = { is: 'whole' };
		else this.state = this.hasContent ? { is: 'faulty', fault: 'answer_unfinished' } : this.empty();
	}

	#damage(): void {
		this.state = { is: 'faulty', fault: 'answer_damaged' };
	}

	/** Some servers stream by sending the whole message as one event. */
	#takeDocument(message: JsonObject): void {
		const model = modelOf({ message }) ?? this.options.model;
		const events = documentEvents({ ...message, model }, { model, withUsage: true, inPieces: true });
		for (const { raw } of events) this.#push(raw.value as JsonObject, raw.data);
	}

	/** Without it nothing of the answer is missing: it was said before, or says nothing. */
	#isSuperfluous({ type, index, delta }: JsonObject): boolean {
		const { hasBegun, isFinished, open } = this.#grammar;
		switch (type) {
			case 'message_start':
				return hasBegun;
			case 'content_block_start':
			case 'content_block_delta':
				return isFinished;
			case 'content_block_stop':
				return hasBegun && (open === undefined || index !== this.#told);
			case 'message_delta':
				return isFinished && isObject(delta) && typeof delta.stop_reason === 'string';
			default:
				return !hasBegun || typeof type !== 'string';
		}
	}

	#take(value: JsonObject, data: string): void {
		const { open } = this.#grammar;
		const endsBlock = value.type === 'content_block_start' || value.type === 'message_delta';
		// Some servers leave the end of a block to be understood.
		if (open !== undefined && endsBlock) this.#push({ type: 'content_block_stop', index: open.index });
		if (value.type !== 'message_start') {
			const placed = this.#placed(value);
			this.#push(placed, placed === value ? data : undefined);
			return;
		}
		const named = withModel(value, this.options.model);
		this.#push(named, named === value ? data : undefined);
	}

	/**
	 * The event with the number of its block as blocks are counted: some servers pass over a number behind the first block, or take
	 * one again.
	 */
	#placed(value: JsonObject): JsonObject {
		const { type, index } = value;
		const { open, blocks } = this.#grammar;
		if (type === 'content_block_start') {
			this.#told = index;
			return index === blocks || blocks === 0 ? value : { ...value, index: blocks };
		}
		const isOfBlock = type === 'content_block_delta' || type === 'content_block_stop';
		if (!isOfBlock || open === undefined || index !== this.#told || index === open.index) return value;
		return { ...value, index: open.index };
	}

	#noteMade(value: JsonObject, data: string): void {
		this.#keepMade(madeIn(data, asObject(value.message) ?? asObject(value.delta) ?? value));
		this.#noteProof(value.content_block);
	}

	#noteProof(thought: unknown): void {
		const proof = isObject(thought) ? proofOf(thought) : undefined;
		if (proof !== undefined) this.#keepMade([proof]);
	}

	#keepMade(ids: readonly string[]): void {
		if (ids.length > 0) this.made = [...(this.made ?? []), ...ids];
	}

	/** @param data the JSON text of the event, where it came as one */
	#push(value: JsonObject, data: string = JSON.stringify(value)): void {
		if (this.#grammar.next(value) !== undefined) {
			this.#damage();
			return;
		}
		this.#model ??= modelOf(value);
		const parts = this.#parts.of(value);
		for (const part of parts) {
			if (isContent(part) || part.is === 'finish') this.hasContent = true;
		}
		// Files are named where a block begins, containers with the message; a thought is signed when it is whole.
		if (value.type === 'content_block_delta') this.#noteProof(value.delta);
		else if (value.type !== 'content_block_stop') this.#noteMade(value, data);
		const raw = { dialect: dialectName, data: data.includes('\n') ? data.replaceAll('\n', ' ') : data, value };
		this.events.push({ parts, model: this.#model ?? this.options.model, raw });
	}
}

/** Errors have a type of their own; some servers send them in a shape of other APIs. */
function isFailure(name: string | undefined, value: JsonObject): boolean {
	const { type } = value;
	if (type === 'error' || name === 'error' || isError(value.error)) return true;
	return (type === undefined || type === '') && isErrorObject(value);
}

/** One that says why it ended: of any other nobody knows whether it goes on. */
function isWholeMessage({ type, content, stop_reason: reason }: JsonObject): boolean {
	return type === 'message' && Array.isArray(content) && typeof reason === 'string' && reason !== '';
}

function modelOf({ message }: JsonObject): string | undefined {
	return isObject(message) && typeof message.model === 'string' && message.model !== '' ? message.model : undefined;
}

function withModel(value: JsonObject, model: string): JsonObject {
	if (!isObject(value.message) || modelOf(value) !== undefined) return value;
	return { ...value, message: { ...value.message, model } };
}
