import type { FinishPart } from '../../contract/answer-parts.ts';
import type { DocumentAnswer, DocumentRead, ReaderOptions } from '../../contract/dialect.ts';
import { emptyErrorBody } from '../../contract/error-body.ts';
import { isObject, type JsonObject, parseObject } from '../../values/json.ts';
import { withMembers } from '../../values/json-members.ts';
import { isError } from '../error-object.ts';
import { readErrorBody, readErrorJson } from '../read-error-body.ts';
import { documentEvents } from './document-events.ts';
import { finishOf, isFailedChoice } from './read-choice.ts';
import { hasUnreadContent } from './unread-content.ts';
import { readUsage } from './usage.ts';

/** A longer document is no error: to look for one in it would only cost time, characters. */
const LONGEST_ERROR = 256 * 1024;

/**
 * Reads the body of a successful, non-streaming chat completion before it is believed: a JSON object without an
 * error, with at least one choice, each of which says something or says that it is finished.
 * @param text the whole body, parsed once, here; never throws
 */
export function readDocument(text: string, { model }: Pick<ReaderOptions, 'model'>): DocumentRead {
	const value = parseObject(text);
	if (value === undefined) return { is: 'failure', error: readErrorBody(200, text) };
	if (isError(value.error) || !hasWholeChoices(value)) {
		return { is: 'failure', error: text.length > LONGEST_ERROR ? emptyErrorBody : readErrorJson(value) };
	}
	return { is: 'answer', answer: documentAnswer(text, value, model) };
}

function documentAnswer(text: string, value: JsonObject, model: string): DocumentAnswer {
	const hasModel = typeof value.model === 'string' && value.model !== '';
	return {
		usage: readUsage(value.usage),
		finishes: finishesOf(value),
		hasContent: () => hasUnreadContent(value),
		body: (bytes) => (hasModel ? bytes : withMembers(text, { model: JSON.stringify(model) })),
		events: (wish) => documentEvents(value, { model, ...wish }),
	};
}

/** A list that grows: `flatMap` costs several times as much, in every answer. */
function finishesOf({ choices }: JsonObject): NonNullable<DocumentAnswer['finishes']> {
	const finishes: Pick<FinishPart, 'reason' | 'native'>[] = [];
	for (const choice of Array.isArray(choices) ? choices : []) {
		const finish = isObject(choice) ? finishOf(choice) : undefined;
		if (finish !== undefined) finishes.push(finish);
	}
	return finishes;
}

function hasWholeChoices({ choices }: JsonObject): boolean {
	return Array.isArray(choices) && choices.length > 0 && choices.every(isWholeChoice);
}

function isWholeChoice(choice: unknown): boolean {
	if (!isObject(choice) || !isObject(choice.message)) return false;
	if (isFailedChoice(choice)) return false;
	if (finishOf(choice) !== undefined) return true;
	const { content, tool_calls: toolCalls, refusal } = choice.message;
	const saysSomething =
		(typeof content === 'string' && content !== '') || (Array.isArray(content) && content.length > 0);
	return (
		saysSomething ||
		(Array.isArray(toolCalls) && toolCalls.length > 0) ||
		(typeof refusal === 'string' && refusal !== '')
	);
}
