import type { AnswerEvent, AnswerPart, UsagePart } from '../../contract/answer-parts.ts';
import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { CallerNames } from '../tool-names.ts';
import { dialectName } from './chat-body.ts';
import { ForeignDeltas } from './foreign-deltas.ts';
import { ChatGrammar } from './grammar.ts';
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
 * under the id of the answer's first chunk; one of another dialect is translated. The usage of all attempts comes last.
 */
export class ChunkWriter {
	readonly #includeUsage: boolean;
	readonly #requestId: string;
	readonly #names: CallerNames;
	/** What leaves it is a fault of ours. A provider's own chunks, which go out as they came, are not held against it. */
	readonly #grammar = new ChatGrammar();
	/** Of the first chunk that has an id: some providers begin with one that does not. */
	#head: Head | undefined;
	/** Chunks of a provider have gone out as they came: they have said who speaks. */
	#hasOwn = false;
	/** Made by the first event of another dialect. */
	#deltas: ForeignDeltas | undefined;
	/** Members of the chunk that comes last: of each event of a continuation, or of another dialect, the last one counts. */
	#usage: JsonObject | undefined;
	#model = '';

	/** @param includeUsage whether events of other dialects bring their usage */
	constructor(includeUsage: boolean, requestId: string, names = new CallerNames()) {
		this.#names = names;
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
		this.#hasOwn = true;
		return raw.data;
	}

	/** The same, as an object. */
	valueOf(event: AnswerEvent): JsonObject | undefined {
		const { raw } = event;
		if (raw.dialect !== dialectName) return this.#checked(this.#translated(event));
		const value = raw.value as JsonObject;
		if (event.form === undefined) {
			if (this.#head === undefined) this.#keepHead(value);
			this.#hasOwn = true;
			return value;
		}
		this.#keepUsage(event);
		const kept = trimmed(value, event);
		if (kept === undefined) return undefined;
		const written = { ...kept, ...this.#head };
		if (this.#head === undefined) this.#keepHead(written);
		return this.#checked(written);
	}

	/** The chunk behind the last event, with the usage; undefined where nothing has come that has not been said. */
	last(): JsonObject | undefined {
		if (this.#usage === undefined) return undefined;
		const envelope = { ...this.#newHead(), object: 'chat.completion.chunk', model: this.#model };
		return this.#checked({ ...envelope, choices: [], ...this.#usage });
	}

	/** The end of the stream. @throws Error where it may not end so: a fault of ours */
	end(is: 'done' | 'error'): void {
		this.#hold(this.#grammar.next({ is }));
	}

	#checked(value: JsonObject | undefined): JsonObject | undefined {
		if (value === undefined) return undefined;
		if (this.#hasOwn) this.#grammar.adopt(this.#head?.id);
		this.#hold(this.#grammar.next({ is: 'chunk', value }));
		return value;
	}

	#hold(wrong: string | undefined): void {
		if (wrong !== undefined) throw new Error(`a chat completion of ours leaves the grammar: ${wrong}`);
	}

	#keepHead({ id, created }: JsonObject): void {
		if (isSomething(id)) this.#head = { id, created };
	}

	#newHead(): Head {
		this.#head ??= { id: `chatcmpl-${this.#requestId}`, created: Math.floor(Date.now() / 1000) };
		return this.#head;
	}

	#keepUsage({ parts, model }: AnswerEvent): void {
		this.#model = model;
		const part = parts.find((one): one is UsagePart => one.is === 'usage');
		if (part === undefined) return;
		const usage = usageOfAll(part.all ?? [{ target: '', usage: part.usage }]);
		if (usage.usage !== undefined) this.#usage = usage;
	}

	#translated(event: AnswerEvent): JsonObject | undefined {
		const { parts, model } = event;
		if (this.#includeUsage) this.#keepUsage(event);
		this.#deltas ??= new ForeignDeltas(this.#requestId, this.#names);
		const choices = this.#deltas.choicesOf(parts, this.#hasOwn);
		if (choices.length === 0) return undefined;
		return { ...this.#newHead(), object: 'chat.completion.chunk', model, choices };
	}
}

/** What is left of a chunk: the members that its parts stand for, and those of its envelope; undefined when that is nothing. */
function trimmed(value: JsonObject, { form, parts }: AnswerEvent): JsonObject | undefined {
	const { usage: _, ...rest } = value;
	const text = textOf(parts);
	const isUsageAlone = parts.every(({ is }) => is === 'usage');
	if (form === 'joined') {
		return { ...rest, choices: [{ index: 0, delta: { content: text }, finish_reason: null }] };
	}
	const [first] = Array.isArray(value.choices) ? value.choices : [];
	if (!isObject(first)) return parts.length > 0 && isUsageAlone ? undefined : { ...rest, choices: [] };
	const delta = {
		...saidBeside(isObject(first.delta) ? first.delta : {}, parts),
		...(text === '' ? {} : { content: text }),
	};
	if (isUsageAlone && Object.keys(delta).length === 0) return undefined;
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

function textOf(parts: readonly AnswerPart[]): string {
	return parts.reduce((text, part) => (part.is === 'text' ? text + part.text : text), '');
}
