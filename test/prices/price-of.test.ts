import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problems.ts';
import { pricesOf } from '../../src/prices/price-of.ts';
import { priceText } from '../../src/prices/price-text.ts';

const now = Date.parse('2026-11-27T12:00:00Z');

const configured = (price: string) => `providers:
  openai: { baseUrl: https://api.openai.com/v1, models: { gpt-4o: { price: ${price} } } }
profiles: { default: { chain: [openai/gpt-4o] } }
`;

function pricesIn(text: string): Record<string, string> {
	const prices = pricesOf(parseConfig(text, { file: 'f.yaml', env: {} }), now);
	return Object.fromEntries([...prices].map(([target, price]) => [target, priceText(price, now)]));
}

function mistakeIn(text: string): string {
	try {
		parseConfig(text, { file: 'f.yaml', env: {} });
	} catch (error) {
		if (error instanceof ConfigError) return error.message;
	}
	return '';
}

describe('the price of a target', () => {
	it('is what the configuration says, else what the catalogue does, else not known', () => {
		const text = `providers:
  openai: { baseUrl: https://api.openai.com/v1, models: { gpt-4o: { price: { input: 7, output: 8 } } } }
  claude: { protocol: anthropic, apiKey: k }
  ours: { protocol: azure, baseUrl: https://r.openai.azure.com, apiKey: k, models: { mine: { sameAs: gpt-4.1 }, other: {} } }
  ollama: { baseUrl: http://127.0.0.1:11434/v1, models: { priced: { price: { input: 0, output: 0 } } } }
  pretend: { protocol: simulated }
profiles: { default: { chain: [openai/gpt-4o, openai/gpt-5-mini, claude/claude-haiku-4-5, ours/mine, ollama/gpt-4o, pretend/gpt-4o] } }
`;
		expect(pricesIn(text)).toEqual({
			'openai/gpt-4o': '$7 in, $8 out per million tokens (configured)',
			'openai/gpt-5-mini': '$0.25 in, $2 out per million tokens (catalogue of 2026-09-23)',
			'claude/claude-haiku-4-5': '$1 in, $5 out per million tokens (catalogue of 2026-09-23)',
			'ours/mine': '$2 in, $8 out per million tokens (catalogue of 2026-09-23)',
			'ollama/priced': '$0 in, $0 out per million tokens (configured)',
		});
	});

	it('may name every kind of token', () => {
		const kinds = 'cachedInput: 3, cacheWrite: 4, reasoning: 5, audioInput: 6, audioOutput: 7, perRequest: 0.01';
		const config = parseConfig(configured(`{ input: 1, output: 2, ${kinds} }`), { file: 'f.yaml', env: {} });
		const [tier] = pricesOf(config, now).get('openai/gpt-4o')?.tiersAt(now) ?? [];
		expect(tier?.rates).toEqual({
			input: 1,
			output: 2,
			cachedInput: 3,
			cacheWrite: 4,
			reasoning: 5,
			audioInput: 6,
			audioOutput: 7,
			perRequest: 0.01,
		});
	});

	it.each([
		[
			'a negative rate',
			'{ input: 1, output: -2 }',
			/f\.yaml:2:\d+.*price\.output` is not a number from 0 to 1000000; write one$/,
		],
		['a rate in words', '{ input: cheap, output: 2 }', /price\.input` is not a number from 0 to 1000000; write one$/],
		[
			'a kind that there is not',
			'{ input: 1, output: 2, cachedinput: 3 }',
			/price\.cachedinput` is not an option; .*`cachedInput`/,
		],
		['one rate only', '{ output: 2 }', /price\.input` is missing/],
	])('is told in one sentence to have %s', (_, price, sentence) => {
		const lines = mistakeIn(configured(price)).trim().split('\n');
		expect(lines.filter((line) => line.includes('price'))).toHaveLength(1);
		expect(lines.join('\n')).toMatch(sentence);
	});
});
