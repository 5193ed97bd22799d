import type { AttemptUsage, Usage } from '../../contract/answer-parts.ts';
import { isObject, type JsonObject } from '../../values/json.ts';
import { dialectName } from './messages-body.ts';

/** @returns undefined when it is no usage */
export function readUsage(raw: unknown): Usage | undefined {
	if (!isObject(raw)) return undefined;
	const cached = countOf(raw.cache_read_input_tokens);
	const cacheWritten = countOf(raw.cache_creation_input_tokens);
	const written = raw.cache_creation;
	const cacheWrittenHour = countOf(isObject(written) ? written.ephemeral_1h_input_tokens : undefined);
	return {
		input: countOf(raw.input_tokens) + cached + cacheWritten,
		output: countOf(raw.output_tokens),
		...(cached > 0 ? { cached } : {}),
		...(cacheWritten > 0 ? { cacheWritten } : {}),
		...(cacheWrittenHour > 0 ? { cacheWrittenHour } : {}),
		raw,
		dialect: dialectName,
	};
}

/** What the beginning of a message said of its usage, with what its end says: that counts, where it says anything. */
export function mergedUsage(begun: JsonObject, ended: JsonObject): JsonObject {
	const said = Object.entries(ended).filter(([, value]) => value !== null && value !== undefined);
	return { ...begun, ...Object.fromEntries(said) };
}

function countOf(value: unknown): number {
	return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}

/** In the words of this dialect. */
function rawUsage({ input, output, cached = 0, cacheWritten = 0, raw, dialect }: Usage): JsonObject {
	if (dialect === dialectName && isObject(raw)) return raw;
	return {
		input_tokens: Math.max(0, input - cached - cacheWritten),
		cache_creation_input_tokens: cacheWritten,
		cache_read_input_tokens: cached,
		output_tokens: output,
	};
}

/**
 * The usage of an answer that several attempts wrote: the sum, and the parts. Tokens of an attempt that broke before it
 * reported its usage are not guessed: its part is null. What else a provider reports is as the last attempt reported it.
 * @returns members of `message_delta`: `usage`, and `failover` with the parts when there are several
 */
export function usageOfAll(parts: readonly AttemptUsage[]): JsonObject {
	const known = parts.flatMap(({ usage }): JsonObject[] => (usage === undefined ? [] : [rawUsage(usage)]));
	if (known.length === 0) return { usage: { input_tokens: 0, output_tokens: 0 } };
	if (parts.length === 1) return { usage: known[0] };
	const shown = parts.map(({ target, usage }) => ({ target, usage: usage === undefined ? null : rawUsage(usage) }));
	return { usage: known.reduce(added), failover: { usage: shown } };
}

/** Numbers are added up, also those of breakdowns; of anything else the last word counts. */
function added(before: JsonObject, more: JsonObject): JsonObject {
	const sum: Record<string, unknown> = { ...before };
	for (const [name, value] of Object.entries(more)) {
		const known = before[name];
		if (typeof value === 'number' && typeof known === 'number') sum[name] = known + value;
		else if (isObject(value) && isObject(known)) sum[name] = added(known, value);
		else if (value !== null && value !== undefined) sum[name] = value;
	}
	return sum;
}
