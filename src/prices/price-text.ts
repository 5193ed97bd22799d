import { countText } from '../values/figures.ts';
import type { Price } from './price.ts';

/** Digits behind the point: a token of the cheapest model costs about 10⁻⁸ USD. */
const DIGITS = 10;

/** USD as a plain decimal, without an exponent: `0.00123`. */
export function usdText(usd: number): string {
	return usd.toFixed(DIGITS).replace(/\.?0+$/, '');
}

/** The same as a number, without what is but noise of the arithmetic. */
export function roundedUsd(usd: number): number {
	return Number(usd.toFixed(DIGITS));
}

/**
 * A price for people: `$2.5 in, $15 out per million tokens (catalogue of 2026-09-23)`.
 * @param at when, ms since the epoch, on the wall
 */
export function priceText(price: Price, at: number): string {
	const [{ rates }, ...larger] = price.tiersAt(at);
	const output = rates.output === undefined ? '' : `, $${usdText(rates.output)} out`;
	const request = rates.perRequest === undefined ? '' : `, $${usdText(rates.perRequest)} a request`;
	const more = larger.length === 0 ? '' : `, more above ${countText(larger[0]?.above ?? 0)} tokens`;
	const source = price.asOf === undefined ? 'configured' : `catalogue of ${price.asOf}`;
	return `$${usdText(rates.input)} in${output} per million tokens${request}${more} (${source})`;
}
