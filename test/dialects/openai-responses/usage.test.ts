import { expect, it } from 'vitest';
import { readUsage } from '../../../src/dialects/openai-responses/usage.ts';

it('tells apart caches, thoughts and sound', () => {
	const usage = readUsage({
		input_tokens: 100,
		input_tokens_details: { cached_tokens: 40, cache_write_tokens: 20, audio_tokens: 30 },
		output_tokens: 50,
		output_tokens_details: { reasoning_tokens: 10, audio_tokens: 25 },
	});
	expect(usage).toMatchObject({ input: 100, cached: 40, cacheWritten: 20, audioInput: 30 });
	expect(usage).toMatchObject({ output: 50, reasoning: 10, audioOutput: 25 });
});
