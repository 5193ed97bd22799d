import type { AttemptUsage, Usage } from '../../contract/answer-parts.ts';
import { isObject, type JsonObject } from '../../values/json.ts';
import { dialectName } from './responses-body.ts';

/** @returns undefined when it is no usage */
export function readUsage(raw: unknown): Usage | undefined {
	if (!isObject(raw)) return undefined;
	const { input_tokens_details: ofInput, output_tokens_details: ofOutput } = raw;
	const cached = isObject(ofInput) ? ofInput.cached_tokens : undefined;
	const written = isObject(ofInput) ? ofInput.cache_write_tokens : undefined;
	const reasoning = isObject(ofOutput) ? ofOutput.reasoning_tokens : undefined;
	const audioInput = countOf(isObject(ofInput) ? ofInput.audio_tokens : undefined);
	const audioOutput = countOf(isObject(ofOutput) ? ofOutput.audio_tokens : undefined);
	return {
		input: countOf(raw.input_tokens),
		output: countOf(raw.output_tokens),
		...(typeof cached === 'number' ? { cached } : {}),
		...(typeof written === 'number' ? { cacheWritten: written } : {}),
		...(typeof reasoning === 'number' ? { reasoning } : {}),
		...(audioInput > 0 ? { audioInput } : {}),
		...(audioOutput > 0 ? { audioOutput } : {}),
		raw,
		dialect: dialectName,
	};
}

function countOf(value: unknown): number {
	return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}

/** In the words of this dialect. */
function wordsOf(usage: Usage): JsonObject {
	const { input, output, cached = 0, cacheWritten, reasoning = 0 } = usage;
	return {
		input_tokens: input,
		input_tokens_details: {
			cached_tokens: cached,
			...(cacheWritten === undefined ? {} : { cache_write_tokens: cacheWritten }),
		},
		output_tokens: output,
		output_tokens_details: { reasoning_tokens: reasoning },
		total_tokens: input + output,
	};
}

/**
 * The usage of an answer: what its provider said, or the sum of what several attempts used, and each. Tokens of an attempt
 * that broke before it reported its usage are not guessed: its part is null.
 * @param parts empty where nobody reported anything; several clients take no response without a usage, so then it is zero
 * @returns members of a response: `usage`, and `failover` with the parts when there are several
 */
export function usageOfAll(parts: readonly AttemptUsage[]): JsonObject {
	const known = parts.flatMap(({ usage }) => usage ?? []);
	const [only] = known;
	if (parts.length === 1 && only?.dialect === dialectName && isObject(only.raw)) return { usage: only.raw };
	const usage = wordsOf(sumOf(known));
	if (parts.length < 2) return { usage };
	const each = parts.map(({ target, usage: used }) => ({ target, usage: used === undefined ? null : wordsOf(used) }));
	return { usage, failover: { usage: each } };
}

function sumOf(all: readonly Usage[]): Usage {
	const sum = (count: (usage: Usage) => number | undefined) =>
		all.reduce((total, usage) => total + (count(usage) ?? 0), 0);
	const isWritten = all.some(({ cacheWritten }) => cacheWritten !== undefined);
	return {
		input: sum(({ input }) => input),
		output: sum(({ output }) => output),
		cached: sum(({ cached }) => cached),
		reasoning: sum(({ reasoning }) => reasoning),
		...(isWritten ? { cacheWritten: sum(({ cacheWritten }) => cacheWritten) } : {}),
		raw: undefined,
		dialect: dialectName,
	};
}
