import type { AnswerEvent, AnswerPart } from '../../contract/answer-parts.ts';
import { isObject, isSomething, type JsonObject, parseObject } from '../../values/json.ts';
import { isTooDeep } from '../../values/json-depth.ts';
import { withMembers } from '../../values/json-members.ts';
import { type Chunk, oneLine } from '../chunk-stream-reader.ts';
import { isErrorObject } from '../error-object.ts';
import { dialectName } from './chat-body.ts';
import { isFailedChoice, readChoice } from './read-choice.ts';
import { readUsage } from './usage.ts';

const malformed: Chunk = { is: 'malformed' };
const damaged: Chunk = { is: 'damaged' };
/**
 * The beginning of a chunk, or answer text. Where bytes in the middle of a chunk end its event, the text of the answer stands in what
 * is left of it, on a line that is no event: only what came before them shows that something is missing.
 */
const isOfChunk = /^\s*\{\s*"|"(content|reasoning_content|reasoning|arguments)"\s*:\s*"[^"]/;
const noParts: readonly AnswerPart[] = [];

/**
 * Reads the data of one SSE event of a chat completion stream.
 * @param data the event's data, which should be a JSON object; never throws
 * @param model goes into chunks that do not say which model wrote them
 */
export function readChunk(data: string, model: string): Chunk {
	const value = parseObject(data);
	if (value === undefined) return isOfChunk.test(data) || isTooDeep(data) ? damaged : malformed;
	if (isErrorObject(value)) return { is: 'error', value };
	const { choices } = value;
	if (!Array.isArray(choices)) return isObject(value.usage) ? chunk(data, value, [], model) : malformed;
	if (choices.some((choice) => isObject(choice) && isFailedChoice(choice))) return { is: 'error', value };
	if (!choices.every(isObject)) return malformed;
	return chunk(data, value, choices, model);
}

/** A chunk of our own making, which names its model. */
export function eventOf(value: JsonObject): AnswerEvent {
	const choices = Array.isArray(value.choices) ? value.choices.filter(isObject) : [];
	const raw = { dialect: dialectName, data: JSON.stringify(value), value };
	return { parts: partsOf(value, choices), model: String(value.model), raw };
}

function chunk(data: string, value: JsonObject, choices: readonly JsonObject[], model: string): Chunk {
	const parts = partsOf(value, choices);
	if (typeof value.model === 'string' && value.model !== '') {
		return { is: 'event', event: { parts, model: value.model, raw: rawOf(data, value) } };
	}
	const named = { ...value, model };
	const text = withMembers(data, { model: JSON.stringify(model) });
	return { is: 'event', event: { parts, model, raw: rawOf(text, named) } };
}

function rawOf(data: string, value: JsonObject): AnswerEvent['raw'] {
	return { dialect: dialectName, data: oneLine(data), value };
}

function partsOf(value: JsonObject, choices: readonly JsonObject[]): readonly AnswerPart[] {
	const usage = isSomething(value.usage) ? readUsage(value.usage) : undefined;
	if (choices.length === 0 && usage === undefined) return noParts;
	const parts: AnswerPart[] = [];
	for (const choice of choices) readChoice(choice, parts);
	if (usage !== undefined) parts.push({ is: 'usage', usage });
	return parts;
}
