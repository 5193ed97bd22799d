import type { BodyHints } from '../contract/dialect.ts';
import { isObject } from '../values/json.ts';
import { type Edits, topLevelMembers, withMembers } from '../values/json-members.ts';

/** Where hints may stand, the first that has one wins. */
const places = ['failover', 'meta', 'metadata'];

const taskTypeNames = ['taskType', 'task_type'];
const qualityNames = ['quality'];

const noHints: BodyHints = { taskType: undefined, quality: undefined };

/**
 * The hints of `failover`, `meta` and `metadata`. What else stands there is not ours, and nor is a hint that is no text.
 * @param body the request, parsed
 */
export function readHints(body: Readonly<Record<string, unknown>>): BodyHints {
	if (body.failover === undefined && body.meta === undefined && body.metadata === undefined) return noHints;
	const given = places.map((place) => body[place]).filter(isObject);
	return { taskType: firstText(given, taskTypeNames), quality: firstText(given, qualityNames) };
}

function firstText(places: readonly Record<string, unknown>[], names: readonly string[]): string | undefined {
	const values = places.flatMap((place) => names.map((name) => place[name]));
	return values.find((value) => typeof value === 'string' && value !== '') as string | undefined;
}

/**
 * `metadata` belongs to OpenAI's API, so only our hints leave it, and it goes with them when nothing else is in it.
 * @param text the whole request
 * @param metadata parsed
 * @returns the edit of the request that takes them out, if there are any
 */
export function withoutHints(text: string, metadata: Readonly<Record<string, unknown>>): Edits {
	const hints = [...taskTypeNames, ...qualityNames].filter((name) => typeof metadata[name] === 'string');
	if (hints.length === 0) return {};
	if (Object.keys(metadata).length === hints.length) return { metadata: undefined };
	const member = topLevelMembers(text).findLast(({ key }) => key === 'metadata');
	if (member === undefined) return {};
	const value = text.slice(member.valueStart, member.end);
	return { metadata: withMembers(value, Object.fromEntries(hints.map((name) => [name, undefined]))) };
}
