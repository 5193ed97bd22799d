import type { AnswerEvent, AnswerPart } from '../../contract/answer-parts.ts';
import { isObject, isSomething, type JsonObject, parseObject } from '../../values/json.ts';
import { isTooDeep } from '../../values/json-depth.ts';
import { withMembers } from '../../values/json-members.ts';
import { type Chunk, oneLine } from '../chunk-stream-reader.ts';
import { isErrorObject } from '../error-object.ts';
import { finishOf, isFailedChoice } from '../openai-chat/read-choice.ts';
import { readUsage } from '../openai-chat/usage.ts';
import { dialectName } from './completion-body.ts';

/** Answer text stands in it, which would be lost if the event were left out. */
const showsText = /"text"\s*:\s*"[^"]/;

/**
 * Reads the data of one event of a streamed completion.
 * @param data should be a JSON object; never throws
 * @param model goes into chunks that do not say which model wrote them
 */
export function readCompletionChunk(data: string, model: string): Chunk {
	const value = parseObject(data);
	if (value === undefined) return { is: showsText.test(data) || isTooDeep(data) ? 'damaged' : 'malformed' };
	if (isErrorObject(value)) return { is: 'error', value };
	const given = value.choices ?? (isObject(value.usage) ? [] : undefined);
	if (!Array.isArray(given) || !given.every(isObject)) return { is: 'malformed' };
	if (given.some(isFailedChoice)) return { is: 'error', value };
	return { is: 'event', event: completionEvent(data, value, given, model) };
}

/** A chunk of our own making. */
export function eventOf(value: JsonObject, model: string): AnswerEvent {
	const choices = Array.isArray(value.choices) ? value.choices.filter(isObject) : [];
	return completionEvent(JSON.stringify(value), value, choices, model);
}

function completionEvent(data: string, value: JsonObject, choices: readonly JsonObject[], model: string): AnswerEvent {
	const parts = partsOf(value, choices);
	if (typeof value.model === 'string' && value.model !== '') {
		return { parts, model: value.model, raw: { dialect: dialectName, data: oneLine(data), value } };
	}
	const named = withMembers(data, { model: JSON.stringify(model) });
	return { parts, model, raw: { dialect: dialectName, data: oneLine(named), value: { ...value, model } } };
}

function partsOf(value: JsonObject, choices: readonly JsonObject[]): readonly AnswerPart[] {
	const parts: AnswerPart[] = [];
	for (const one of choices) {
		const choice = indexOf(one);
		const { text, logprobs } = one;
		if (typeof text === 'string' && text !== '') parts.push({ is: 'text', choice, text });
		if (isSomething(logprobs)) parts.push({ is: 'other', choice, stands: 'about' });
		const finish = finishOf(one);
		if (finish !== undefined) parts.push({ is: 'finish', choice, ...finish });
	}
	const usage = isSomething(value.usage) ? readUsage(value.usage, dialectName) : undefined;
	if (usage !== undefined) parts.push({ is: 'usage', usage });
	return parts;
}

export function indexOf({ index }: JsonObject): number {
	return typeof index === 'number' ? index : 0;
}
