import type { JsonObject } from '../upstream/chunk.ts';
import type { ClientChunk } from './answer-stream.ts';

interface Choice {
	index: number;
	message: JsonObject;
	toolCalls: JsonObject[];
	finishReason: unknown;
}

/** Puts the chunks of a streamed answer together into the whole one that a caller without a stream expects. */
export class AssembledAnswer {
	#head: JsonObject = {};
	#usage: JsonObject = {};
	readonly #choices = new Map<number, Choice>();

	add({ value }: ClientChunk): void {
		const { choices, usage, failover, ...head } = value;
		this.#head = { ...head, ...this.#head, ...(head.model === undefined ? {} : { model: head.model }) };
		if (usage !== undefined && usage !== null) this.#usage = { usage, ...(failover === undefined ? {} : { failover }) };
		for (const choice of Array.isArray(choices) ? (choices as JsonObject[]) : []) this.#addChoice(choice);
	}

	/** The completion's JSON text. */
	toJson(): string {
		const choices = [...this.#choices.values()]
			.sort((a, b) => a.index - b.index)
			.map(({ index, message, toolCalls, finishReason }) => ({
				index,
				message: {
					content: null,
					...message,
					...(toolCalls.length > 0 ? { tool_calls: toolCalls.filter(Boolean) } : {}),
				},
				logprobs: null,
				finish_reason: finishReason ?? 'stop',
			}));
		return JSON.stringify({ ...this.#head, object: 'chat.completion', choices, ...this.#usage });
	}

	#addChoice(choice: JsonObject): void {
		const index = typeof choice.index === 'number' ? choice.index : 0;
		const known = this.#choices.get(index) ?? {
			index,
			message: { role: 'assistant' },
			toolCalls: [],
			finishReason: null,
		};
		this.#choices.set(index, known);
		const { tool_calls: toolCalls, ...delta } = (choice.delta ?? {}) as JsonObject;
		known.message = joined(known.message, delta);
		for (const call of Array.isArray(toolCalls) ? (toolCalls as JsonObject[]) : []) addToolCall(known.toolCalls, call);
		if (choice.finish_reason !== null && choice.finish_reason !== undefined) known.finishReason = choice.finish_reason;
	}
}

/** Texts grow, lists grow, anything else is replaced. */
function joined(message: JsonObject, delta: JsonObject): JsonObject {
	const next = { ...message };
	for (const [name, value] of Object.entries(delta)) {
		const before = next[name];
		if (value === null || value === undefined) continue;
		if (typeof value === 'string' && typeof before === 'string' && name !== 'role') next[name] = before + value;
		else if (Array.isArray(value) && Array.isArray(before)) next[name] = [...before, ...value];
		else next[name] = value;
	}
	return next;
}

function addToolCall(calls: JsonObject[], { index, ...part }: JsonObject): void {
	const at = typeof index === 'number' ? index : calls.length;
	const { function: before, ...known } = calls[at] ?? {};
	const { function: more, ...rest } = part;
	const written = joined((before ?? {}) as JsonObject, (more ?? {}) as JsonObject);
	calls[at] = { ...known, ...rest, ...(Object.keys(written).length > 0 ? { function: written } : {}) };
}
