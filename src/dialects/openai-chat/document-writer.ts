import type { AnswerEvent } from '../../contract/answer-parts.ts';
import type { DocumentWriter } from '../../contract/dialect.ts';
import { asObject, isObject, type JsonObject } from '../../values/json.ts';
import type { CallerNames } from '../tool-names.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { ToolCalls } from './tool-calls.ts';

interface AssembledChoice {
	index: number;
	message: JsonObject;
	/** Tells the calls apart. */
	calls: ToolCalls;
	/** By their own index, which is the provider's to choose: a list would be as long as the largest says. */
	toolCalls: Map<number, JsonObject>;
	/** What the choice says besides its message, such as `logprobs`. */
	others: JsonObject;
	finishReason: unknown;
}

/** Texts that come in pieces, by the ends of their names. Any other is told again in every chunk: verdicts, ids, names. */
const growing =
	/(^|_)(content|text|reasoning|thinking|thoughts?|arguments|refusal|transcript|summary|data|input|partial_json)$/;

/** Puts the chunks of a streamed answer together into the whole one that a caller without a stream expects. */
export class ChatDocumentWriter implements DocumentWriter {
	readonly #chunks: ChunkWriter;
	readonly #head: Record<string, unknown> = {};
	#usage: JsonObject = {};
	readonly #choices = new Map<number, AssembledChoice>();

	constructor(requestId: string, names?: CallerNames) {
		this.#chunks = new ChunkWriter(true, requestId, names);
	}

	add(event: AnswerEvent): void {
		const value = this.#chunks.valueOf(event);
		if (value !== undefined) this.addChunk(value);
	}

	/** @param value a chunk of a chat completion */
	addChunk(value: JsonObject): void {
		const { choices, usage, failover, ...head } = value;
		// The first word counts, but an empty one is none: some providers begin with a chunk that has no id yet.
		for (const [name, told] of Object.entries(head)) this.#head[name] = this.#head[name] || told;
		if (head.model !== undefined) this.#head.model = head.model;
		if (usage !== undefined && usage !== null) this.#usage = { usage, ...(failover === undefined ? {} : { failover }) };
		for (const choice of Array.isArray(choices) ? (choices as JsonObject[]) : []) this.#addChoice(choice);
	}

	/** @returns the completion's JSON text */
	whole(): string {
		const last = this.#chunks.last();
		if (last !== undefined) this.addChunk(last);
		const choices = [...this.#choices.values()].sort((a, b) => a.index - b.index).map(wholeChoice);
		return JSON.stringify({ ...this.#head, object: 'chat.completion', choices, ...this.#usage });
	}

	#addChoice({ index: at, delta, finish_reason: finishReason, ...others }: JsonObject): void {
		const index = typeof at === 'number' ? at : 0;
		const known = this.#choices.get(index) ?? {
			index,
			message: { role: 'assistant' },
			calls: new ToolCalls(),
			toolCalls: new Map(),
			others: {},
			finishReason: undefined,
		};
		this.#choices.set(index, known);
		const { tool_calls: toolCalls, ...said } = isObject(delta) ? delta : {};
		known.message = joined(known.message, said);
		known.others = joined(known.others, others);
		for (const call of Array.isArray(toolCalls) ? (toolCalls as JsonObject[]) : []) addToolCall(known, call);
		known.finishReason ||= finishReason;
	}
}

function wholeChoice({ index, message, toolCalls, others, finishReason }: AssembledChoice): JsonObject {
	const calls = [...toolCalls.entries()].sort(([a], [b]) => a - b).map(([, call]) => call);
	return {
		index,
		message: { content: null, refusal: null, ...message, ...(calls.length > 0 ? { tool_calls: calls } : {}) },
		logprobs: null,
		...others,
		finish_reason: finishReason ?? (calls.length > 0 ? 'tool_calls' : 'stop'),
	};
}

/** Texts in pieces grow, lists grow, objects grow member by member, anything else is replaced; null says nothing. */
function joined(known: JsonObject, more: JsonObject): JsonObject {
	const next: Record<string, unknown> = { ...known };
	for (const [name, value] of Object.entries(more)) {
		if (value === null || value === undefined) continue;
		if (typeof value === 'string' && typeof next[name] === 'string') {
			next[name] = growing.test(name) ? next[name] + value : value || next[name];
		} else {
			next[name] = name === 'reasoning_details' ? mergedDetails(next[name], value) : grown(next[name], value);
		}
	}
	return next;
}

function grown(before: unknown, value: unknown): unknown {
	// Content may change between a text and a list of parts; as text, it is one part of the list.
	if (Array.isArray(value) && before !== undefined) return [...asParts(before), ...value];
	if (Array.isArray(before)) return [...before, ...asParts(value)];
	if (isObject(value) && isObject(before)) return joined(before, value);
	return value;
}

/** Thoughts come in pieces, too, which have an index; a piece without one stays on its own. */
function mergedDetails(before: unknown, value: unknown): unknown {
	if (!Array.isArray(value)) return value;
	const details: unknown[] = Array.isArray(before) ? [...before] : [];
	for (const piece of value) {
		const at = details.findIndex((known) => isObject(known) && isObject(piece) && isSameDetail(known, piece));
		if (at === -1) details.push(piece);
		else details[at] = joined(details[at] as JsonObject, piece);
	}
	return details;
}

function isSameDetail(known: JsonObject, { index, type }: JsonObject): boolean {
	return index !== undefined && known.index === index && (type === undefined || known.type === type);
}

function asParts(value: unknown): unknown[] {
	if (Array.isArray(value)) return value;
	return value === '' ? [] : [{ type: 'text', text: value }];
}

function addToolCall({ calls, toolCalls }: AssembledChoice, piece: JsonObject): void {
	const { index, ...part } = calls.place(piece);
	const at = Number(index);
	const known = toolCalls.get(at) ?? {};
	const next = joined(known, part);
	const names = [known, part].map((one) => (isObject(one.function) ? one.function.name : undefined));
	// A name that was said before has been left out: what comes is the rest of it.
	const isInPieces = names.every((name) => typeof name === 'string' && name !== '');
	toolCalls.set(at, isInPieces ? { ...next, function: { ...asObject(next.function), name: names.join('') } } : next);
}
