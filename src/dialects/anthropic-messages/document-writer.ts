import type { AnswerEvent } from '../../contract/answer-parts.ts';
import type { DocumentWriter } from '../../contract/dialect.ts';
import { asObject, isSomething, type JsonObject } from '../../values/json.ts';
import type { CallerNames } from '../tool-names.ts';
import { MessageEvents } from './event-writer.ts';
import { dialectName } from './messages-body.ts';
import { inputOf } from './tool-input.ts';
import { mergedUsage } from './usage.ts';

/** A block while its deltas come. */
interface GrowingBlock {
	block: JsonObject;
	/** The JSON text of what a tool is given. */
	input: string;
}

/** Puts the events of a streamed message together into the whole one that a caller without a stream expects. */
export class MessagesDocumentWriter implements DocumentWriter {
	readonly #events: MessageEvents;
	#message: JsonObject = {};
	readonly #blocks: GrowingBlock[] = [];

	constructor(requestId: string, names?: CallerNames) {
		this.#events = new MessageEvents(requestId, names);
	}

	add(event: AnswerEvent): void {
		if (event.raw.dialect === dialectName && event.form === undefined) {
			this.#events.pass(event);
			this.#add(event.raw.value as JsonObject);
		} else this.#addAll(this.#events.translated(event));
	}

	whole(): string {
		this.#addAll(this.#events.ending());
		return JSON.stringify({ ...this.#message, content: this.#blocks.map(wholeBlock) });
	}

	#addAll(events: readonly JsonObject[]): void {
		for (const event of events) this.#add(event);
	}

	#add(event: JsonObject): void {
		const last = this.#blocks.at(-1);
		if (event.type === 'message_start') this.#message = asObject(event.message) ?? {};
		else if (event.type === 'content_block_start')
			this.#blocks.push({ block: asObject(event.content_block) ?? {}, input: '' });
		else if (event.type === 'content_block_delta' && last !== undefined) grow(last, asObject(event.delta) ?? {});
		else if (event.type === 'message_delta') this.#end(event);
	}

	#end({ type: _, delta, usage, ...others }: JsonObject): void {
		const used = mergedUsage(asObject(this.#message.usage) ?? {}, asObject(usage) ?? {});
		this.#message = { ...this.#message, ...asObject(delta), usage: used, ...others };
	}
}

function grow(growing: GrowingBlock, { type, ...said }: JsonObject): void {
	const { block } = growing;
	switch (type) {
		case 'text_delta':
			growing.block = { ...block, text: textOf(block.text) + textOf(said.text) };
			return;
		case 'thinking_delta':
			growing.block = { ...block, thinking: textOf(block.thinking) + textOf(said.thinking) };
			return;
		case 'input_json_delta':
			growing.input += textOf(said.partial_json);
			return;
		case 'citations_delta': {
			const cited = Array.isArray(block.citations) ? block.citations : [];
			growing.block = { ...block, citations: [...cited, said.citation] };
			return;
		}
		default:
			// A signature; and what is not known, which comes whole.
			growing.block = { ...block, ...said };
	}
}

function wholeBlock({ block, input }: GrowingBlock): JsonObject {
	const isCall = typeof block.type === 'string' && block.type.endsWith('tool_use');
	return isCall && (input !== '' || !isSomething(block.input)) ? { ...block, input: inputOf(input) } : block;
}

function textOf(value: unknown): string {
	return typeof value === 'string' ? value : '';
}
