// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the notation of the YAML.
import { describe, expect, test } from 'vitest';
import { draftText } from '../../src/import/draft-text.ts';
import { chainOf, configOf, litellmPerTest, messages, one } from './litellm-per-test.ts';

const imported = litellmPerTest();

describe('a deployment', () => {
	test.each([
		['gpt-4o', 'openai', 'gpt-4o', 'openai'],
		['claude-sonnet-5-5', 'anthropic', 'claude-sonnet-5-5', 'anthropic'],
		['together_ai/openai/gpt-oss-120b', 'together', 'openai/gpt-oss-120b', 'openai'],
		['openrouter/anthropic/claude-haiku-4-5', 'openrouter', 'anthropic/claude-haiku-4-5', 'openai'],
		['fireworks_ai/accounts/fireworks/models/x', 'fireworks', 'accounts/fireworks/models/x', 'openai'],
		['azure/o_series/mine', 'azure', 'mine', 'azure'],
		['openai/responses/gpt-5.4-pro', 'openai', 'gpt-5.4-pro', 'openai'],
	])('%s is %s/%s', (model, provider, name, protocol) => {
		const config = configOf(imported(one({ model })));
		expect(chainOf(config, 'a')).toEqual([`${provider}/${name}`]);
		expect(config.providers[provider]?.protocol).toBe(protocol);
	});

	test.each([
		['openai', 'OPENAI_API_KEY'],
		['anthropic', 'ANTHROPIC_API_KEY'],
		['gemini', 'GEMINI_API_KEY'],
		['deepseek', 'DEEPSEEK_API_KEY'],
		['mistral', 'MISTRAL_API_KEY'],
		['xai', 'XAI_API_KEY'],
		['moonshot', 'MOONSHOT_API_KEY'],
		['groq', 'GROQ_API_KEY'],
		['cerebras', 'CEREBRAS_API_KEY'],
		['together_ai', 'TOGETHERAI_API_KEY'],
		['fireworks_ai', 'FIREWORKS_API_KEY'],
		['openrouter', 'OPENROUTER_API_KEY'],
		['perplexity', 'PERPLEXITYAI_API_KEY'],
		['azure', 'AZURE_API_KEY'],
		['deepinfra', 'DEEPINFRA_API_KEY'],
	])('of %s without a key has it from the variable that LiteLLM takes it from', (word, variable) => {
		const version = word === 'azure' ? { api_version: '2024-10-21' } : {};
		const [provider] = imported(one({ model: `${word}/m`, ...version })).providers;
		expect(provider?.keyVariable).toBe(variable);
	});

	test('that LiteLLM asks in responses is asked there alone', () => {
		const { openai } = configOf(imported(one({ model: 'openai/responses/gpt-5.4-pro' }))).providers;
		expect(openai?.models['gpt-5.4-pro']?.endpoints).toEqual(['responses']);
	});

	test.each(['bedrock/x', 'vertex_ai/gemini-2.5-pro', 'gemini-2.5-pro', 'command-r', 'sagemaker/x', 'constructor/x'])(
		'%s cannot be asked',
		(model) => {
			const draft = imported(one({ model }));
			expect(draft.profiles).toEqual([]);
			expect(messages(draft, 'error').join()).toMatch(/is no provider that Breakwater can ask/);
		},
	);

	test('a name of its own at an address of its own is asked as OpenAI is, and called by its host', () => {
		const { providers } = configOf(imported(one({ model: 'mine', api_base: 'https://llm.acme.example/v1' })));
		expect(Object.keys(providers)).toEqual(['acme']);
	});

	test('takes its address, its version and its key from variables', () => {
		const params = {
			model: 'azure/x',
			api_base: 'os.environ/BASE',
			api_version: 'os.environ/VERSION',
			api_key: 'os.environ/KEY',
		};
		const draft = imported(one(params));
		expect(draft.providers).toEqual([
			{ name: 'azure', protocol: 'azure', baseUrl: '${BASE}', apiVersion: '${VERSION}', keyVariable: 'KEY' },
		]);
		expect(draft.variables).toEqual(['BASE', 'VERSION']);
	});

	test('of Azure may be written with the whole address of its deployment', () => {
		const api_base = 'https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-06-01';
		const { azure } = configOf(imported(one({ model: 'azure/d', api_base }))).providers;
		expect(azure).toMatchObject({ baseUrl: 'https://x.openai.azure.com', apiVersion: '2024-06-01' });
	});

	test('with another key is another provider, called by its name', () => {
		const list = ['1', '2'].map((key) => ({
			model_name: `m${key}`,
			litellm_params: { model: 'openai/m', api_key: `sk-PLANTEDKEY-${key}` },
		}));
		const draft = imported({ model_list: list });
		expect(draft.providers.map(({ name, keyVariable }) => [name, keyVariable])).toEqual([
			['openai', 'OPENAI_API_KEY'],
			['openai-m2', 'OPENAI_M2_API_KEY'],
		]);
	});

	test('sets what a client leaves out', () => {
		const params = { temperature: 0.1, stop: ['x'], extra_body: { top_k: 5 }, max_tokens: -1 };
		const draft = imported(one(params));
		expect(configOf(draft).profiles.a?.chain[0]?.request.defaults).toEqual({ temperature: 0.1, stop: ['x'], top_k: 5 });
		expect(messages(draft)).toEqual(['`max_tokens` cannot be set in a request and was not imported.']);
	});

	test.each([
		['of the file', {}, { litellm_settings: { drop_params: true } }],
		['of a deployment', { drop_params: true }, {}],
		['of a deployment, over that of the file', { drop_params: true }, { litellm_settings: { drop_params: false } }],
	])('`drop_params` %s asks targets without what they cannot be told', (_of, params, more) => {
		const draft = imported(one(params, more));
		expect(configOf(draft).profiles.a?.whenNotCarried).toBe('send-without');
		expect(messages(draft)).toEqual([]);
	});

	test.each([
		[{}, {}],
		[{ drop_params: false }, { litellm_settings: { drop_params: true } }],
	])('without `drop_params` targets are passed over: %j, %j', (params, more) => {
		const draft = imported(one(params, more));
		expect(configOf(draft).profiles.a?.whenNotCarried).toBe('pass-over');
		expect(messages(draft)).toEqual([]);
	});

	test('`drop_params` of one deployment holds for its profile, which is said', () => {
		const list = [{ drop_params: true }, { model: 'groq/y' }].flatMap((params) => one(params).model_list);
		const draft = imported({ model_list: list });
		expect(configOf(draft).profiles.a?.whenNotCarried).toBe('send-without');
		expect(messages(draft)).toContainEqual(expect.stringMatching(/^`drop_params` of this deployment became .*`a`\.$/));
	});

	test('`drop_params` that is no flag is reported', () => {
		expect(messages(imported(one({ drop_params: 'sometimes' })))).toEqual([
			'`drop_params` is not `true` or `false` and was not imported.',
		]);
	});

	test('has a credential of the list', () => {
		const credential_list = [{ credential_name: 'c', credential_values: { api_key: 'os.environ/SHARED' } }];
		const draft = imported(one({ litellm_credential_name: 'c' }, { credential_list }));
		expect(draft.providers[0]?.keyVariable).toBe('SHARED');
	});

	test('a variable that the file sets itself has its value', () => {
		const environment_variables = { KEY: 'sk-PLANTEDKEY-3' };
		const draft = imported(one({ api_key: 'os.environ/KEY' }, { environment_variables }));
		expect(draft.keys.get('KEY')).toBe('sk-PLANTEDKEY-3');
		expect(draftText(draft, String)).not.toMatch(/PLANTEDKEY/);
	});

	test('the smallest order is asked first', () => {
		const list = [
			['x', 2],
			['y', 1],
		].map(([model, order]) => ({ model_name: 'a', litellm_params: { model: `groq/${model}`, order } }));
		expect(chainOf(configOf(imported({ model_list: list })), 'a')).toEqual(['groq/y', 'groq/x']);
	});

	test.each([
		[{ mode: 'image_generation' }, /no endpoint for its `mode`/],
		[{ mode: 'rerank' }, /no endpoint for its `mode`/],
	])('for something else is left out: %j', (model_info, reason) => {
		const [first] = one().model_list;
		expect(messages(imported({ model_list: [{ ...first, model_info }] })).join()).toMatch(reason);
	});
});
