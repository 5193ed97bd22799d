import type { DocumentAnswer, DocumentRead, ReaderOptions } from '../../contract/dialect.ts';
import { emptyErrorBody } from '../../contract/error-body.ts';
import { isObject, isSomething, type JsonObject, parseObject } from '../../values/json.ts';
import { withMembers } from '../../values/json-members.ts';
import { isError } from '../error-object.ts';
import { readErrorBody, readErrorJson } from '../read-error-body.ts';
import { documentEvents } from './document-events.ts';
import { madeIn } from './made.ts';
import { proofOf } from './signed-thoughts.ts';
import { readUsage } from './usage.ts';

/** A longer document is no error: to look for one in it would only cost time, characters. */
const LONGEST_ERROR = 256 * 1024;

/**
 * Reads the body of a successful message that was not streamed, before it is believed: an object without an error, with a list
 * of content that says something, or with the reason why it ended.
 * @param text the whole body, parsed once, here; never throws
 */
export function readDocument(text: string, { model }: Pick<ReaderOptions, 'model'>): DocumentRead {
	const value = parseObject(text);
	if (value === undefined) return { is: 'failure', error: readErrorBody(200, text) };
	if (value.type === 'error' || isError(value.error) || !isWhole(value)) {
		return { is: 'failure', error: text.length > LONGEST_ERROR ? emptyErrorBody : readErrorJson(value) };
	}
	return { is: 'answer', answer: documentAnswer(text, value, model) };
}

function isWhole({ content, stop_reason: reason }: JsonObject): boolean {
	if (!Array.isArray(content) || !content.every(isBlock)) return false;
	return content.length > 0 || (typeof reason === 'string' && reason !== '');
}

function isBlock(block: unknown): boolean {
	return isObject(block) && typeof block.type === 'string';
}

function documentAnswer(text: string, value: JsonObject, model: string): DocumentAnswer {
	const given = typeof value.model === 'string' && value.model !== '' ? value.model : undefined;
	const { stop_reason: reason, content } = value;
	const said = Array.isArray(content) ? content : [];
	const made = [...madeIn(text, value), ...said.flatMap((block) => proofOf(block) ?? [])];
	return {
		usage: readUsage(value.usage),
		finishes: typeof reason === 'string' && reason !== '' ? [{ reason }] : [],
		...(made.length === 0 ? {} : { made }),
		hasContent: () => Array.isArray(content) && content.some(saysSomething),
		body: (bytes) => (given === undefined ? withMembers(text, { model: JSON.stringify(model) }) : bytes),
		events: (wish) => documentEvents({ ...value, model: given ?? model }, { model: given ?? model, ...wish }),
	};
}

/** Whether a block has anything in it that could be content, whatever the member is called. */
export function saysSomething(block: unknown): boolean {
	if (!isObject(block)) return false;
	const { type, ...said } = block;
	return (typeof type === 'string' && /tool|redacted/.test(type)) || Object.values(said).some(isSomething);
}
