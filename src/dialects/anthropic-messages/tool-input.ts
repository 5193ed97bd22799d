import { isObject, type JsonObject, parseObject } from '../../values/json.ts';

/**
 * What a call of a tool gives it, which is an object here and a text in other dialects. A text that is no JSON object stands in
 * one member, as Anthropic recommends it for calls that broke off.
 */
export function inputOf(text: string): JsonObject {
	if (text.trim() === '') return {};
	return parseObject(text) ?? { INVALID_JSON: text };
}

/** @returns the JSON text */
export function argumentsOf(input: unknown): string {
	if (!isObject(input)) return '{}';
	const { INVALID_JSON: text, ...others } = input;
	return typeof text === 'string' && Object.keys(others).length === 0 ? text : JSON.stringify(input);
}
