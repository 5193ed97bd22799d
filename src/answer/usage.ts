import type { JsonObject } from '../upstream/chunk.ts';

/** What one attempt used; undefined where it broke before it said. */
export interface UsagePart {
	target: string;
	usage: unknown;
}

/**
 * The usage of an answer that several attempts wrote: the sum, and the parts. Tokens of an attempt that broke before it
 * told its usage are not guessed: its part is null.
 * @returns members of a chunk: `usage`, and `failover` with the parts when there are several
 */
export function usageOfAll(parts: readonly UsagePart[]): JsonObject {
	const known = parts.map(({ usage }) => usage).filter(isUsage);
	const latest = known.at(-1);
	if (latest === undefined) return {};
	if (parts.length === 1) return { usage: latest };
	const summed = Object.fromEntries(
		['prompt_tokens', 'completion_tokens', 'total_tokens'].map((name) => [
			name,
			sum(known.map((usage) => usage[name])),
		]),
	);
	const shown = parts.map(({ target, usage }) => ({ target, usage: isUsage(usage) ? usage : null }));
	return { usage: { ...latest, ...summed }, failover: { usage: shown } };
}

function isUsage(usage: unknown): usage is JsonObject {
	return typeof usage === 'object' && usage !== null;
}

function sum(values: readonly unknown[]): number {
	return values.reduce<number>((total, value) => total + (typeof value === 'number' ? value : 0), 0);
}
