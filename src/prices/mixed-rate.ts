import { type Price, ratesFor } from './price.ts';

/** Of four tokens of a usual request, those of its prompt. */
const PROMPT_SHARE = 0.75;

/**
 * One number by which prices are compared.
 * @param inputTokens of the prompt, whose size decides about the rates at some providers
 * @param at when, ms since the epoch, on the wall
 * @returns USD per million tokens, three of four of which are of the prompt
 */
export function mixedRate(price: Price, inputTokens: number, at: number): number {
	const { input, output = 0 } = ratesFor(price.tiersAt(at), inputTokens);
	return PROMPT_SHARE * input + (1 - PROMPT_SHARE) * output;
}
