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
	for (const name of thoughts) {
		const text = delta[name];
		if (isSomething(text)) parts.push({ is: 'reasoning', choice, text: typeof text === 'string' ? text : '' });
	}
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
		if (type === 'thinking') parts.push({ is: 'reasoning', choice, text: '' });
		else if (type !== 'text' || typeof text !== 'string') parts.push({ is: 'other', choice, stands: 'instead' });
		else if (text !== '') parts.push({ is: 'text', choice, text });
	}
}

function toolCall({ index, id, function: called }: JsonObject, choice: number): ToolCallPart {
	const { name, arguments: given } = isObject(called) ? called : {};
	return {
		is: 'tool-call',
		choice,
		index: typeof index === 'number' ? index : 0,
		...(typeof id === 'string' ? { id } : {}),
		...(typeof name === 'string' ? { name } : {}),
		arguments: argumentsText(given),
	};
}
