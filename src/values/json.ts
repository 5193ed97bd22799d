import { isTooDeep } from './json-depth.ts';

/** A JSON object that was read. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is an object with members: neither null nor a list. */
export function isObject(value: unknown): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @returns the value itself where it is an object, else undefined; to reach into documents of strangers */
export function asObject(value: unknown): JsonObject | undefined {
	return isObject(value) ? value : undefined;
}

/** @returns the value that a text is, undefined where it is no JSON, or so deep that it could not be written again */
export function parseJson(text: string): unknown {
	try {
		return isTooDeep(text) ? undefined : JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** @returns the object that a text is; undefined where it is another value, or no JSON */
export function parseObject(text: string): JsonObject | undefined {
	return asObject(parseJson(text));
}

/** Whether a member says something: neither null nor empty. */
export function isSomething(value: unknown): boolean {
	if (value === undefined || value === null || value === '') return false;
	if (Array.isArray(value)) return value.length > 0;
	return typeof value !== 'object' || Object.keys(value).length > 0;
}
