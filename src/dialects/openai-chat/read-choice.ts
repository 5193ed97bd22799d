import type { AnswerPart, FinishPart, ToolCallPart } from '../../contract/answer-parts.ts';
import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { isError } from '../error-object.ts';
import { argumentsText } from './tool-calls.ts';

const thoughts = ['reasoning_content', 'reasoning', 'thinking'];
/** Content that stands beside the text; other dialects have words for a refusal alone. */
const besideText = ['refusal', 'audio', 'images'];

/**
 * Reads one choice of a chunk into neutral parts. A role, or what a provider adds about itself, is none.
 * @param parts where they go, in the order in which a model writes them
 */
export function readChoice(choice: JsonObject, parts: AnswerPart[]): void {
	const at = typeof choice.index === 'number' ? choice.index : 0;
	const { delta, logprobs } = choice;
	if (isObject(delta)) readDelta(delta, at, parts);
	if (isSomething(logprobs)) parts.push({ is: 'other', choice: at, stands: 'about' });
	const finish = finishOf(choice);
	if (finish !== undefined) parts.push({ is: 'finish', choice: at, ...finish });
}

/** How a choice ended; undefined while it has not. Some servers write the word `null` where JSON's own should stand. */
export function finishOf({
	finish_reason: reason,
	native_finish_reason: native,
}: JsonObject): Pick<FinishPart, 'reason' | 'native'> | undefined {
	if (typeof reason !== 'string' || reason === '' || reason === 'null') return undefined;
	return typeof native === 'string' && native !== '' && native !== reason ? { reason, native } : { reason };
}

/** The provider says that this choice went wrong. */
export function isFailedChoice({ error, finish_reason: reason }: JsonObject): boolean {
	return isError(error) || (typeof reason === 'string' && reason.length === 5 && /^error$/i.test(reason));
}

function readDelta(delta: JsonObject, choice: number, parts: AnswerPart[]): void {
	// Some servers tell the same thought under two names.
	const thought = thoughts.find((name) => isSomething(delta[name]));
	if (thought !== undefined) parts.push({ is: 'reasoning', choice, text: textOf(delta[thought]) });
	// It repeats what stands in `reasoning`, or is encrypted.
	if (isSomething(delta.reasoning_details)) parts.push({ is: 'reasoning', choice, text: '' });
	const { content } = delta;
	if (typeof content === 'string') {
		if (content !== '') parts.push({ is: 'text', choice, text: content });
	} else if (isSomething(content)) {
		readContent(content, choice, parts);
	}
	for (const name of besideText) {
		if (isSomething(delta[name])) parts.push(besidePart(delta[name], name, choice));
	}
	if (Array.isArray(delta.tool_calls)) {
		for (const call of delta.tool_calls) parts.push(toolCall(isObject(call) ? call : {}, choice));
	}
	// The older form of a call, of which there is one.
	if (isSomething(delta.function_call)) parts.push(toolCall({ function: delta.function_call }, choice));
}

function besidePart(value: unknown, name: string, choice: number): AnswerPart {
	const isWords = name === 'refusal' && typeof value === 'string';
	return { is: 'other', choice, stands: 'beside', ...(isWords ? { refusal: value } : {}) };
}

/** A list of parts, whose thoughts are no text of the answer. */
function readContent(content: unknown, choice: number, parts: AnswerPart[]): void {
	if (!Array.isArray(content)) {
		parts.push({ is: 'other', choice, stands: 'instead' });
		return;
	}
	for (const part of content) {
		const { type, text } = isObject(part) ? part : {};
		if (type === 'thinking') parts.push({ is: 'reasoning', choice, text: thoughtOf(part) });
		else if (type !== 'text' || typeof text !== 'string') parts.push({ is: 'other', choice, stands: 'instead' });
		else if (text !== '') parts.push({ is: 'text', choice, text });
	}
}

/** The text of a part that is a thought: a text, or a list of parts again. */
function thoughtOf({ thinking }: JsonObject): string {
	if (!Array.isArray(thinking)) return textOf(thinking);
	return thinking.map((part) => (isObject(part) ? textOf(part.text) : '')).join('');
}

function textOf(value: unknown): string {
	return typeof value === 'string' ? value : '';
}

/** An id or a name that is empty is none: many servers send one with every piece behind the first. */
function toolCall({ index, id, function: called }: JsonObject, choice: number): ToolCallPart {
	const { name, arguments: given } = isObject(called) ? called : {};
	return {
		is: 'tool-call',
		choice,
		index: typeof index === 'number' ? index : 0,
		...(typeof id === 'string' && id !== '' ? { id } : {}),
		...(typeof name === 'string' && name !== '' ? { name } : {}),
		arguments: argumentsText(given),
	};
}
