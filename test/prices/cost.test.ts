import { describe, expect, it } from 'vitest';
import type { Usage } from '../../src/contract/answer-parts.ts';
import { costOf, estimatedCost } from '../../src/prices/cost.ts';
import { configuredPrice, type Price } from '../../src/prices/price.ts';
import { priceText, roundedUsd, usdText } from '../../src/prices/price-text.ts';

const everyKind = configuredPrice({
	input: 1,
	output: 10,
	cachedInput: 0.1,
	cacheWrite: 1.25,
	audioInput: 40,
	reasoning: 20,
	audioOutput: 80,
	perRequest: 0.005,
});
const plain = configuredPrice({ input: 1, output: 10 });
const used = (counts: Partial<Usage>): Usage => ({ input: 0, output: 0, raw: {}, dialect: 'any', ...counts });
/** In millionths of USD. */
const micros = (price: Price, counts: Partial<Usage>) =>
	Math.round((costOf(price, used(counts), 0) ?? Number.NaN) * 1e6 * 1e6) / 1e6;

describe('what an answer costs', () => {
	it.each([
		['text', { input: 100, output: 10 }, 100 + 100],
		['a prompt from a cache', { input: 100, cached: 80 }, 20 + 8],
		['a prompt that goes into a cache', { input: 100, cacheWritten: 80 }, 20 + 100],
		['both', { input: 100, cached: 50, cacheWritten: 40 }, 10 + 5 + 50],
		['what is cached for an hour, as the rest', { input: 100, cacheWritten: 80, cacheWrittenHour: 80 }, 20 + 100],
		['thoughts', { output: 100, reasoning: 60 }, 400 + 1200],
		['sound that is heard', { input: 100, audioInput: 90 }, 10 + 3600],
		['sound that is made', { output: 100, audioOutput: 90 }, 100 + 7200],
		['nothing', {}, 0],
	])('tells %s apart', (_, counts, expected) => {
		expect(micros(everyKind, counts)).toBe(expected + 5000);
	});

	it('takes each kind without a rate of its own for its whole', () => {
		const counts = { input: 100, cached: 10, cacheWritten: 20, cacheWrittenHour: 5, audioInput: 30 };
		expect(micros(plain, { ...counts, output: 10, reasoning: 3, audioOutput: 4 })).toBe(100 + 100);
	});

	it('has a rate of its own for what is cached for an hour', () => {
		const price: Price = {
			from: 'catalogue',
			tiersAt: () => [{ above: 0, rates: { input: 1, output: 10, cacheWrite: 1.25, cacheWriteHour: 2 } }],
		};
		expect(micros(price, { input: 100, cacheWritten: 80, cacheWrittenHour: 60 })).toBe(20 + 25 + 120);
	});

	it('never has more of a kind than of its whole, whatever is reported', () => {
		expect(micros(everyKind, { input: 10, cached: 500, cacheWritten: 500, audioInput: 500 })).toBe(1 + 5000);
		expect(micros(everyKind, { output: 10, reasoning: 500, audioOutput: 500 })).toBe(200 + 5000);
		expect(micros(everyKind, { input: 10, cached: -500 })).toBe(10 + 5000);
	});

	it('is 0, and not unknown, where the price is', () => {
		expect(costOf(configuredPrice({ input: 0, output: 0 }), used({ input: 5, output: 5 }), 0)).toBe(0);
	});

	it('is unknown where something was written that has no price', () => {
		const embedding: Price = { from: 'catalogue', tiersAt: () => [{ above: 0, rates: { input: 1 } }] };
		expect(costOf(embedding, used({ input: 1_000_000 }), 0)).toBe(1);
		expect(costOf(embedding, used({ input: 1_000_000, output: 1 }), 0)).toBeUndefined();
	});

	it('is unknown where what is reported can be no count', () => {
		expect(costOf(plain, used({ input: 1e15 }), 0)).toBeUndefined();
		expect(costOf(plain, used({ output: 1e15 }), 0)).toBeUndefined();
	});
});

describe('what a request would cost', () => {
	const tiered: Price = {
		from: 'catalogue',
		tiersAt: (at) => [
			{ above: 0, rates: { input: at === 1 ? 0.5 : 1, output: 10 } },
			{ above: 1000, rates: { input: 2, output: 20 } },
		],
	};

	it('is by the size of its prompt, and by the time', () => {
		expect(estimatedCost(tiered, { inputTokens: 1000, outputTokens: 100 }, 0)).toBeCloseTo(0.002, 12);
		expect(estimatedCost(tiered, { inputTokens: 1001, outputTokens: 100 }, 0)).toBeCloseTo(0.004_002, 12);
		expect(estimatedCost(tiered, { inputTokens: 1000, outputTokens: 100 }, 1)).toBeCloseTo(0.0015, 12);
	});

	it('has what each request costs in it', () => {
		expect(estimatedCost(everyKind, { inputTokens: 0, outputTokens: 0 }, 0)).toBe(0.005);
	});

	it('is unknown where the model has no price for what it writes', () => {
		const embedding: Price = { from: 'catalogue', tiersAt: () => [{ above: 0, rates: { input: 1 } }] };
		expect(estimatedCost(embedding, { inputTokens: 10, outputTokens: 0 }, 0)).toBe(0.00001);
		expect(estimatedCost(embedding, { inputTokens: 10, outputTokens: 1 }, 0)).toBeUndefined();
	});
});

describe('an amount of money', () => {
	it.each([
		[0, '0'],
		[100, '100'],
		[12.5, '12.5'],
		[0.1 + 0.2, '0.3'],
		[0.000_000_02, '0.00000002'],
	])('%d is shown as %s', (usd, text) => {
		expect(usdText(usd)).toBe(text);
		expect(roundedUsd(usd)).toBe(Number(text));
	});

	it('is shown with what it is for, and where it is from', () => {
		expect(priceText(plain, 0)).toBe('$1 in, $10 out per million tokens (configured)');
		const tiered: Price = {
			from: 'catalogue',
			asOf: '2026-01-02',
			tiersAt: () => [
				{ above: 0, rates: { input: 1, perRequest: 0.01 } },
				{ above: 200_000, rates: { input: 2, perRequest: 0.01 } },
			],
		};
		expect(priceText(tiered, 0)).toBe(
			'$1 in per million tokens, $0.01 a request, more above 200,000 tokens (catalogue of 2026-01-02)',
		);
	});
});
