// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the notation of the YAML.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Config } from '../../src/config/config.ts';
import { loadKnownModels } from '../../src/config/known-models.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { ImportDraft } from '../../src/import/draft.ts';
import { draftText } from '../../src/import/draft-text.ts';
import { importLitellm } from '../../src/import/litellm.ts';
import { noticeText } from '../../src/import/notice.ts';
import { verify } from '../../src/import/verify.ts';

const known = loadKnownModels();
const examples = join(import.meta.dirname, 'examples', 'litellm');
let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'breakwater-'));
});

afterEach(() => {
	rmSync(folder, { recursive: true });
});

function imported(content: unknown): ImportDraft {
	const file = join(folder, 'config.yaml');
	writeFileSync(file, typeof content === 'string' ? content : stringify(content));
	return importLitellm(file, known);
}

function configOf(draft: ImportDraft): Config {
	const keys = [...draft.keys].map(([name, key]) => [name, key || `value-of-${name}-0123456789`]);
	const addresses = (draft.variables ?? []).map((name) => [name, 'https://from-elsewhere.example/v1']);
	const env = Object.fromEntries([...keys, ...addresses]);
	return parseConfig(draftText(draft, String), { file: 'imported.yaml', env });
}

const chainOf = (config: Config, profile: string) => config.profiles[profile]?.chain.map(({ target }) => target);
const messages = ({ notices }: ImportDraft, severity?: string) =>
	notices.flatMap((notice) => (severity === undefined || notice.severity === severity ? [notice.message] : []));

/** One deployment `a` of `openai/m`, with these parameters. */
const one = (params: object = {}, more: object = {}) => ({
	model_list: [{ model_name: 'a', litellm_params: { model: 'openai/m', ...params } }],
	...more,
});
/** A deployment for each model, under its own name. */
const several = (names: readonly string[], more: object = {}) => ({
	model_list: names.map((name) => ({ model_name: name, litellm_params: { model: `groq/${name}` } })),
	...more,
});

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

describe('embeddings', () => {
	const embed = (model: string, params: object = {}) => ({ model_name: 'e', litellm_params: { model, ...params } });
	const azure = { api_base: 'https://x.openai.azure.com', api_version: '2024-10-21' };

	test('the name of a model says so, too', () => {
		const { e } = configOf(imported({ model_list: [embed('mistral/mistral-embed')] })).profiles;
		expect(e?.for).toBe('embeddings');
	});

	test('`drop_params` is nothing to them: no member of theirs is left out', () => {
		const draft = imported({ model_list: [embed('mistral/mistral-embed')], litellm_settings: { drop_params: true } });
		expect(configOf(draft).profiles.e?.whenNotCarried).toBe('pass-over');
	});

	test('deployments of one model stand in for each other under any name', () => {
		const list = [
			embed('text-embedding-3-small'),
			embed('azure/ours', azure),
			embed('openrouter/openai/text-embedding-3-small'),
		];
		const draft = imported({ model_list: list.map((entry) => ({ ...entry, model_info: { mode: 'embedding' } })) });
		expect(configOf(draft).profiles.e?.chain.map(({ sameAs }) => sameAs)).toEqual(
			Array(3).fill('text-embedding-3-small'),
		);
		expect(messages(draft, 'warning')).toContain(
			'`ours` is taken for the same model as `text-embedding-3-small`, since LiteLLM has them under one name; take it out of the chain if it is another.',
		);
		expect(verify(draftText(draft, String), 'f.yaml', draft, {}).isRefused).toBe(false);
	});

	test('another model does not stand in, neither beside it nor as a fallback', () => {
		const list = [embed('text-embedding-3-small'), embed('text-embedding-3-large'), ...several(['chat']).model_list];
		const draft = imported({ model_list: list, router_settings: { fallbacks: [{ e: ['chat'] }] } });
		expect(chainOf(configOf(draft), 'e')).toEqual(['openai/text-embedding-3-small']);
		expect(messages(draft, 'error')).toEqual([
			expect.stringMatching(/another model than the first of its name/),
			expect.stringMatching(/^`e` has no fallback to `chat`/),
		]);
	});
});

describe('fallbacks', () => {
	const router = (router_settings: object) => imported(several(['a', 'b', 'c', 'd'], { router_settings }));
	const groq = (...names: string[]) => names.map((name) => `groq/${name}`);

	test('of fallbacks come right after them, and nothing comes twice', () => {
		const config = configOf(router({ fallbacks: [{ a: ['b', 'c'] }, { b: ['d', 'a'] }] }));
		expect(chainOf(config, 'a')).toEqual(groq('a', 'b', 'd', 'c'));
		expect(chainOf(config, 'b')).toEqual(groq('b', 'd', 'a', 'c'));
		expect(chainOf(config, 'c')).toEqual(groq('c'));
	});

	test('of all are for those without any of their own', () => {
		const config = configOf(router({ fallbacks: [{ a: ['b'] }], default_fallbacks: ['d'] }));
		expect(chainOf(config, 'a')).toEqual(groq('a', 'b', 'd'));
		expect(chainOf(config, 'c')).toEqual(groq('c', 'd'));
		expect(chainOf(configOf(router({ fallbacks: [{ '*': ['b'] }] })), 'c')).toEqual(groq('c', 'b'));
	});

	test('for content lead there after a refused content', () => {
		const config = configOf(router({ content_policy_fallbacks: [{ a: 'b' }] }));
		expect(chainOf(config, 'a')).toEqual(groq('a', 'b'));
		expect(config.profiles.a?.policy.onError['BAD_REQUEST.content_policy']?.then).toEqual(['next']);
		expect(config.profiles.b?.policy.onError['BAD_REQUEST.content_policy']?.then).toEqual(['fail']);
	});

	test('those of the router count before those of the library', () => {
		const sections = {
			router_settings: { fallbacks: [{ a: ['b'] }] },
			litellm_settings: { fallbacks: [{ a: ['c'] }] },
		};
		expect(chainOf(configOf(imported(several(['a', 'b', 'c'], sections))), 'a')).toEqual(groq('a', 'b'));
	});

	test.each([
		[{ fallbacks: [{ a: ['nobody'] }] }, /no deployment of the name `nobody` was/],
		[{ fallbacks: [{ nobody: ['a'] }] }, /^The fallbacks of `nobody` were not imported/],
		[{ fallbacks: [{ a: [{ model: 'b' }] }] }, /it is no name of a group/],
		[{ fallbacks: ['a'] }, /not a map such as/],
		[{ fallbacks: { a: ['b'] } }, /not a list such as/],
		[{ model_group_alias: { x: 'nobody' } }, /^This alias was not imported: no deployment/],
		[{ model_group_alias: { b: 'a' } }, /^This alias was not imported: its name is taken/],
	])('%j is reported', (settings, message) => {
		expect(messages(router(settings), 'error')).toEqual([expect.stringMatching(message)]);
	});

	test('an alias may be hidden, and may need another name', () => {
		const draft = router({ model_group_alias: { 'x/y': { model: 'a', hidden: true } } });
		expect(chainOf(configOf(draft), 'x-y')).toEqual(groq('a'));
		expect(messages(draft).join()).toMatch(/it became `x-y`/);
	});
});

describe('settings', () => {
	test('a retry policy of one group is that of its profile', () => {
		const router_settings = { model_group_retry_policy: { a: { RateLimitErrorRetries: 3 } } };
		const { profiles } = configOf(imported(several(['a', 'b'], { router_settings })));
		expect(profiles.a?.chain[0]?.policy.onError.RATE_LIMIT?.retries).toBe(3);
		expect(profiles.b?.chain[0]?.policy.onError.RATE_LIMIT?.retries).toBe(1);
	});

	test.each([
		['sk-1234', /Callers need a key of at least 16/],
		['os.environ/MASTER', undefined],
	])('the master key %s', (master_key, warning) => {
		const draft = imported(one({}, { general_settings: { master_key } }));
		const variable = warning === undefined ? 'MASTER' : 'LITELLM_MASTER_KEY';
		expect(draft.server?.clients).toEqual({ litellm: variable });
		expect(draft.keys.get(variable)).toBe('');
		expect(messages(draft)).toEqual(warning === undefined ? [] : [expect.stringMatching(warning)]);
	});

	test.each([
		{ num_retries: 99 },
		{ timeout: 0 },
		{ cooldown_time: 'SECRET' },
		{ allowed_fails: -1 },
		{ redis_host: 'x' },
	])('%j is reported and changes nothing', (router_settings) => {
		const draft = imported(one({}, { router_settings }));
		expect(draft.notices).toMatchObject([{ severity: 'warning', message: expect.stringMatching(/was not imported/) }]);
		expect(messages(draft).join()).not.toContain('SECRET');
		expect(configOf(draft).providers).toEqual(configOf(imported(one())).providers);
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

test('a request may take as long as the targets of its chain together', () => {
	const router_settings = { timeout: 200, fallbacks: [{ a: ['b'] }] };
	const { profiles, providers } = configOf(imported(several(['a', 'b'], { router_settings })));
	expect(profiles.a?.policy.timeouts.request).toBe(400_000);
	expect(profiles.b?.policy.timeouts.request).toBe(300_000);
	expect(providers.groq?.policy.breaker.cooldown).toBe(200_000);
});

test('a stream may have another time to its first content', () => {
	const draft = imported(one({ timeout: 40, stream_timeout: 5 }, { litellm_settings: { request_timeout: 90 } }));
	const [first] = configOf(draft).profiles.a?.chain ?? [];
	expect(first?.policy.timeouts).toMatchObject({ response: 40_000, firstToken: 5_000 });
});
