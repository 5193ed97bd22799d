import type { DocumentRead, ReaderOptions } from '../../contract/dialect.ts';
import { isObject, isSomething, type JsonObject, parseObject } from '../../values/json.ts';
import { withMembers } from '../../values/json-members.ts';
import { isError } from '../error-object.ts';
import { readUsage } from '../openai-chat/usage.ts';
import { readErrorBody } from '../read-error-body.ts';
import { dialectName } from './embeddings-body.ts';

/**
 * Reads the body of a success: a vector for each input, none of which may be missing: whoever asked joins them to its texts by
 * their places.
 * @param text the whole body, parsed once, here; never throws
 * @param choices how many vectors were asked for
 */
export function readDocument(text: string, { model, choices }: Pick<ReaderOptions, 'model' | 'choices'>): DocumentRead {
	const value = parseObject(text);
	if (value === undefined || isError(value.error) || !hasAllVectors(value, choices)) {
		return { is: 'failure', error: readErrorBody(200, text) };
	}
	const hasModel = typeof value.model === 'string' && value.model !== '';
	return {
		is: 'answer',
		answer: {
			usage: isSomething(value.usage) ? readUsage(value.usage, dialectName) : undefined,
			hasContent: () => true,
			body: (bytes) => (hasModel ? bytes : withMembers(text, { model: JSON.stringify(model) })),
			events: () => [],
		},
	};
}

function hasAllVectors({ data }: JsonObject, count: number): boolean {
	return Array.isArray(data) && data.length === count && data.every((one) => isObject(one) && isVector(one.embedding));
}

/** Numbers, or the same as base64. */
function isVector(embedding: unknown): boolean {
	if (typeof embedding === 'string') return embedding !== '';
	return Array.isArray(embedding) && embedding.length > 0;
}
