import type { JsonObject } from '../../values/json.ts';
import type { Grammar } from '../grammar.ts';
import { isTextPart } from './item-events.ts';

/** A part of an item: of its content, or of the summary of thoughts. */
interface OpenPart {
	readonly type: string;
	/** `told`: its text is whole; `done`: nothing more is said of it. */
	state: 'open' | 'told' | 'done';
}

interface OpenItem {
	/** `message`, `function_call`, …; `''` where its beginning was not told. */
	readonly type: string;
	isDone: boolean;
	readonly contents: Map<unknown, OpenPart>;
	readonly summaries: Map<unknown, OpenPart>;
}

/** Which kind of part an event speaks of, and what it does to it. */
interface PartRule {
	readonly list: 'contents' | 'summaries';
	readonly does: 'begin' | 'grow' | 'tell' | 'end';
	/** The type of the part; undefined where the event itself says it. */
	readonly type?: string;
}

const partRules: Readonly<Record<string, PartRule>> = {
	'response.content_part.added': { list: 'contents', does: 'begin' },
	'response.output_text.delta': { list: 'contents', does: 'grow', type: 'output_text' },
	'response.output_text.done': { list: 'contents', does: 'tell', type: 'output_text' },
	'response.refusal.delta': { list: 'contents', does: 'grow', type: 'refusal' },
	'response.refusal.done': { list: 'contents', does: 'tell', type: 'refusal' },
	'response.reasoning_text.delta': { list: 'contents', does: 'grow', type: 'reasoning_text' },
	'response.reasoning_text.done': { list: 'contents', does: 'tell', type: 'reasoning_text' },
	'response.content_part.done': { list: 'contents', does: 'end' },
	'response.reasoning_summary_part.added': { list: 'summaries', does: 'begin' },
	'response.reasoning_summary_text.delta': { list: 'summaries', does: 'grow', type: 'summary_text' },
	'response.reasoning_summary_text.done': { list: 'summaries', does: 'tell', type: 'summary_text' },
	'response.reasoning_summary_part.done': { list: 'summaries', does: 'end' },
};

/** The items that pieces of a call belong to. */
const callRules: Readonly<Record<string, string>> = {
	'response.function_call_arguments.delta': 'function_call',
	'response.function_call_arguments.done': 'function_call',
	'response.custom_tool_call_input.delta': 'custom_tool_call',
	'response.custom_tool_call_input.done': 'custom_tool_call',
};

const ends: readonly unknown[] = ['response.completed', 'response.incomplete', 'response.failed', 'error'];
const wholeEnds: readonly unknown[] = ['response.completed', 'response.incomplete'];

/**
 * The order of a stream of a response:
 *
 *     response.created  response.in_progress?  item*  (response.completed | response.incomplete | response.failed | error)
 *     item = response.output_item.added  (part* | pieces of a call)  response.output_item.done
 *     part = response.content_part.added  deltas  the whole text  response.content_part.done
 *
 * with `sequence_number` counting up by one. Items may overlap; an error may stand anywhere. Events that are not known here
 * may stand anywhere before the end.
 */
export class ResponseGrammar implements Grammar<JsonObject> {
	/**
	 * Providers leave out what begins an item or a part, number events as they like, and tell an end without a beginning: then
	 * only what cannot be an answer is wrong.
	 */
	isLenient: boolean;
	#state: 'before' | 'open' | 'whole' | 'broken' = 'before';
	#hasResponse = false;
	readonly #items = new Map<unknown, OpenItem>();
	#nextItem = 0;
	#sequence: number | undefined;

	constructor(isLenient = false) {
		this.isLenient = isLenient;
	}

	get isComplete(): boolean {
		return this.#state === 'whole';
	}

	get hasBegun(): boolean {
		return this.#state !== 'before';
	}

	/** Where the next item stands. */
	get nextItem(): number {
		return this.#nextItem;
	}

	/** Of the next event. */
	get sequence(): number {
		return this.#sequence ?? 0;
	}

	next(event: JsonObject): string | undefined {
		const problem = this.#problemOf(event);
		if (problem !== undefined) return `${String(event.type)}: ${problem}`;
		this.#sequence = typeof event.sequence_number === 'number' ? event.sequence_number + 1 : this.sequence + 1;
		return undefined;
	}

	#problemOf(event: JsonObject): string | undefined {
		const { type } = event;
		if (this.#state === 'whole' || this.#state === 'broken') return 'the stream is over';
		if (!this.isLenient && event.sequence_number !== this.sequence) return `it is not number ${this.sequence}`;
		if (ends.includes(type)) return this.#end(type);
		if (type === 'response.created') {
			if (this.#hasResponse && !this.isLenient) return 'there is a response already';
			this.#hasResponse = true;
			this.#state = 'open';
			return undefined;
		}
		if (this.#state === 'before') {
			if (!this.isLenient) return 'there is no response';
			this.#state = 'open';
		}
		return this.#within(event);
	}

	#end(type: unknown): string | undefined {
		if (!wholeEnds.includes(type)) {
			this.#state = 'broken';
			return undefined;
		}
		if (!this.isLenient) {
			if (this.#state === 'before') return 'there is no response';
			if ([...this.#items.values()].some(({ isDone }) => !isDone)) return 'an item is not done';
		}
		this.#state = 'whole';
		return undefined;
	}

	#within(event: JsonObject): string | undefined {
		const type = String(event.type);
		const part = partRules[type];
		if (part !== undefined) return this.#ofPart(event, part);
		const call = callRules[type];
		if (call !== undefined) return this.#ofCall(event, call);
		if (type === 'response.output_item.added') return this.#beginItem(event);
		return type === 'response.output_item.done' ? this.#endItem(event) : undefined;
	}

	#beginItem({ output_index: index, item }: JsonObject): string | undefined {
		if (!this.isLenient && index !== this.#nextItem) return `the next item is ${this.#nextItem}`;
		this.#setItem(index, newItem(typeOf(item)));
		return undefined;
	}

	#endItem({ output_index: index, item }: JsonObject): string | undefined {
		const known = this.#items.get(index);
		if (!this.isLenient) {
			if (known === undefined || known.isDone) return 'there is no such item';
			if (known.type !== typeOf(item) && known.type !== '') return 'the item is of another type';
			const parts = [...known.contents.values(), ...known.summaries.values()];
			if (parts.some(({ state }) => state !== 'done')) return 'a part is not done';
		}
		if (known === undefined) this.#setItem(index, { ...newItem(typeOf(item)), isDone: true });
		else known.isDone = true;
		return undefined;
	}

	#ofCall({ output_index: index }: JsonObject, type: string): string | undefined {
		const item = this.#items.get(index);
		// What is called is said where a call begins.
		if (item === undefined || item.isDone) return 'there is no such call';
		return item.type === type ? undefined : 'the item is no such call';
	}

	#ofPart(event: JsonObject, { list, does, type = typeOf(event.part) }: PartRule): string | undefined {
		const item = this.#items.get(event.output_index) ?? this.#unsaid(event.output_index);
		if (item === undefined) return 'there is no such item';
		if (item.isDone) return this.isLenient && does !== 'grow' ? undefined : 'the item is done';
		if (item.type.endsWith('_call')) return 'the item has no parts';
		const at = list === 'contents' ? event.content_index : event.summary_index;
		const part = item[list].get(at);
		if (does === 'begin') {
			if (part !== undefined && !this.isLenient) return 'there is such a part already';
			item[list].set(at, { type, state: 'open' });
			return undefined;
		}
		if (part === undefined) {
			if (!this.isLenient) return 'there is no such part';
			item[list].set(at, { type, state: does === 'grow' ? 'open' : 'told' });
			return undefined;
		}
		return this.#advance(part, does, type);
	}

	#advance(part: OpenPart, does: PartRule['does'], type: string): string | undefined {
		if (part.type !== type) return this.isLenient ? undefined : 'the part is of another type';
		if (does === 'grow') return part.state === 'open' ? undefined : 'the text of the part is whole';
		// A part that is no text has none to be told.
		const expected = does === 'end' && isTextPart(type) ? 'told' : 'open';
		if (part.state !== expected && !this.isLenient) return `the part is ${part.state}`;
		part.state = does === 'tell' ? 'told' : 'done';
		return undefined;
	}

	/** An item whose beginning a provider left out. */
	#unsaid(index: unknown): OpenItem | undefined {
		if (!this.isLenient) return undefined;
		const item = newItem('');
		this.#setItem(index, item);
		return item;
	}

	#setItem(index: unknown, item: OpenItem): void {
		this.#items.set(index, item);
		if (typeof index === 'number' && index >= this.#nextItem) this.#nextItem = index + 1;
	}
}

function newItem(type: string): OpenItem {
	return { type, isDone: false, contents: new Map(), summaries: new Map() };
}

function typeOf(value: unknown): string {
	return String((value as JsonObject | undefined)?.type ?? '');
}
