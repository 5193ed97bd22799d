import type { TokenCount } from '../../contract/call-record.ts';
import { isObject, type JsonObject } from './chunk.ts';

/** What one attempt used; undefined where it broke before it said. */
export interface UsagePart {
	target: string;
	usage: unknown;
}

/** Counts of tokens, and the members that break them down. */
const counts = ['prompt_tokens', 'completion_tokens', 'total_tokens'];
const breakdowns = ['prompt_tokens_details', 'completion_tokens_details'];

/**
 * The usage of an answer that several attempts wrote: the sum, and the parts. Tokens of an attempt that broke before it
 * told its usage are not guessed: its part is null. The breakdowns are summed like the counts that they break down, so
 * that cached tokens stay a share of the prompt's; what else a provider tells is as the last attempt told it.
 * @returns members of a chunk: `usage`, and `failover` with the parts when there are several
 */
export function usageOfAll(parts: readonly UsagePart[]): JsonObject {
	const known = parts.map(({ usage }) => usage).filter(isObject);
	const latest = known.at(-1);
	if (latest === undefined) return {};
	if (parts.length === 1) return { usage: latest };
	const usage: JsonObject = { ...latest, ...sums(known, counts) };
	for (const name of breakdowns) {
		const details = known.map((one) => one[name]).filter(isObject);
		const last = details.at(-1);
		if (last !== undefined) usage[name] = { ...last, ...sums(details, details.flatMap(Object.keys)) };
	}
	const shown = parts.map(({ target, usage }) => ({ target, usage: isObject(usage) ? usage : null }));
	return { usage, failover: { usage: shown } };
}

/** The tokens of the parts that told them. */
export function tokensOf(parts: readonly UsagePart[]): TokenCount[] {
	return parts.flatMap(({ target, usage }) => {
		if (!isObject(usage)) return [];
		const { prompt_tokens: input, completion_tokens: output } = usage;
		return [{ target, input: countOf(input), output: countOf(output) }];
	});
}

function countOf(value: unknown): number {
	return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}

/** The sum of each of these members, where any of the objects has a number for it. */
function sums(objects: readonly JsonObject[], names: readonly string[]): JsonObject {
	const summed: JsonObject = {};
	for (const name of new Set(names)) {
		const values = objects.map((object) => object[name]).filter((value) => typeof value === 'number');
		if (values.length > 0) summed[name] = values.reduce((total, value) => total + value, 0);
	}
	return summed;
}
