import type { AnswerEvent } from '../../contract/answer-parts.ts';
import type { DocumentWriter } from '../../contract/dialect.ts';
import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { finishOf } from '../openai-chat/read-choice.ts';
import { CompletionChunkWriter } from './chunk-writer.ts';
import { indexOf } from './completion-chunk.ts';

interface AssembledChoice {
	text: string;
	logprobs: JsonObject | null;
	finishReason: string | undefined;
	others: JsonObject;
}

/** Puts the chunks of a streamed completion together into the whole one that a caller without a stream expects. */
export class CompletionDocumentWriter implements DocumentWriter {
	readonly #chunks: CompletionChunkWriter;
	#head: JsonObject = {};
	#used: JsonObject = {};
	readonly #choices = new Map<number, AssembledChoice>();

	constructor(requestId: string) {
		this.#chunks = new CompletionChunkWriter(true, requestId);
	}

	add(event: AnswerEvent): void {
		const value = this.#chunks.valueOf(event);
		if (value !== undefined) this.#addChunk(value);
	}

	whole(): string {
		const last = this.#chunks.last();
		if (last !== undefined) this.#addChunk(last);
		const choices = [...this.#choices].sort(([a], [b]) => a - b).map(([index, choice]) => wholeChoice(index, choice));
		return JSON.stringify({ ...this.#head, object: 'text_completion', choices, ...this.#used });
	}

	#addChunk({ choices, usage, failover, ...head }: JsonObject): void {
		const told = Object.entries(head).filter(([name, value]) => isSomething(value) && !(name in this.#head));
		this.#head = { ...this.#head, ...Object.fromEntries(told), model: head.model };
		if (isSomething(usage)) this.#used = { usage, ...(failover === undefined ? {} : { failover }) };
		for (const choice of Array.isArray(choices) ? choices.filter(isObject) : []) this.#addChoice(choice);
	}

	#addChoice(choice: JsonObject): void {
		const { index: _, text, logprobs, finish_reason: __, ...others } = choice;
		const at = indexOf(choice);
		const known = this.#choices.get(at) ?? { text: '', logprobs: null, finishReason: undefined, others: {} };
		this.#choices.set(at, known);
		if (typeof text === 'string') known.text += text;
		if (isObject(logprobs)) known.logprobs = joined(known.logprobs ?? {}, logprobs);
		known.finishReason ??= finishOf(choice)?.reason;
		known.others = { ...known.others, ...others };
	}
}

function wholeChoice(index: number, { text, logprobs, finishReason, others }: AssembledChoice): JsonObject {
	return { text, index, logprobs, ...others, finish_reason: finishReason ?? 'stop' };
}

/** Lists of what belongs to each token grow. */
function joined(known: JsonObject, more: JsonObject): JsonObject {
	const next: Record<string, unknown> = { ...known };
	for (const [name, value] of Object.entries(more)) {
		const before = next[name];
		next[name] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : (value ?? before ?? null);
	}
	return next;
}
