import { describe, expect, it } from 'vitest';
import { factsByName } from '../../src/config/known-models.ts';
import { read } from './read.ts';

describe('what is known of a model by its name', () => {
	it.each([
		['gpt-4o', { maxOutputTokens: 16_384, input: ['text', 'image', 'file'] }],
		['openai/gpt-4o-2024-11-20', { maxOutputTokens: 16_384, input: ['text', 'image', 'file'] }],
		['anthropic/claude-haiku-4-5', { maxOutputTokens: 64_000, input: ['text', 'image', 'file'] }],
		// A gateway may read files for it.
		['gpt-oss-120b', { input: ['text', 'file'] }],
		['own', {}],
		['constructor', {}],
	])('of %s', (model, facts) => {
		expect(factsByName(model)).toEqual(facts);
	});

	it('is the default of a target, and what is configured wins', () => {
		const models = '{ gpt-4o-mini: { maxOutputTokens: 99, input: [text] } }';
		const { profiles } = read(
			`providers: { p: { baseUrl: http://h/v1, models: ${models} } }\nprofiles: { default: { chain: [p/gpt-4o, p/gpt-4o-mini, p/own] } }\n`,
		);
		const [known, configured, unknown] = profiles.default?.chain ?? [];
		expect(known).toMatchObject({ maxOutputTokens: 16_384, input: ['text', 'image', 'file'] });
		expect(configured).toMatchObject({ maxOutputTokens: 99, input: ['text'] });
		expect(unknown).not.toHaveProperty('maxOutputTokens');
		expect(unknown).not.toHaveProperty('input');
	});
});
