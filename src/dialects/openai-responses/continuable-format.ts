import { isObject, type JsonObject } from '../../values/json.ts';

/**
 * Is the answer to this request one plain text, which another model could carry on? Not half a document of a schema, nor
 * probabilities of tokens.
 * @param body a request, or members of one
 */
export function asksForPlainText(body: JsonObject): boolean {
	const { text } = body;
	const format = isObject(text) ? text.format : undefined;
	const isDocument = isObject(format) && format.type !== undefined && format.type !== 'text';
	return !isDocument && !asksForProbabilities(body);
}

export function asksForProbabilities({ include, top_logprobs: most }: JsonObject): boolean {
	const isIncluded = Array.isArray(include) && include.includes('message.output_text.logprobs');
	return isIncluded || (typeof most === 'number' && most > 0);
}
