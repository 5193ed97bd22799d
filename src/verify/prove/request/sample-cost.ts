import type { Route } from '../../../gateway/routes.ts';
import { estimatedCost } from '../../../prices/cost.ts';
import type { Price } from '../../../prices/price.ts';

/** The request whose dearest way is looked for: each attempt reads all of its prompt, and writes a whole answer. */
export const sampleTokens = { inputTokens: 10_000, outputTokens: 1_000 } as const;

/**
 * What one attempt of the sample request costs at each target of a route.
 * @param prices by target
 * @param at when, ms since the epoch
 * @returns USD; undefined where no price is known at all
 */
export function sampleCosts(
	{ candidates }: Route,
	prices: ReadonlyMap<string, Price>,
	at: number,
): (number | undefined)[] | undefined {
	const costs = candidates.map(({ target }) => {
		const price = prices.get(target);
		return price && estimatedCost(price, sampleTokens, at);
	});
	return costs.every((cost) => cost === undefined) ? undefined : costs;
}
