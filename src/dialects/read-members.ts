import { Refusal } from '../contract/refusal.ts';
import { isObject, type JsonObject } from '../values/json.ts';

/**
 * Members of a request that are translated, so that their kind has to be right. One that is null is as good as none.
 * Each throws a Refusal that names the member where it is of another kind.
 */

export function numberIn(body: JsonObject, name: string): number | undefined {
	const value = body[name] ?? undefined;
	if (value === undefined || typeof value === 'number') return value;
	throw wrongKind(name, 'a number');
}

/** A number of things; none and less are as good as no number: some clients write -1 for as many as there may be. */
export function countIn(body: JsonObject, name: string): number | undefined {
	const count = numberIn(body, name);
	return count !== undefined && count > 0 ? count : undefined;
}

export function textIn(body: JsonObject, name: string): string | undefined {
	const value = body[name] ?? undefined;
	if (value === undefined || typeof value === 'string') return value;
	throw wrongKind(name, 'a string');
}

export function booleanIn(body: JsonObject, name: string): boolean | undefined {
	const value = body[name] ?? undefined;
	if (value === undefined || typeof value === 'boolean') return value;
	throw wrongKind(name, 'true or false');
}

export function objectIn(body: JsonObject, name: string): JsonObject | undefined {
	const value = body[name] ?? undefined;
	if (value === undefined || isObject(value)) return value;
	throw wrongKind(name, 'an object');
}

/** The objects of a list; empty where there is none. */
export function objectsIn(body: JsonObject, name: string): readonly JsonObject[] {
	const value = body[name] ?? [];
	if (Array.isArray(value) && value.every(isObject)) return value;
	throw wrongKind(name, 'a list of objects');
}

/** A text, or a list of them. */
export function textsIn(body: JsonObject, name: string): readonly string[] {
	const value = body[name] ?? [];
	const texts: unknown[] = Array.isArray(value) ? value : [value];
	if (texts.every((text) => typeof text === 'string')) return texts;
	throw wrongKind(name, 'a string or a list of strings');
}

function wrongKind(name: string, kind: string): Refusal {
	return new Refusal('invalid_request', `'${name}' must be ${kind}.`, name);
}
