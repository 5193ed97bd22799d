import { mostTokens, type Usage } from '../contract/answer-parts.ts';
import { type Price, type Rates, ratesFor } from './price.ts';

const MILLION = 1_000_000;

/**
 * What an answer costs. Kinds of tokens that are more than the whole that they are of are cut down to it.
 * @param usage as the provider reported it
 * @param at when, ms since the epoch, on the wall
 * @returns USD; undefined where a kind of token that was used has no price, or what is reported can be no count
 */
export function costOf(price: Price, usage: Usage, at: number): number | undefined {
	const { input, output } = usage;
	if (input > mostTokens || output > mostTokens) return undefined;
	const rates = ratesFor(price.tiersAt(at), input);
	return withRequest(ofInput(usage, rates) + ofOutput(usage, rates), rates);
}

/**
 * What a request would cost of whose tokens nothing is known but how many there are, with nothing of it in a cache.
 * @param at when, ms since the epoch, on the wall
 * @returns USD; undefined where its model has no price for what it writes
 */
export function estimatedCost(
	price: Price,
	{ inputTokens, outputTokens }: { inputTokens: number; outputTokens: number },
	at: number,
): number | undefined {
	const rates = ratesFor(price.tiersAt(at), inputTokens);
	return withRequest(inputTokens * rates.input + times(outputTokens, rates.output), rates);
}

/** @param millionths of USD; not a number where tokens have no rate */
function withRequest(millionths: number, { perRequest = 0 }: Rates): number | undefined {
	return Number.isNaN(millionths) ? undefined : millionths / MILLION + perRequest;
}

/** Millionths of USD. */
function ofInput({ input, cached, cacheWritten, cacheWrittenHour, audioInput }: Usage, rates: Rates): number {
	const { cachedInput = rates.input, cacheWrite = rates.input, audioInput: heardRate = rates.input } = rates;
	const { cacheWriteHour = cacheWrite } = rates;
	const fromCache = partOf(input, cached);
	const intoCache = partOf(input - fromCache, cacheWritten);
	const forAnHour = partOf(intoCache, cacheWrittenHour);
	const heard = partOf(input - fromCache - intoCache, audioInput);
	const others = input - fromCache - intoCache - heard;
	const written = (intoCache - forAnHour) * cacheWrite + forAnHour * cacheWriteHour;
	return others * rates.input + fromCache * cachedInput + written + heard * heardRate;
}

/** Millionths of USD; not a number where what was written has no rate. */
function ofOutput({ output, reasoning, audioOutput }: Usage, rates: Rates): number {
	const thoughts = partOf(output, reasoning);
	const spoken = partOf(output - thoughts, audioOutput);
	return (
		times(output - thoughts - spoken, rates.output) +
		times(thoughts, rates.reasoning ?? rates.output) +
		times(spoken, rates.audioOutput ?? rates.output)
	);
}

/** As many as were reported, and no more than there are. */
function partOf(tokens: number, reported = 0): number {
	return Math.min(tokens, Math.max(0, reported));
}

function times(tokens: number, rate: number | undefined): number {
	return tokens === 0 ? 0 : tokens * (rate ?? Number.NaN);
}
