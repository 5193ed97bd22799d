import type { AnswerEvent, AnswerPart, AttemptUsage, FinishPart, ToolCallPart } from '../../contract/answer-parts.ts';
import { isObject, type JsonObject } from '../../values/json.ts';
import { type FinishKind, finishKind } from '../finish-kinds.ts';
import { CallerNames } from '../tool-names.ts';
import { MessagesGrammar } from './grammar.ts';
import { dialectName } from './messages-body.ts';
import { ToolIds } from './tool-ids.ts';
import { unsignedMark } from './unsigned.ts';
import { usageOfAll } from './usage.ts';

interface Call {
	id: string | undefined;
	name: string;
	arguments: string;
	/** It is one of another dialect's, which was told of it by a plain name. */
	readonly isForeign: boolean;
}

const reasons: Readonly<Record<FinishKind, string>> = {
	stop: 'end_turn',
	'stop-sequence': 'stop_sequence',
	length: 'max_tokens',
	'tool-calls': 'tool_use',
	refused: 'refusal',
	pause: 'pause_turn',
};

/**
 * Makes the events of one message, whatever mixture of own events, continuations and other dialects comes: blocks are counted on
 * and closed, the finish and the usage of all attempts are said once, at the end. Every event is held against the grammar.
 */
export class MessageEvents {
	readonly #requestId: string;
	readonly #grammar = new MessagesGrammar();
	#model = '';
	/** Calls wait for the end of the answer: other dialects may write several at once, here one block follows the other. */
	readonly #calls = new Map<number, Call>();
	readonly #ids = new ToolIds();
	readonly #names: CallerNames;
	#usage: readonly AttemptUsage[] = [];
	/** How the answer ends, where that has not been written: the usage comes behind it, and belongs to the same event. */
	#finish: JsonObject | undefined;
	#hasRefused = false;

	/** @param requestId ours, for an answer that has no id of its own */
	constructor(requestId: string, names = new CallerNames()) {
		this.#requestId = requestId;
		this.#names = names;
	}

	/** The message has begun, and its end has not been written. */
	get isOpen(): boolean {
		return this.#grammar.hasBegun && !this.#grammar.isComplete;
	}

	/**
	 * Notes an event that goes to the client as it is.
	 * @throws Error when it may not stand here: the answer was joined wrongly
	 */
	pass({ raw, parts }: AnswerEvent): void {
		this.#check(raw.value as JsonObject);
		for (const part of parts) this.#noteUsage(part);
	}

	/** An event of a continuation, or of another dialect, in the words of this one. */
	translated(event: AnswerEvent): readonly JsonObject[] {
		const out: JsonObject[] = [];
		this.#model = event.model;
		for (const part of event.parts) {
			// An answer here is one; a request of this dialect asks for no more.
			if (part.is !== 'usage' && part.choice > 0) continue;
			if (part.is === 'usage') this.#noteUsage(part);
			else if (part.is === 'tool-call') this.#addCall(part, event.raw.dialect !== dialectName);
			else if (part.is === 'finish') this.#finish = this.#deltaOf(part, event);
			else if (part.is === 'text') this.#grow(out, 'text', part.text);
			else if (part.is === 'reasoning') this.#grow(out, 'thinking', part.text);
			else if (part.refusal !== undefined) this.#refuse(out, part.refusal);
		}
		return out;
	}

	/** What is still to be written behind a whole answer. */
	ending(): readonly JsonObject[] {
		const out: JsonObject[] = [];
		if (!this.#grammar.isFinished) {
			this.#begin(out);
			for (const call of this.#calls.values()) this.#writeCall(out, call);
			this.#close(out);
			const delta = this.#finish ?? { stop_reason: this.#reasonOf('stop'), stop_sequence: null };
			this.#emit(out, { type: 'message_delta', delta, ...usageOfAll(this.#usage) });
		}
		this.#emit(out, { type: 'message_stop' });
		return out;
	}

	#noteUsage(part: AnswerPart): void {
		if (part.is === 'usage') this.#usage = part.all ?? [{ target: '', usage: part.usage }];
	}

	#addCall({ index, id, name, arguments: piece }: ToolCallPart, isForeign: boolean): void {
		const call = this.#calls.get(index) ?? { id: undefined, name: '', arguments: '', isForeign };
		call.id ??= id;
		call.name += name ?? '';
		call.arguments += piece;
		this.#calls.set(index, call);
	}

	/** A continuation of this dialect ends as its provider says it, with the sequence that it stopped at. */
	#deltaOf({ reason }: FinishPart, { raw }: AnswerEvent): JsonObject {
		const { delta } = raw.dialect === dialectName && isObject(raw.value) ? raw.value : {};
		if (isObject(delta)) return delta;
		return { stop_reason: this.#reasonOf(finishKind(reason)), stop_sequence: null };
	}

	/** Some providers end with a plain stop behind a call, or behind a refusal. */
	#reasonOf(kind: FinishKind): string {
		if (kind === 'stop' && this.#calls.size > 0) return reasons['tool-calls'];
		return reasons[kind === 'stop' && this.#hasRefused ? 'refused' : kind];
	}

	#refuse(out: JsonObject[], text: string): void {
		this.#hasRefused = true;
		this.#grow(out, 'text', text);
	}

	#grow(out: JsonObject[], type: 'text' | 'thinking', text: string): void {
		if (text === '') return;
		this.#begin(out);
		if (this.#grammar.open?.type !== type) {
			const begun = type === 'text' ? { type, text: '' } : { type, thinking: '', signature: '' };
			this.#openBlock(out, begun);
		}
		this.#growBlock(out, type === 'text' ? { type: 'text_delta', text } : { type: 'thinking_delta', thinking: text });
	}

	#writeCall(out: JsonObject[], { id, name: told, arguments: text, isForeign }: Call): void {
		const name = isForeign ? this.#names.of(told) : told;
		const given = id ?? `toolu_${this.#requestId}`;
		this.#openBlock(out, { type: 'tool_use', id: this.#ids.ofCall(given), name, input: {} });
		if (text !== '') this.#growBlock(out, { type: 'input_json_delta', partial_json: text });
	}

	#begin(out: JsonObject[]): void {
		if (this.#grammar.hasBegun) return;
		const message = {
			id: `msg_${this.#requestId}`,
			type: 'message',
			role: 'assistant',
			model: this.#model,
			content: [],
			stop_reason: null,
			stop_sequence: null,
			usage: { input_tokens: 0, output_tokens: 0 },
		};
		this.#emit(out, { type: 'message_start', message });
	}

	#openBlock(out: JsonObject[], block: JsonObject): void {
		this.#close(out);
		this.#emit(out, { type: 'content_block_start', index: this.#grammar.blocks, content_block: block });
	}

	#growBlock(out: JsonObject[], delta: JsonObject): void {
		this.#emit(out, { type: 'content_block_delta', index: this.#grammar.open?.index, delta });
	}

	/** Thoughts that their model did not sign, or not any more, bear our mark, by which they are known when they come back. */
	#close(out: JsonObject[]): void {
		const { open } = this.#grammar;
		if (open === undefined) return;
		if (open.type === 'thinking' && !open.isSigned) {
			this.#growBlock(out, { type: 'signature_delta', signature: unsignedMark });
		}
		this.#emit(out, { type: 'content_block_stop', index: open.index });
	}

	#emit(out: JsonObject[], event: JsonObject): void {
		this.#check(event);
		out.push(event);
	}

	#check(event: JsonObject): void {
		const wrong = this.#grammar.next(event);
		if (wrong !== undefined) throw new Error(`${String(event.type)} may not stand here in a message: ${wrong}`);
	}
}
