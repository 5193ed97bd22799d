import type { AttemptUsage, Usage } from '../../contract/answer-parts.ts';
import { isObject, type JsonObject } from '../../values/json.ts';
import { dialectName } from './chat-body.ts';

/** Counts of tokens, and the members that break them down. */
const counts = ['prompt_tokens', 'completion_tokens', 'total_tokens'];
const breakdowns = ['prompt_tokens_details', 'completion_tokens_details'];

const none: JsonObject = {};

/** Its models write nothing. */
const embeddingsDialect = 'openai-embeddings';

/** OpenAI's older dialects have the same words for it. */
const sameWords: ReadonlySet<string> = new Set([dialectName, 'openai-completions', embeddingsDialect]);

/** @returns undefined when it is no usage */
export function readUsage(raw: unknown, dialect: string = dialectName): Usage | undefined {
	if (!isObject(raw)) return undefined;
	const { prompt_tokens_details: ofPrompt, completion_tokens_details: ofAnswer } = raw;
	const { cached_tokens: cached = raw.prompt_cache_hit_tokens, cache_write_tokens: cacheWritten } = objectOr(ofPrompt);
	const { reasoning_tokens: reasoning } = objectOr(ofAnswer);
	const input = countOf(raw.prompt_tokens);
	const written = countOf(raw.completion_tokens);
	const audioInput = countOf(objectOr(ofPrompt).audio_tokens);
	const audioOutput = countOf(objectOr(ofAnswer).audio_tokens);
	return {
		input,
		output: written + (dialect === embeddingsDialect ? 0 : thoughtsBeside(input + written, raw.total_tokens)),
		...(typeof cached === 'number' ? { cached: countOf(cached) } : {}),
		...(typeof cacheWritten === 'number' ? { cacheWritten: countOf(cacheWritten) } : {}),
		...(typeof reasoning === 'number' ? { reasoning: countOf(reasoning) } : {}),
		...(audioInput > 0 ? { audioInput } : {}),
		...(audioOutput > 0 ? { audioOutput } : {}),
		raw,
		dialect,
	};
}

/** Gemini and xAI count thoughts, which are paid for like the rest of an answer, in the total only. */
function thoughtsBeside(counted: number, total: unknown): number {
	return Math.max(0, countOf(total) - counted);
}

function objectOr(value: unknown): JsonObject {
	return isObject(value) ? value : none;
}

function countOf(value: unknown): number {
	return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}

/** In the words of this dialect. */
function rawUsage(usage: Usage | undefined): JsonObject | undefined {
	if (usage === undefined) return undefined;
	if (sameWords.has(usage.dialect) && isObject(usage.raw)) return usage.raw;
	const { input, output, cached, reasoning } = usage;
	return {
		prompt_tokens: input,
		completion_tokens: output,
		total_tokens: input + output,
		...(cached === undefined ? {} : { prompt_tokens_details: { cached_tokens: cached } }),
		...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
	};
}

/**
 * The usage of an answer that several attempts wrote: the sum, and the parts. Tokens of an attempt that broke before it
 * reported its usage are not guessed: its part is null. The breakdowns are summed like the counts that they break down, so
 * that cached tokens stay a share of the prompt's; what else a provider reports is as the last attempt reported it.
 * @returns members of a chunk: `usage`, and `failover` with the parts when there are several
 */
export function usageOfAll(parts: readonly AttemptUsage[]): JsonObject {
	const known: JsonObject[] = parts.flatMap(({ usage }): JsonObject[] => {
		const raw = rawUsage(usage);
		return raw === undefined ? [] : [raw];
	});
	const latest = known.at(-1);
	if (latest === undefined) return {};
	if (parts.length === 1) return { usage: latest };
	const usage: Record<string, unknown> = { ...latest, ...sums(known, counts) };
	for (const name of breakdowns) {
		const details = known.map((one) => one[name]).filter(isObject);
		const last = details.at(-1);
		if (last !== undefined) usage[name] = { ...last, ...sums(details, details.flatMap(Object.keys)) };
	}
	const shown = parts.map(({ target, usage }) => ({ target, usage: rawUsage(usage) ?? null }));
	return { usage, failover: { usage: shown } };
}

/** The sum of each of these members, where any of the objects has a number for it. */
function sums(objects: readonly JsonObject[], names: readonly string[]): JsonObject {
	const summed: Record<string, number> = {};
	for (const name of new Set(names)) {
		const values = objects.map((object) => object[name]).filter((value) => typeof value === 'number');
		if (values.length > 0) summed[name] = values.reduce((total, value) => total + value, 0);
	}
	return summed;
}
