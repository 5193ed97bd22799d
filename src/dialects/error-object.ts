import { isObject, type JsonObject } from '../values/json.ts';

/** Is it an error, and no piece of an answer? */
export function isErrorObject(value: JsonObject): boolean {
	return isError(value.error) || isBareError(value);
}

/** An error without the member that says so, as some model servers send it in the middle of a stream. */
function isBareError({ object, choices, message, detail, code, type }: JsonObject): boolean {
	if (choices !== undefined) return false;
	return object === 'error' || detail !== undefined || (typeof message === 'string' && (code ?? type) !== undefined);
}

/** Is an `error` member one? Some providers send `null`, `false` or an empty text with every answer. */
export function isError(value: unknown): boolean {
	return isObject(value) || (typeof value === 'string' && value !== '');
}
