import { describe, expect, test } from 'vitest';
import { loadKnownModels } from '../../src/config/known-models.ts';
import { knownProviderAt, normalizeBaseUrl } from '../../src/import/base-url.ts';

const known = loadKnownModels();

describe('a base URL becomes what a provider wants', () => {
	test.each([
		['http://api.example.com/v1', 'http://api.example.com/v1'],
		['  https://api.example.com/v1/  ', 'https://api.example.com/v1'],
		['https://api.example.com/v1/chat/completions', 'https://api.example.com/v1'],
		['https://api.example.com/v1/chat/completions/', 'https://api.example.com/v1'],
		['https://api.example.com/v1//chat/completions', 'https://api.example.com/v1'],
		['https://api.example.com/v1/chat', 'https://api.example.com/v1'],
		['https://api.example.com/chat/completions', 'https://api.example.com'],
		['https://open.bigmodel.cn/api/paas/v4', 'https://open.bigmodel.cn/api/paas/v4'],
		[
			'https://generativelanguage.googleapis.com/v1beta/openai/',
			'https://generativelanguage.googleapis.com/v1beta/openai',
		],
		['https://openrouter.ai/api', 'https://openrouter.ai/api/v1'],
		['https://openrouter.ai', 'https://openrouter.ai/api/v1'],
		['https://x.example/v1?api-version=2024-10-21', 'https://x.example/v1?api-version=2024-10-21'],
		['http://[::1]:8000/v1', 'http://[::1]:8000/v1'],
	])('%s', (written, baseUrl) => {
		expect(normalizeBaseUrl(written, known)).toEqual({ baseUrl });
	});

	test('one without a version gets /v1, and that is reported', () => {
		const assumed = { assumed: 'version' };
		expect(normalizeBaseUrl('http://127.0.0.1:8000', known)).toEqual({
			baseUrl: 'http://127.0.0.1:8000/v1',
			...assumed,
		});
		expect(normalizeBaseUrl('https://a.example/llm/', known)).toEqual({
			baseUrl: 'https://a.example/llm/v1',
			...assumed,
		});
	});

	test.each([
		['', 'is not an http'],
		['api.example.com/v1', 'is not an http'],
		['ftp://api.example.com', 'is not an http'],
		['https://', 'is not an http'],
		['https://a b.example', 'is not an http'],
		['https://user:SECRET@a.example/v1', 'has credentials'],
		['https://a.example/v1?api_key=SECRET', 'has a secret'],
		['https://a.example/v1?access_token=SECRET', 'has a secret'],
	])('%s is refused without being repeated', (written, mistake) => {
		const result = normalizeBaseUrl(written, known);
		expect(result).toEqual({ mistake: expect.stringContaining(mistake) });
		expect(JSON.stringify(result)).not.toContain('SECRET');
	});
});

test('a known provider is recognized by its host alone', () => {
	expect(knownProviderAt('https://openrouter.ai/api/v1', known)).toBe('openrouter');
	expect(knownProviderAt('https://openrouter.ai.evil.example/api/v1', known)).toBeUndefined();
});
