import type { AnswerEvent } from '../../contract/answer-parts.ts';
import type { DocumentAnswer, DocumentRead, ReaderOptions } from '../../contract/dialect.ts';
import { isObject, isSomething, type JsonObject, parseObject } from '../../values/json.ts';
import { withMembers } from '../../values/json-members.ts';
import { isError } from '../error-object.ts';
import { finishOf, isFailedChoice } from '../openai-chat/read-choice.ts';
import { readUsage } from '../openai-chat/usage.ts';
import { readErrorBody } from '../read-error-body.ts';
import { dialectName } from './completion-body.ts';
import { eventOf } from './completion-chunk.ts';

/**
 * Reads the body of a successful completion that is not streamed: an object without an error, each of whose choices has a
 * text.
 * @param text the whole body, parsed once, here; never throws
 */
export function readDocument(text: string, { model }: Pick<ReaderOptions, 'model'>): DocumentRead {
	const value = parseObject(text);
	const choices = value === undefined || isError(value.error) ? undefined : wholeChoices(value);
	if (value === undefined || choices === undefined) return { is: 'failure', error: readErrorBody(200, text) };
	return { is: 'answer', answer: documentAnswer(text, value, choices, model) };
}

function wholeChoices({ choices }: JsonObject): readonly JsonObject[] | undefined {
	const isWhole = (one: unknown) => isObject(one) && typeof one.text === 'string' && !isFailedChoice(one);
	return Array.isArray(choices) && choices.length > 0 && choices.every(isWhole) ? choices : undefined;
}

function documentAnswer(
	text: string,
	value: JsonObject,
	choices: readonly JsonObject[],
	model: string,
): DocumentAnswer {
	const hasModel = typeof value.model === 'string' && value.model !== '';
	return {
		usage: isSomething(value.usage) ? readUsage(value.usage, dialectName) : undefined,
		finishes: choices.map(finishOf).filter((finish) => finish !== undefined),
		hasContent: () => choices.some((choice) => choice.text !== ''),
		body: (bytes) => (hasModel ? bytes : withMembers(text, { model: JSON.stringify(model) })),
		events: ({ withUsage }) => documentEvents(value, choices, model, withUsage),
	};
}

/** A whole completion as the chunks of a stream: one of each choice, and the usage. */
function documentEvents(
	value: JsonObject,
	choices: readonly JsonObject[],
	model: string,
	withUsage: boolean,
): AnswerEvent[] {
	const { choices: _, usage, ...head } = value;
	const chunks = choices.map((choice, at) => ({
		...head,
		choices: [{ index: at, ...choice, finish_reason: finishOf(choice)?.reason ?? 'stop' }],
	}));
	const used = withUsage && isSomething(usage) ? [{ ...head, choices: [], usage }] : [];
	return [...chunks, ...used].map((chunk) => eventOf(chunk, model));
}
