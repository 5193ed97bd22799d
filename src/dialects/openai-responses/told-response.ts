import { isObject, type JsonObject } from '../../values/json.ts';
import { isTextPart, type PartPlace, partEnd, partOf, partTold, textOf } from './item-events.ts';

interface ToldPart {
	readonly type: string;
	text: string;
	/** Its text was said to be whole. */
	isTold: boolean;
	/** As it began; whole once it is done. */
	part: JsonObject;
	isDone: boolean;
}

type PartList = 'contents' | 'summaries';

/** An item as far as the client has been told of it. */
export interface ToldItem {
	readonly index: number;
	/** As it began; whole once it is done. */
	item: JsonObject;
	isDone: boolean;
	readonly contents: ToldPart[];
	readonly summaries: ToldPart[];
}

/** The response as its client knows it by the events that it got: what another attempt needs to go on with it. */
export class ToldResponse {
	/** As it began; whole once the stream is over. */
	response: JsonObject | undefined;
	isOver = false;
	readonly items: ToldItem[] = [];

	/** @param event one that goes to the client */
	note(event: JsonObject): void {
		switch (event.type) {
			case 'response.output_text.delta':
			case 'response.refusal.delta':
			case 'response.reasoning_text.delta':
				this.#grow(event, event.content_index, 'contents');
				return;
			case 'response.reasoning_summary_text.delta':
				this.#grow(event, event.summary_index, 'summaries');
				return;
			case 'response.content_part.added':
				this.#beginPart(event, event.content_index, 'contents');
				return;
			case 'response.reasoning_summary_part.added':
				this.#beginPart(event, event.summary_index, 'summaries');
				return;
			case 'response.output_text.done':
			case 'response.refusal.done':
			case 'response.reasoning_text.done':
				this.#tell(event, event.content_index, 'contents');
				return;
			case 'response.reasoning_summary_text.done':
				this.#tell(event, event.summary_index, 'summaries');
				return;
			case 'response.content_part.done':
				this.#endPart(event, event.content_index, 'contents');
				return;
			case 'response.reasoning_summary_part.done':
				this.#endPart(event, event.summary_index, 'summaries');
				return;
			case 'response.output_item.added':
			case 'response.output_item.done':
				this.#noteItem(event);
				return;
			case 'response.created':
			case 'response.completed':
			case 'response.incomplete':
				if (isObject(event.response)) this.response = event.response;
				this.isOver = event.type !== 'response.created';
		}
	}

	/** The items that it consists of. */
	get output(): readonly JsonObject[] {
		return this.items.toSorted((a, b) => a.index - b.index).map(({ item }) => item);
	}

	/** The last item, while it is open and of this type. */
	openItem(type: string): ToldItem | undefined {
		const last = this.items.at(-1);
		return last !== undefined && !last.isDone && last.item.type === type ? last : undefined;
	}

	#noteItem({ type, output_index: given, item }: JsonObject): void {
		if (!isObject(item)) return;
		const index = typeof given === 'number' ? given : this.items.length;
		const known = this.items.findLast((one) => one.index === index);
		const isDone = type === 'response.output_item.done';
		if (known === undefined || !isDone) this.items.push({ index, item, isDone, contents: [], summaries: [] });
		else Object.assign(known, { item, isDone });
	}

	#beginPart(event: JsonObject, at: unknown, list: PartList): void {
		const part = isObject(event.part) ? event.part : {};
		const type = String(part.type ?? '');
		const text = isTextPart(type) ? textOf(part) : '';
		this.#itemOf(event, list)[list][Number(at) || 0] = { type, text, isTold: false, part, isDone: false };
	}

	#grow(event: JsonObject, at: unknown, list: PartList): void {
		const part = this.#partOf(event, at, list);
		if (typeof event.delta === 'string') part.text += event.delta;
	}

	#tell(event: JsonObject, at: unknown, list: PartList): void {
		const part = this.#partOf(event, at, list);
		const whole = event.text ?? event.refusal;
		if (typeof whole === 'string') part.text = whole;
		part.isTold = true;
	}

	#endPart(event: JsonObject, at: unknown, list: PartList): void {
		if (isObject(event.part)) Object.assign(this.#partOf(event, at, list), { part: event.part, isDone: true });
	}

	/** Also of a part that a provider did not begin. */
	#partOf(event: JsonObject, at: unknown, list: PartList): ToldPart {
		const item = this.#itemOf(event, list);
		const index = Number(at) || 0;
		const known = item[list][index];
		if (known !== undefined) return known;
		const type = typeOfText(String(event.type));
		const part: ToldPart = { type, text: '', isTold: false, part: {}, isDone: false };
		item[list][index] = part;
		return part;
	}

	#itemOf({ output_index: given, item_id: id, type }: JsonObject, list: PartList): ToldItem {
		const last = this.items.at(-1);
		const known = last?.index === given ? last : this.items.findLast((one) => one.index === given);
		if (known !== undefined) return known;
		const isThought = list === 'summaries' || String(type).includes('reasoning');
		const item = isThought ? { id, type: 'reasoning' } : { id, type: 'message', role: 'assistant' };
		const index = typeof given === 'number' ? given : this.items.length;
		const unsaid: ToldItem = { index, item, isDone: false, contents: [], summaries: [] };
		this.items.push(unsaid);
		return unsaid;
	}
}

/** `response.refusal.delta` is of a `refusal`. */
function typeOfText(event: string): string {
	if (event.includes('reasoning_summary')) return 'summary_text';
	if (event.includes('reasoning_text')) return 'reasoning_text';
	return event.includes('refusal') ? 'refusal' : 'output_text';
}

/** Where the last part of a message stands, while its text grows; undefined where it is of another type, or whole. */
export function openPart(item: ToldItem, type: string): PartPlace | undefined {
	const index = item.contents.length - 1;
	const part = item.contents[index];
	if (part === undefined || part.type !== type || part.isTold || part.isDone) return undefined;
	return { itemId: item.item.id, outputIndex: item.index, index, type };
}

/** The events that end the parts of an item that are open. */
export function partEndings(told: ToldItem): JsonObject[] {
	const { contents, summaries } = told;
	return [summaries, contents].flatMap((list) => list.flatMap((part, at) => endOfPart(told, part, at)));
}

/**
 * The events that end an item, with what is still open in it.
 * @param status of an item that is broken off, or was cut short
 */
export function endingEvents(told: ToldItem, status: string): JsonObject[] {
	const { item, contents, summaries } = told;
	const parts = partEndings(told);
	const whole = { ...item, ...(item.status === undefined ? {} : { status }), ...listsOf(item, contents, summaries) };
	return [...parts, { type: 'response.output_item.done', output_index: told.index, item: whole }];
}

function endOfPart({ item, index: outputIndex }: ToldItem, part: ToldPart, index: number): JsonObject[] {
	if (part.isDone) return [];
	const place = { itemId: item.id, outputIndex, index, type: part.type };
	if (!isTextPart(part.type)) return [partEnd(place, part.part)];
	const told = part.isTold ? [] : [partTold(place, part.text)];
	return [...told, partEnd(place, partOf(part.type, part.text))];
}

function listsOf({ type }: JsonObject, contents: readonly ToldPart[], summaries: readonly ToldPart[]): JsonObject {
	if (type === 'message') return { content: contents.map(wholePart) };
	if (type !== 'reasoning') return {};
	return { summary: summaries.map(wholePart), ...(contents.length === 0 ? {} : { content: contents.map(wholePart) }) };
}

function wholePart({ type, text, part, isDone }: ToldPart): JsonObject {
	return isDone || !isTextPart(type) ? part : partOf(type, text);
}
