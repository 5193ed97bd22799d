import type { AnswerPart, FinishPart, ToolCallPart } from '../../contract/answer-parts.ts';
import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { isTextPart, textOf } from './item-events.ts';
import { readUsage } from './usage.ts';

const noParts: readonly AnswerPart[] = [];
const about: readonly AnswerPart[] = [{ is: 'other', choice: 0, stands: 'about' }];
const instead: readonly AnswerPart[] = [{ is: 'other', choice: 0, stands: 'instead' }];
const beside: readonly AnswerPart[] = [{ is: 'other', choice: 0, stands: 'beside' }];

/** More parts than an item has: the place of a call among what has been told of an item. */
const CALL = 10_000;

/**
 * Reads the events of one response into neutral parts. What an event repeats, which is most of them, is told once: a whole
 * text or a whole item only where nothing of it has come in pieces.
 */
export class EventParts {
	/** What has come in pieces: the index of the item, and the place in it. */
	readonly #told = new Set<number>();
	#lastTold = -1;
	#hasCalls = false;
	/** Calls whose name was not told where they began. */
	readonly #unnamed = new Set<unknown>();
	#hasSaid = false;

	of(event: JsonObject): readonly AnswerPart[] {
		switch (event.type) {
			case 'response.output_text.delta':
				this.#note(event, event.content_index);
				return isSomething(event.logprobs) ? [...textParts(event.delta), ...about] : textParts(event.delta);
			case 'response.refusal.delta':
				this.#note(event, event.content_index);
				return refusalParts(event.delta);
			case 'response.reasoning_summary_text.delta':
			case 'response.reasoning_text.delta':
				return reasoningParts(event.delta);
			case 'response.reasoning_summary_part.added':
				return Number(event.summary_index) > 0 ? reasoningParts('\n\n') : noParts;
			case 'response.output_text.done':
				return this.#isTold(event, event.content_index) ? noParts : textParts(this.#first(event, event.text));
			case 'response.refusal.done':
				return this.#isTold(event, event.content_index) ? noParts : refusalParts(this.#first(event, event.refusal));
			case 'response.function_call_arguments.delta':
			case 'response.custom_tool_call_input.delta':
				this.#note(event, CALL);
				return callParts(event, { type: typeOfPiece(event.type), arguments: event.delta });
			case 'response.output_item.added':
				return this.#begun(event);
			case 'response.output_item.done':
				return isObject(event.item) ? this.#done(event.item, event) : noParts;
			case 'response.content_part.added':
				return isObject(event.part) && !isTextPart(event.part.type) ? instead : noParts;
			case 'response.output_text.annotation.added':
				return about;
			case 'response.completed':
			case 'response.incomplete':
				return this.#ended(event);
			default:
				return noParts;
		}
	}

	#begun(event: JsonObject): readonly AnswerPart[] {
		const { item } = event;
		const { type } = isObject(item) ? item : {};
		if (!isObject(item) || type === 'message' || type === 'reasoning') return noParts;
		if (!isCall(item)) return beside;
		this.#hasCalls = true;
		this.#told.add(placeOf(event, CALL + 1));
		if (!isSomething(item.name)) this.#unnamed.add(event.output_index);
		return callParts(event, { ...item, arguments: '' });
	}

	/** What of a whole item has not been told. */
	#done(item: JsonObject, event: JsonObject): readonly AnswerPart[] {
		if (item.type === 'reasoning') return noParts;
		if (item.type === 'message') {
			const contents: unknown[] = Array.isArray(item.content) ? item.content : [];
			return contents.flatMap((part, at) => {
				if (!isObject(part) || this.#isTold(event, at)) return [];
				this.#note(event, at);
				return contentParts(part);
			});
		}
		if (!isCall(item)) return beside;
		this.#hasCalls = true;
		const isBegun = this.#isTold(event, CALL + 1);
		const given = this.#isTold(event, CALL) ? '' : (item.arguments ?? item.input);
		const name = this.#unnamed.delete(event.output_index) ? item.name : undefined;
		if (isBegun && given === '' && name === undefined) return noParts;
		this.#note(event, CALL);
		return callParts(event, isBegun ? { type: item.type, name, arguments: given } : { ...item, arguments: given });
	}

	#ended({ type, response }: JsonObject): readonly AnswerPart[] {
		if (!isObject(response)) return [{ is: 'finish', choice: 0, reason: 'completed' }];
		const output: unknown[] = !this.#hasSaid && Array.isArray(response.output) ? response.output : [];
		const items = output.flatMap((item, index) => (isObject(item) ? this.#done(item, { output_index: index }) : []));
		const usage = readUsage(response.usage);
		return [
			...items,
			{ is: 'finish', choice: 0, ...finishOf(response, type === 'response.incomplete', this.#hasCalls) },
			...(usage === undefined ? [] : [{ is: 'usage', usage } as const]),
		];
	}

	#note(event: JsonObject, at: unknown): void {
		const place = placeOf(event, at);
		if (place === this.#lastTold) return;
		this.#lastTold = place;
		this.#told.add(place);
		this.#hasSaid = true;
	}

	#isTold(event: JsonObject, at: unknown): boolean {
		return this.#told.has(placeOf(event, at));
	}

	#first(event: JsonObject, text: unknown): unknown {
		this.#note(event, event.content_index);
		return text;
	}
}

function placeOf({ output_index: index }: JsonObject, at: unknown): number {
	return (typeof index === 'number' ? index : 0) * 2 * CALL + (typeof at === 'number' ? at : 0);
}

/** How a whole response ended. */
export function finishOf(
	{ status, incomplete_details: details, output }: JsonObject,
	isIncomplete: boolean,
	hasCalls: boolean,
): Pick<FinishPart, 'reason'> {
	if (isIncomplete || status === 'incomplete') {
		const reason = isObject(details) ? details.reason : undefined;
		return { reason: typeof reason === 'string' && reason !== '' ? reason : 'incomplete' };
	}
	const items: unknown[] = Array.isArray(output) ? output : [];
	const isCalling = hasCalls || items.some((item) => isObject(item) && isCall(item));
	return { reason: isCalling ? 'tool_calls' : 'completed' };
}

function isCall({ type }: JsonObject): boolean {
	return type === 'function_call' || type === 'custom_tool_call';
}

function typeOfPiece(event: string): string {
	return event === 'response.custom_tool_call_input.delta' ? 'custom_tool_call' : 'function_call';
}

function contentParts(part: JsonObject): readonly AnswerPart[] {
	if (!isTextPart(part.type)) return instead;
	const text = textOf(part);
	if (part.type === 'refusal') return refusalParts(text);
	const isMore = isSomething(part.annotations) || isSomething(part.logprobs);
	return isMore ? [...textParts(text), ...about] : textParts(text);
}

function textParts(text: unknown): readonly AnswerPart[] {
	return typeof text === 'string' && text !== '' ? [{ is: 'text', choice: 0, text }] : noParts;
}

function reasoningParts(text: unknown): readonly AnswerPart[] {
	return typeof text === 'string' && text !== '' ? [{ is: 'reasoning', choice: 0, text }] : noParts;
}

function refusalParts(refusal: unknown): readonly AnswerPart[] {
	if (typeof refusal !== 'string' || refusal === '') return noParts;
	return [{ is: 'other', choice: 0, stands: 'beside', refusal }];
}

function callParts({ output_index: index }: JsonObject, call: JsonObject): readonly AnswerPart[] {
	const { type, call_id: id, name, arguments: given } = call;
	const part: ToolCallPart = {
		is: 'tool-call',
		choice: 0,
		index: typeof index === 'number' ? index : 0,
		...(typeof id === 'string' ? { id } : {}),
		...(typeof name === 'string' && name !== '' ? { name } : {}),
		arguments: typeof given === 'string' ? given : '',
		...(type === 'custom_tool_call' ? { isCustom: true } : {}),
	};
	return [part];
}
