import { isObject, type JsonObject } from '../../values/json.ts';
import { wholeText } from '../text-pieces.ts';

/** An item with nothing in it yet, as a stream begins one. */
export function emptied(item: JsonObject): JsonObject {
	const status = item.status === undefined ? {} : { status: 'in_progress' };
	switch (item.type) {
		case 'message':
			return { ...item, ...status, content: [] };
		case 'reasoning': {
			const { encrypted_content: _, content: __, ...rest } = item;
			return { ...rest, ...status, summary: [] };
		}
		case 'function_call':
			return { ...item, ...status, arguments: '' };
		case 'custom_tool_call':
			return { ...item, ...status, input: '' };
		default:
			return item;
	}
}

/** How the texts of each type of part are told. */
interface PartWords {
	/** Of the events that begin and end the part. */
	readonly part: string;
	/** Of the events that tell its text. */
	readonly text: string;
	/** The member that counts it. */
	readonly index: 'content_index' | 'summary_index';
	/** The member that has its text. */
	readonly member: 'text' | 'refusal';
}

const partWords: Readonly<Record<string, PartWords>> = {
	output_text: {
		part: 'response.content_part',
		text: 'response.output_text',
		index: 'content_index',
		member: 'text',
	},
	refusal: {
		part: 'response.content_part',
		text: 'response.refusal',
		index: 'content_index',
		member: 'refusal',
	},
	reasoning_text: {
		part: 'response.content_part',
		text: 'response.reasoning_text',
		index: 'content_index',
		member: 'text',
	},
	summary_text: {
		part: 'response.reasoning_summary_part',
		text: 'response.reasoning_summary_text',
		index: 'summary_index',
		member: 'text',
	},
};

/** Where a part stands. */
export interface PartPlace {
	readonly itemId: unknown;
	readonly outputIndex: number;
	/** Of the part within its item. */
	readonly index: number;
	readonly type: string;
}

export function isTextPart(type: unknown): type is string {
	return typeof type === 'string' && Object.hasOwn(partWords, type);
}

/** The part with this text. */
export function partOf(type: string, text: string): JsonObject {
	if (type === 'output_text') return { type, annotations: [], logprobs: [], text };
	return { type, [wordsFor(type).member]: text };
}

export function textOf(part: JsonObject): string {
	const text = part[wordsFor(String(part.type)).member];
	return typeof text === 'string' ? text : '';
}

export function partBegin(place: PartPlace): JsonObject {
	return { type: `${wordsFor(place.type).part}.added`, ...membersOf(place), part: partOf(place.type, '') };
}

export function partDelta(place: PartPlace, delta: string): JsonObject {
	return { type: `${wordsFor(place.type).text}.delta`, ...membersOf(place), delta, ...probabilities(place) };
}

/** That its text is whole. */
export function partTold(place: PartPlace, text: string): JsonObject {
	const { text: event, member } = wordsFor(place.type);
	return { type: `${event}.done`, ...membersOf(place), [member]: text, ...probabilities(place) };
}

/** Also of a part that is no text, which stands in the content of its item. */
export function partEnd(place: PartPlace, part: JsonObject): JsonObject {
	if (isTextPart(place.type)) return { type: `${wordsFor(place.type).part}.done`, ...membersOf(place), part };
	const { itemId, outputIndex, index } = place;
	return { type: 'response.content_part.done', item_id: itemId, output_index: outputIndex, content_index: index, part };
}

/** Clients expect the member, empty or not. */
function probabilities({ type }: PartPlace): JsonObject {
	return type === 'output_text' ? { logprobs: [] } : {};
}

function membersOf({ itemId, outputIndex, index, type }: PartPlace): JsonObject {
	return { item_id: itemId, output_index: outputIndex, [wordsFor(type).index]: index };
}

function wordsFor(type: string): PartWords {
	const words = partWords[type];
	if (words === undefined) throw new Error(`a part of the type ${type} has no text`);
	return words;
}

/**
 * The events that tell a whole item.
 * @param piecesOf how a text is cut
 */
export function itemEvents(item: JsonObject, outputIndex: number, piecesOf = wholeText): JsonObject[] {
	return [
		{ type: 'response.output_item.added', output_index: outputIndex, item: emptied(item) },
		...partEvents(item, outputIndex, piecesOf),
		...callEvents(item, outputIndex),
		{ type: 'response.output_item.done', output_index: outputIndex, item },
	];
}

function partEvents(item: JsonObject, outputIndex: number, piecesOf: typeof wholeText): JsonObject[] {
	return [item.summary, item.content].flatMap((list) =>
		(Array.isArray(list) ? list : []).flatMap((part: unknown, index) => {
			if (!isObject(part) || !isTextPart(part.type)) return [];
			const place: PartPlace = { itemId: item.id, outputIndex, index, type: part.type };
			const text = textOf(part);
			return [
				partBegin(place),
				...piecesOf(text).map((piece) => partDelta(place, piece)),
				partTold(place, text),
				partEnd(place, part),
			];
		}),
	);
}

function callEvents({ type, id, name, arguments: given, input }: JsonObject, outputIndex: number): JsonObject[] {
	const place = { item_id: id, output_index: outputIndex };
	if (type === 'function_call') {
		const event = 'response.function_call_arguments';
		const pieces = given === '' ? [] : [{ type: `${event}.delta`, ...place, delta: given }];
		return [...pieces, { type: `${event}.done`, ...place, name, arguments: given }];
	}
	if (type !== 'custom_tool_call') return [];
	const event = 'response.custom_tool_call_input';
	const pieces = input === '' ? [] : [{ type: `${event}.delta`, ...place, delta: input }];
	return [...pieces, { type: `${event}.done`, ...place, input }];
}
