import { mostTokens, type Usage } from '../contract/answer-parts.ts';
import { type Price, type Rates, ratesFor } from './price.ts';

const MILLION = 1_000_000;

/** Tokens of one kind, and the rates that they have, the most special first. */
type Share = readonly [tokens: number, ...rates: readonly (number | undefined)[]];

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
	const tokens = sumOf([...sharesOfInput(usage, rates), ...sharesOfOutput(usage, rates)]);
	return tokens === undefined ? undefined : tokens / MILLION + (rates.perRequest ?? 0);
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
	const tokens = sumOf([
		[inputTokens, rates.input],
		[outputTokens, rates.output],
	]);
	return tokens === undefined ? undefined : tokens / MILLION + (rates.perRequest ?? 0);
}

function sharesOfInput({ input, cached, cacheWritten, cacheWrittenHour, audioInput }: Usage, rates: Rates): Share[] {
	const { cachedInput, cacheWrite, cacheWriteHour } = rates;
	const left = new Remainder(input);
	const fromCache = left.take(cached);
	const intoCache = new Remainder(left.take(cacheWritten));
	const forAnHour = intoCache.take(cacheWrittenHour);
	const sound = left.take(audioInput);
	return [
		[fromCache, cachedInput, rates.input],
		[forAnHour, cacheWriteHour, cacheWrite, rates.input],
		[intoCache.tokens, cacheWrite, rates.input],
		[sound, rates.audioInput, rates.input],
		[left.tokens, rates.input],
	];
}

function sharesOfOutput({ output, reasoning, audioOutput }: Usage, rates: Rates): Share[] {
	const left = new Remainder(output);
	const thoughts = left.take(reasoning);
	const sound = left.take(audioOutput);
	return [
		[thoughts, rates.reasoning, rates.output],
		[sound, rates.audioOutput, rates.output],
		[left.tokens, rates.output],
	];
}

/** What is left of a whole when its parts are taken out of it. */
class Remainder {
	tokens: number;

	constructor(tokens: number) {
		this.tokens = tokens;
	}

	/** @returns as many as there are */
	take(tokens = 0): number {
		const taken = Math.min(Math.max(0, tokens), this.tokens);
		this.tokens -= taken;
		return taken;
	}
}

/** @returns millionths of USD; undefined where tokens have no rate */
function sumOf(shares: readonly Share[]): number | undefined {
	let sum = 0;
	for (const [tokens, ...rates] of shares) {
		if (tokens === 0) continue;
		const rate = rates.find((known) => known !== undefined);
		if (rate === undefined) return undefined;
		sum += tokens * rate;
	}
	return sum;
}
