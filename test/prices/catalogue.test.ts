import { readFileSync } from 'node:fs';
import { calcPrice, findProvider, waitForUpdate } from '@pydantic/genai-prices';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadKnownModels } from '../../src/config/known-models.ts';
import type { Usage } from '../../src/contract/answer-parts.ts';
import { catalogueDate, cataloguePrice, catalogueVersion } from '../../src/prices/catalogue.ts';
import { costOf } from '../../src/prices/cost.ts';

const openai = 'https://api.openai.com/v1';
const deepseek = 'https://api.deepseek.com/v1';
const now = Date.parse('2026-11-27T12:00:00Z');
const used = (counts: Partial<Usage>): Usage => ({ input: 0, output: 0, raw: {}, dialect: 'any', ...counts });

function costAt(baseUrl: string, model: string, counts: Partial<Usage>, at = now): number | undefined {
	const price = cataloguePrice(baseUrl, model, now);
	return price && costOf(price, used(counts), at);
}

describe('the catalogue', () => {
	it('is of the day on which the installed version was published', () => {
		const installed = new URL('../../node_modules/@pydantic/genai-prices/package.json', import.meta.url);
		expect(JSON.parse(readFileSync(installed, 'utf8')).version).toBe(catalogueVersion);
		expect(cataloguePrice(openai, 'gpt-5.4', now)).toMatchObject({ from: 'catalogue', asOf: catalogueDate });
	});

	it('knows a provider by its host, and a model by its name and by its dated one', () => {
		expect(costAt(openai, 'gpt-4o', { input: 1_000_000 })).toBe(2.5);
		expect(costAt(openai, 'gpt-4o-2024-08-06', { input: 1_000_000 })).toBe(2.5);
		expect(costAt('https://resource.openai.azure.com/openai/v1', 'gpt-4o', { input: 1_000_000 })).toBe(2.5);
	});

	it.each([
		['a server of this machine', 'http://127.0.0.1:11434/v1', 'gpt-4o'],
		['a server by its local name', 'http://localhost:8000/v1', 'gpt-4o'],
		['a host that only begins as a known one', 'https://api.openai.com.example/v1', 'gpt-4o'],
		['a host behind a known name as a user', 'https://api.openai.com:x@llm.example.com/v1', 'gpt-4o'],
		['a gateway that it does not know', 'https://llm.example.com/v1', 'gpt-4o'],
		['a model that it does not know', openai, 'gpt-99'],
		['a model that is paid for by the hour', openai, 'whisper-1'],
		['a model of which nothing is priced', openai, 'moderation'],
	])('has no price for %s', (_, baseUrl, model) => {
		expect(cataloguePrice(baseUrl, model, now)).toBeUndefined();
	});

	it('has the price 0 for what is free by its name', () => {
		const openrouter = 'https://openrouter.ai/api/v1';
		expect(costAt(openrouter, 'cognitivecomputations/dolphin3.0-mistral-24b:free', { input: 9, output: 9 })).toBe(0);
	});

	it('has the rates of a large prompt for all of its tokens, from the first token above the border', () => {
		expect(costAt(openai, 'gpt-5.4', { input: 271_999, output: 1000 })).toBeCloseTo(0.271_999 * 2.5 + 0.015, 10);
		expect(costAt(openai, 'gpt-5.4', { input: 272_000, output: 1000 })).toBeCloseTo(0.272 * 5 + 0.0225, 10);
	});

	it('has the price of the hour where it depends on that', () => {
		const hours = [0, 2, 5, 8, 12, 20].map((hour) => Date.UTC(2026, 10, 27, hour, 30));
		const costs = hours.map((at) => costAt(deepseek, 'deepseek-v4-pro', { input: 1_000_000 }, at));
		const said = hours.map((at) => {
			const timestamp = new Date(at);
			return calcPrice({ input_tokens: 1_000_000 }, 'deepseek-v4-pro', { providerId: 'deepseek', timestamp })
				?.total_price;
		});
		expect(costs).toEqual(said);
		expect(new Set(costs).size).toBe(2);
	});

	it('has no price that begins or ends within a minute', async () => {
		const models = ((await waitForUpdate()) ?? []).flatMap((provider) => provider.models);
		const times = models.flatMap(({ prices }) =>
			(Array.isArray(prices) ? prices : []).flatMap(({ constraint }) =>
				constraint?.type === 'time_of_date' ? [constraint.start_time, constraint.end_time] : [],
			),
		);
		expect(times.length).toBeGreaterThan(0);
		expect(times.filter((time) => !/^\d\d:\d\d:00Z$/.test(time))).toEqual([]);
	});

	it('has the price that is announced from its day on', () => {
		const before = Date.parse('2026-06-01T00:00:00Z');
		const mistral = cataloguePrice('https://api.mistral.ai/v1', 'mistral-medium-latest', before);
		const costs = [before, now].map((at) => mistral && costOf(mistral, used({ input: 1_000_000 }), at));
		expect(new Set(costs).size).toBe(2);
	});

	it('costs what the package itself works out, for every model of the providers that are known', () => {
		const models = Object.values(loadKnownModels().providers).flatMap(({ baseUrl }) => {
			const provider = baseUrl === '' ? undefined : findProvider({ providerApiUrl: baseUrl });
			return (provider?.models ?? []).map(({ id: model }) => ({ baseUrl, providerId: provider?.id ?? '', model }));
		});
		const tokens = fc.integer({ min: 0, max: 100_000 });
		const counts = fc.record({
			text: tokens,
			cached: tokens,
			cacheWritten: tokens,
			cacheWrittenHour: tokens,
			written: tokens,
			reasoning: tokens,
		});
		let compared = 0;
		fc.assert(
			fc.property(fc.constantFrom(...models), counts, ({ baseUrl, providerId, model }, given) => {
				const { text, cached, written, reasoning } = given;
				const cacheWrittenHour = Math.min(given.cacheWrittenHour, given.cacheWritten);
				const input = text + cached + given.cacheWritten;
				const output = written + reasoning;
				const usage = {
					input_tokens: input,
					output_tokens: output,
					cache_read_tokens: cached,
					cache_write_tokens: given.cacheWritten,
					cache_write_1h_tokens: cacheWrittenHour,
					output_reasoning_tokens: reasoning,
				};
				const price = cataloguePrice(baseUrl, model, now);
				if (price?.tiersAt(now)[0].rates.output === undefined) return;
				const own = costOf(price, used({ ...given, cacheWrittenHour, input, output }), now);
				const said = calcPrice(usage, model, { providerId, timestamp: new Date(now) })?.total_price;
				expect(own).toBeCloseTo(said ?? Number.NaN, 8);
				compared += 1;
			}),
			{ numRuns: 3000 },
		);
		expect(compared).toBeGreaterThan(1500);
	});

	it('tells sound apart where the package does', () => {
		const gemini = 'https://generativelanguage.googleapis.com/v1beta/openai';
		const usage = { input_tokens: 5000, input_audio_tokens: 4000, output_tokens: 100 };
		const said = calcPrice(usage, 'gemini-2.5-flash', { providerId: 'google', timestamp: new Date(now) })?.total_price;
		expect(costAt(gemini, 'gemini-2.5-flash', { input: 5000, audioInput: 4000, output: 100 })).toBeCloseTo(
			said ?? 0,
			12,
		);
		expect(said).toBeGreaterThan(costAt(gemini, 'gemini-2.5-flash', { input: 5000, output: 100 }) ?? 0);
	});
});
