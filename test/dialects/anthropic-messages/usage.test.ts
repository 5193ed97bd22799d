import { expect, it } from 'vitest';
import { readUsage } from '../../../src/dialects/anthropic-messages/usage.ts';

it('tells apart what was read from a cache, put into one, and put there for an hour', () => {
	const usage = readUsage({
		input_tokens: 10,
		cache_read_input_tokens: 200,
		cache_creation_input_tokens: 3000,
		cache_creation: { ephemeral_5m_input_tokens: 1000, ephemeral_1h_input_tokens: 2000 },
		output_tokens: 5,
	});
	expect(usage).toMatchObject({ input: 3210, cached: 200, cacheWritten: 3000, cacheWrittenHour: 2000, output: 5 });
});

it('has nothing of what is not reported', () => {
	const usage = readUsage({ input_tokens: 10, output_tokens: 5, cache_creation: null });
	expect(Object.keys(usage ?? {}).sort()).toEqual(['dialect', 'input', 'output', 'raw']);
});
