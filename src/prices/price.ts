import type { PriceConfig } from '../config/config.ts';

/** USD per million tokens of each kind. A kind without a rate of its own costs what its whole costs: cached input, as input. */
export interface Rates {
	readonly input: number;
	/** Absent of a model that writes nothing, as one for embeddings. */
	readonly output?: number;
	/** Of the prompt, what came from a cache. */
	readonly cachedInput?: number;
	/** Of the prompt, what was put into a cache. */
	readonly cacheWrite?: number;
	/** Of that, what is kept for an hour; without a rate of its own, like the rest of it. */
	readonly cacheWriteHour?: number;
	/** Of the prompt, sound. */
	readonly audioInput?: number;
	/** Of the answer, the thoughts. */
	readonly reasoning?: number;
	/** Of the answer, sound. */
	readonly audioOutput?: number;
	/** USD for each request, whatever its size. */
	readonly perRequest?: number;
}

/** What holds for the whole of a request whose prompt has more tokens than `above`. */
export interface PriceTier {
	readonly above: number;
	readonly rates: Rates;
}

/** By the size of the prompt, the smallest first: that one holds for every prompt that is too small for another. */
export type PriceTiers = readonly [PriceTier, ...PriceTier[]];

/** What a model costs at a provider. */
export interface Price {
	/** Whose word it is: that of the user's configuration, or of the catalogue that comes with Breakwater. */
	readonly from: 'configured' | 'catalogue';
	/** The day of the catalogue, `2026-09-23`; absent where it is configured. */
	readonly asOf?: string;
	/** @param at ms since the epoch, on the wall; at some providers the price depends on the hour */
	tiersAt(at: number): PriceTiers;
}

/** A price of the configuration. */
export function configuredPrice(rates: PriceConfig): Price {
	const tiers: PriceTiers = [{ above: 0, rates }];
	return { from: 'configured', tiersAt: () => tiers };
}

/** The rates for a prompt of so many tokens. */
export function ratesFor(tiers: PriceTiers, inputTokens: number): Rates {
	let { rates } = tiers[0];
	for (const tier of tiers) {
		if (inputTokens > tier.above) rates = tier.rates;
	}
	return rates;
}
