import { isError, isObject, type JsonObject, parseObject } from './chunk.ts';

/** What a body that came with a 200 is: a completion that can be believed, or not. */
export type WholeAnswer =
	| { kind: 'completion'; value: JsonObject; hasModel: boolean; usage: unknown }
	| { kind: 'failure' };

const failure: WholeAnswer = { kind: 'failure' };

/**
 * Reads the body of a successful, non-streaming chat completion before it is believed: a JSON object without an
 * error, with at least one choice, each of which says something or says that it is finished.
 * @param body the whole body; never throws
 */
export function readWholeAnswer(body: string): WholeAnswer {
	const value = parseObject(body);
	if (value === undefined || isError(value.error)) return failure;
	const choices = value.choices;
	if (!Array.isArray(choices) || choices.length === 0 || !choices.every(isWholeChoice)) return failure;
	const hasModel = typeof value.model === 'string' && value.model !== '';
	return { kind: 'completion', value, hasModel, usage: value.usage };
}

function isWholeChoice(choice: unknown): boolean {
	if (!isObject(choice) || !isObject(choice.message)) return false;
	const finishReason = choice.finish_reason;
	if (finishReason === 'error') return false;
	if (typeof finishReason === 'string' && finishReason !== '') return true;
	const { content, tool_calls: toolCalls, refusal } = choice.message;
	const saysSomething =
		(typeof content === 'string' && content !== '') || (Array.isArray(content) && content.length > 0);
	return (
		saysSomething ||
		(Array.isArray(toolCalls) && toolCalls.length > 0) ||
		(typeof refusal === 'string' && refusal !== '')
	);
}
