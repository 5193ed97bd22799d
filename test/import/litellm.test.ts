import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { draftText } from '../../src/import/draft-text.ts';
import { importLitellm } from '../../src/import/litellm.ts';
import { noticeText } from '../../src/import/notice.ts';
import { verify } from '../../src/import/verify.ts';
import { chainOf, configOf, known, litellmPerTest, messages } from './litellm-per-test.ts';

const imported = litellmPerTest();
const examples = join(import.meta.dirname, 'examples', 'litellm');

describe('the example of a team', () => {
	const draft = () => importLitellm(join(examples, 'team.yaml'), known);

	test('each name is a profile: its deployments, then its fallbacks', () => {
		const config = configOf(draft());
		expect(Object.keys(config.profiles)).toEqual(['chat', 'claude', 'long', 'embed', 'gpt-4']);
		const chat = ['azure/our-gpt', 'openai/gpt-4o', 'anthropic/claude-sonnet-5-5', 'gemini/gemini-2.5-pro'];
		expect(chainOf(config, 'chat')).toEqual(chat);
		expect(chainOf(config, 'gpt-4')).toEqual(chat);
		expect(config.profiles.embed?.for).toBe('embeddings');
		expect(config.server.unknownModel).toBe('reject');
	});

	test('each provider is spoken to in its protocol, with its key', () => {
		const { providers } = configOf(draft());
		expect(providers.azure).toMatchObject({ protocol: 'azure', apiVersion: '2024-10-21' });
		expect(providers.anthropic).toMatchObject({ protocol: 'anthropic', baseUrl: 'https://api.anthropic.com' });
		expect(providers.openai?.credentials[0]?.apiKey).toBe('sk-PLANTEDKEY-0001');
		expect(providers.gemini).toMatchObject({
			protocol: 'openai',
			models: {
				'gemini-2.5-pro': {
					contextWindow: 1_048_576,
					maxOutputTokens: 65_536,
					price: { input: 1.25, output: 10, cachedInput: 0.125 },
				},
			},
		});
	});

	test('its settings are policy', () => {
		const { profiles, providers } = configOf(draft());
		const [azure, openai, claude] = profiles.chat?.chain ?? [];
		expect(azure?.policy).toMatchObject({
			timeouts: { response: 30_000, firstToken: 30_000 },
			onError: {
				SERVER_ERROR: { retries: 2 },
				TIMEOUT: { retries: 1 },
				AUTH_ERROR: { then: ['next'] },
				'BAD_REQUEST.context_length': { then: ['larger-context', 'next'] },
			},
		});
		expect(openai).toMatchObject({
			request: { defaults: { temperature: 0.2 } },
			policy: { timeouts: { response: 45_000 } },
		});
		expect(claude?.policy.onError.SERVER_ERROR?.retries).toBe(1);
		expect(providers.openai?.policy.breaker).toMatchObject({ failureThreshold: 5, modelCooldown: 300_000 });
		expect(providers.azure?.policy.breaker.cooldown).toBe(45_000);
	});

	test('its key is that of a caller, and no key is in the text', () => {
		const made = draft();
		expect(configOf(made).server.clients).toEqual({ litellm: { key: ['sk-PLANTEDKEY-of-the-proxy'] } });
		expect(draftText(made, String)).not.toMatch(/PLANTEDKEY/);
		expect(made.keys.get('OPENAI_API_KEY')).toBe('sk-PLANTEDKEY-0001');
		expect(made.variables).toEqual(['AZURE_API_BASE']);
	});

	test('what changed is said with its line', () => {
		const said = draft().notices.map((notice) => noticeText({ ...notice, file: 'f' }));
		expect(said).toEqual([
			expect.stringMatching(/^f:9:7: warning: `rpm` has no equivalent/),
			expect.stringMatching(/^f:10:5: warning: LiteLLM spreads requests over the deployments of `chat`; here /),
			expect.stringMatching(/^f:41:3: warning: `allowed_fails` counts the failures of a minute/),
			expect.stringMatching(/^f:38:3: warning: `routing_strategy` has no equivalent/),
			expect.stringMatching(/^f:50:\d+: warning: These stand at the end of the chain of `chat`/),
		]);
	});

	test('it is read back without an error, and keys that are not there yet are not taken for one key', () => {
		const made = draft();
		const { isRefused, remarks } = verify(draftText(made, String), 'f.yaml', made, {});
		expect(isRefused).toBe(false);
		expect(remarks.join()).not.toMatch(/shared-key/);
	});
});

describe('the example of one machine', () => {
	const draft = () => importLitellm(join(examples, 'local.yaml'), known);

	test('servers of its own are providers, and a header may be a key', () => {
		const made = draft();
		const { providers, profiles } = configOf(made);
		expect(providers.ollama).toMatchObject({ baseUrl: 'http://localhost:11434/v1', credentials: [{ id: 'ollama' }] });
		expect(providers.vllm?.headers).toEqual({ 'x-team': 'blue', 'x-auth-token': 'PLANTEDKEY-0002' });
		expect(draftText(made, String)).not.toMatch(/PLANTEDKEY/);
		expect(Object.keys(profiles)).toEqual(['small', 'our-model']);
		expect(chainOf(configOf(made), 'our-model')).toEqual(['vllm/meta-llama/Llama-3.3-70B-Instruct', 'ollama/qwen3:8b']);
	});

	test('what changed is said', () => {
		expect(messages(draft(), 'warning')).toEqual([
			'`num_ctx` has no equivalent and was not imported.',
			expect.stringMatching(/it became `our-model`/),
		]);
	});

	test('what cannot be asked is reported', () => {
		expect(messages(draft(), 'error')).toEqual([
			'This deployment was left out: `bedrock` is no provider that Breakwater can ask.',
			expect.stringMatching(/^This deployment was left out: a wildcard has no equivalent/),
		]);
	});
});

describe('what cannot be imported', () => {
	test.each([
		['', /empty/],
		['a: [', /bracket/],
		['just text', /no `model_list`/],
		['model_list: {}', /no `model_list`/],
		['model_list: []', /no deployment/],
		['model_list: [5]', /not a map with/],
		['model_list: [{ model_name: a }]', /no `litellm_params`/],
		['model_list: [{ litellm_params: { model: x } }]', /no `model_name`/],
		['model_list: [{ model_name: a, litellm_params: { model: 5 } }]', /no `model`/],
		['model_list: [{ model_name: a, litellm_params: { model: openai/m, api_base: "ftp://x" } }]', /not an http/],
		['model_list: [{ model_name: a, litellm_params: { model: openai/m, api_key: "a b" } }]', /`api_key` is not a text/],
	])('%j is reported and gives no profile', (text, reason) => {
		const draft = imported(text);
		expect(draft.profiles).toEqual([]);
		expect(draft.notices.some(({ severity }) => severity === 'error')).toBe(true);
		expect(messages(draft).join()).toMatch(reason);
	});
});
