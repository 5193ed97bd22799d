import type { AnswerEvent, AnswerPart, UsagePart } from '../../contract/answer-parts.ts';
import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { dialectName } from './chat-body.ts';
import { usageOfAll } from './usage.ts';

/** Who answers, and that it is an answer: said once, in the first chunk. */
interface Head {
	readonly id: unknown;
	readonly created: unknown;
}

/** What a continuation's delta does not say again: no second role, and no thoughts about how to go on. */
const unsaid: readonly string[] = ['role', 'reasoning', 'reasoning_content', 'reasoning_details', 'thinking'];
const ofTools: readonly string[] = ['tool_calls', 'function_call'];

/**
 * Makes the chunks of one answer: an event of this dialect stays as it came, byte for byte; one of a continuation goes
 * under the id of the answer's first chunk and brings the usage of all attempts; one of another dialect is translated.
 */
export class ChunkWriter {
	readonly #includeUsage: boolean;
	readonly #requestId: string;
	/** Of the first chunk that has an id: some providers begin with one that does not. */
	#head: Head | undefined;
	#hasRole = false;

	/** @param includeUsage whether events of other dialects bring their usage */
	constructor(includeUsage: boolean, requestId: string) {
		this.#includeUsage = includeUsage;
		this.#requestId = requestId;
	}

	/** The JSON text of a chunk; undefined where the event says nothing in this dialect. */
	dataOf(event: AnswerEvent): string | undefined {
		const { raw } = event;
		if (raw.dialect !== dialectName || event.form !== undefined) {
			const value = this.valueOf(event);
			return value === undefined ? undefined : JSON.stringify(value);
		}
		if (this.#head === undefined) this.#keepHead(raw.value as JsonObject);
		return raw.data;
	}

	/** The same, as an object. */
	valueOf(event: AnswerEvent): JsonObject | undefined {
		const { raw } = event;
		if (raw.dialect !== dialectName) return this.#translated(event);
		const value = raw.value as JsonObject;
		const kept = event.form === undefined ? value : trimmed(value, event);
		if (kept === undefined) return undefined;
		const written = event.form === undefined ? value : { ...kept, ...this.#head, ...usageOf(event.parts) };
		if (this.#head === undefined) this.#keepHead(written);
		return written;
	}

	#keepHead({ id, created, choices }: JsonObject): void {
		if (isSomething(id)) this.#head = { id, created };
		if (Array.isArray(choices) && choices.length > 0) this.#hasRole = true;
	}

	#translated({ parts, model }: AnswerEvent): JsonObject | undefined {
		const usage = this.#includeUsage ? usageOf(parts) : {};
		const said = parts.filter((part) => part.is !== 'usage');
		if (said.length === 0 && usage.usage === undefined) return undefined;
		this.#head ??= { id: `chatcmpl-${this.#requestId}`, created: Math.floor(Date.now() / 1000) };
		const choices = [...Map.groupBy(said, ({ choice }) => choice)].map(([index, ofChoice]) => {
			const role = this.#hasRole ? {} : { role: 'assistant' };
			return { index, delta: { ...role, ...deltaOf(ofChoice) }, finish_reason: reasonOf(ofChoice) };
		});
		if (choices.length > 0) this.#hasRole = true;
		return { ...this.#head, object: 'chat.completion.chunk', model, choices, ...usage };
	}
}

/** What is left of a chunk: the members that its parts stand for, and those of its envelope; undefined when that is nothing. */
function trimmed(value: JsonObject, { form, parts }: AnswerEvent): JsonObject | undefined {
	const { usage: _, ...rest } = value;
	const text = textOf(parts);
	if (form === 'joined') {
		return { ...rest, choices: [{ index: 0, delta: { content: text }, finish_reason: null }] };
	}
	const [first] = Array.isArray(value.choices) ? value.choices : [];
	if (!isObject(first)) return { ...rest, choices: [] };
	const delta = {
		...saidBeside(isObject(first.delta) ? first.delta : {}, parts),
		...(text === '' ? {} : { content: text }),
	};
	if (parts.length === 0 && Object.keys(delta).length === 0) return undefined;
	return { ...rest, choices: [{ index: 0, ...first, delta, finish_reason: first.finish_reason ?? null }] };
}

/** The members of a delta other than its text. */
function saidBeside(delta: JsonObject, parts: readonly AnswerPart[]): JsonObject {
	const hasTools = parts.some(({ is }) => is === 'tool-call');
	const isSaid = (name: string, value: unknown) => {
		if (name === 'content' || unsaid.includes(name) || !isSomething(value)) return false;
		return hasTools || !ofTools.includes(name);
	};
	return Object.fromEntries(Object.entries(delta).filter(([name, value]) => isSaid(name, value)));
}

function usageOf(parts: readonly AnswerPart[]): JsonObject {
	const part = parts.find((one): one is UsagePart => one.is === 'usage');
	return part === undefined ? {} : usageOfAll(part.all ?? [{ target: '', usage: part.usage }]);
}

function textOf(parts: readonly AnswerPart[]): string {
	return parts.reduce((text, part) => (part.is === 'text' ? text + part.text : text), '');
}

function deltaOf(parts: readonly AnswerPart[]): JsonObject {
	const text = textOf(parts);
	const reasoning = parts.reduce((told, part) => (part.is === 'reasoning' ? told + part.text : told), '');
	const calls = parts.flatMap((part) => {
		if (part.is !== 'tool-call') return [];
		const { index, id, name } = part;
		const called = { ...(name === undefined ? {} : { name }), arguments: part.arguments };
		return [{ index, ...(id === undefined ? {} : { id, type: 'function' }), function: called }];
	});
	return {
		...(reasoning === '' ? {} : { reasoning_content: reasoning }),
		...(text === '' ? {} : { content: text }),
		...(calls.length === 0 ? {} : { tool_calls: calls }),
	};
}

function reasonOf(parts: readonly AnswerPart[]): string | null {
	return parts.find((part) => part.is === 'finish')?.reason ?? null;
}
