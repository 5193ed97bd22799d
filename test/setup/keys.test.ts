import { describe, expect, test } from 'vitest';
import type { FoundEnvironment } from '../../src/config/dotenv.ts';
import { loadKnownModels } from '../../src/config/known-models.ts';
import { findKeys } from '../../src/setup/keys.ts';

const known = loadKnownModels();

function found(variables: Record<string, string>, inFile: string[] = []) {
	const environment: FoundEnvironment = { variables, inFile: new Set(inFile), fromFile: new Set(inFile) };
	return findKeys(known, environment, 4010);
}

describe('findKeys', () => {
	test('tells whose key it is, where it is and where its API is, and never the key', () => {
		const keys = found({ OPENAI_API_KEY: 'sk-planted', GOOGLE_API_KEY: 'AIzaPlanted', HOME: '/x' }, ['GOOGLE_API_KEY']);
		expect(keys).toEqual([
			{
				provider: 'openai',
				title: 'OpenAI',
				variable: 'OPENAI_API_KEY',
				source: 'environment',
				shape: 'fits',
				protocol: 'openai',
				baseUrl: 'https://api.openai.com/v1',
			},
			expect.objectContaining({ provider: 'gemini', variable: 'GOOGLE_API_KEY', source: '.env', shape: 'fits' }),
		]);
		expect(JSON.stringify(keys)).not.toMatch(/planted/i);
	});

	test('prefers the usual variable of a provider', () => {
		expect(found({ GOOGLE_API_KEY: 'AIza1', GEMINI_API_KEY: 'AIza2' })).toMatchObject([{ variable: 'GEMINI_API_KEY' }]);
	});

	test.each([
		['OPENROUTER_API_KEY', 'sk-planted', /does not look like a key of OpenRouter, which begins with sk-or-/],
		['OPENAI_API_KEY', 'sk-or-planted', /looks like a key of OpenRouter, not of OpenAI/],
		['OPENAI_API_KEY', 'gsk_planted', /looks like a key of Groq/],
		['MISTRAL_API_KEY', 'sk-ant-planted', /looks like a key of Anthropic/],
		['ANTHROPIC_API_KEY', 'planted', /begins with sk-ant-/],
		['GROQ_API_KEY', 'gsk_planted and more', /spaces, line breaks/],
		['GROQ_API_KEY', 'gsk_planted\n', /spaces, line breaks/],
		['GROQ_API_KEY', 'gsk_plantéd', /other characters/],
		['OPENAI_API_KEY', 'sk-your-planted-key', /placeholder/],
		['OPENAI_API_KEY', 'sk-', /placeholder/],
		['MISTRAL_API_KEY', '<planted>', /placeholder/],
	])('finds %s=%j wrong, in one sentence without the key', (variable, key, problem) => {
		const [only] = found({ [variable]: key });
		expect(only).toMatchObject({ shape: 'wrong', problem: expect.stringMatching(problem) });
		expect(only?.problem).not.toContain('planted');
		expect(only?.problem).toMatch(new RegExp(`^${variable} [^.]*\\.$`));
	});

	test.each([
		['OPENAI_API_KEY', 'sk-proj-x', 'fits'],
		['DEEPSEEK_API_KEY', 'sk-x', 'fits'],
		['MISTRAL_API_KEY', 'sk-x', 'unknown'],
		['TOGETHER_API_KEY', 'abc', 'unknown'],
	])('finds nothing wrong with %s=%s', (variable, key, shape) => {
		const [only] = found({ [variable]: key });
		expect(only).toMatchObject({ shape });
		expect(only).not.toHaveProperty('problem');
	});

	test.each([
		['https://name.openai.azure.com', 'https://name.openai.azure.com'],
		['https://name.openai.azure.com/', 'https://name.openai.azure.com'],
		['https://name.openai.azure.com/openai/v1/', 'https://name.openai.azure.com/openai/v1'],
	])('takes the endpoint %s of Azure', (endpoint, baseUrl) => {
		expect(found({ AZURE_OPENAI_API_KEY: 'k', AZURE_OPENAI_ENDPOINT: endpoint })).toMatchObject([{ baseUrl }]);
	});

	test('takes the version and the deployments of Azure from their usual variables', () => {
		const azure = { AZURE_OPENAI_API_KEY: 'k', AZURE_OPENAI_ENDPOINT: 'https://name.openai.azure.com' };
		expect(found(azure)[0]).not.toHaveProperty('apiVersion');
		expect(found({ ...azure, OPENAI_API_VERSION: '2024-10-21', AZURE_OPENAI_DEPLOYMENT_NAME: 'chat' })).toMatchObject([
			{ protocol: 'azure', apiVersion: '2024-10-21', deployments: ['chat'] },
		]);
		const both = { AZURE_OPENAI_API_VERSION: 'preview', OPENAI_API_VERSION: '2024-10-21' };
		expect(found({ ...azure, ...both })).toMatchObject([{ apiVersion: 'preview' }]);
	});

	test.each([
		[{}, 'https://api.anthropic.com'],
		[{ ANTHROPIC_BASE_URL: 'https://gateway.example/anthropic/' }, 'https://gateway.example/anthropic'],
		[{ ANTHROPIC_BASE_URL: 'http://127.0.0.1:4010' }, 'https://api.anthropic.com'],
	])('speaks to Anthropic in its own protocol, where its own tools do: %j', (more, baseUrl) => {
		const [only] = found({ ANTHROPIC_API_KEY: 'sk-ant-x', ...more });
		expect(only).toMatchObject({ protocol: 'anthropic', baseUrl });
	});

	test('does not follow an address that is none', () => {
		const [local] = found({ ANTHROPIC_API_KEY: 'sk-ant-x', ANTHROPIC_BASE_URL: 'http://localhost:4917' });
		expect(local).not.toHaveProperty('baseUrl');
		expect(local?.problem).toMatch(/^ANTHROPIC_BASE_URL points to this machine, .*unset ANTHROPIC_BASE_URL/);
		const [only] = found({ ANTHROPIC_API_KEY: 'sk-ant-x', ANTHROPIC_BASE_URL: 'ftp://x' });
		expect(only?.problem).toMatch(/^ANTHROPIC_BASE_URL is not an http or https address/);
		expect(only).not.toHaveProperty('baseUrl');
	});

	test.each([
		[{}, /set AZURE_OPENAI_ENDPOINT\.$/],
		[{ AZURE_OPENAI_ENDPOINT: 'name' }, /is not an https address/],
		[{ AZURE_OPENAI_ENDPOINT: 'https://user:pass@name' }, /is not an https address/],
	])('says what Azure lacks with %j', (more, problem) => {
		expect(found({ AZURE_OPENAI_API_KEY: 'k', ...more })).toMatchObject([{ problem: expect.stringMatching(problem) }]);
	});

	test.each(['http://127.0.0.1:4010/v1', 'http://localhost:4010/v1/', 'https://api.openai.com/v1/'])(
		'takes a tool that is pointed at %s for no other provider',
		(OPENAI_BASE_URL) => {
			expect(found({ OPENAI_API_KEY: 'sk-x', OPENAI_BASE_URL })).toMatchObject([
				{ baseUrl: 'https://api.openai.com/v1' },
			]);
		},
	);

	test('does not send a key to a provider that it may not belong to', () => {
		const [only] = found({ OPENAI_API_KEY: 'sk-x', OPENAI_BASE_URL: 'https://else.example/v1' });
		expect(only?.problem).toMatch(/OPENAI_BASE_URL points elsewhere/);
		expect(only).not.toHaveProperty('baseUrl');
	});
});
