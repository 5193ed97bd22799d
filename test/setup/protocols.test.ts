// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the notation of the YAML.
import { describe, expect, test } from 'vitest';
import { readConfigText } from '../../src/config/load.ts';
import { configText } from '../../src/setup/config-text.ts';
import { resolveFirst } from '../../src/setup/first-target.ts';
import { findKeys } from '../../src/setup/keys.ts';
import { planConfiguration } from '../../src/setup/plan.ts';
import type { Surroundings } from '../../src/setup/surroundings.ts';
import { known } from './planned.ts';

function surroundingsOf(variables: Record<string, string>): Surroundings {
	const environment = { variables, inFile: new Set<string>(), fromFile: new Set<string>() };
	const keys = findKeys(known, environment, 4010);
	return { discovery: { keys, localServers: [] }, known, environment } as unknown as Surroundings;
}

/** What `init` writes where these variables are set. */
function written(variables: Record<string, string>, defaultModel?: string) {
	const surroundings = surroundingsOf(variables);
	const first = defaultModel === undefined ? undefined : resolveFirst(defaultModel, surroundings);
	if (first !== undefined && 'problem' in first) throw new Error(first.problem);
	const plan = planConfiguration(surroundings, { first, port: 4010 });
	if (plan === undefined) return undefined;
	const text = configText(plan, { hasSchema: false });
	return { text, plan, config: readConfigText(text, { file: 'gateway.yaml', env: variables }).config };
}

const chainOf = (made: ReturnType<typeof written>, profile: string) =>
	made?.config.profiles[profile]?.chain.map(({ target }) => target);

const azure = { AZURE_OPENAI_API_KEY: 'k', AZURE_OPENAI_ENDPOINT: 'https://name.openai.azure.com' };

describe('Anthropic', () => {
	test('is asked in its own protocol, at the address that this protocol knows', () => {
		const made = written({ ANTHROPIC_API_KEY: 'sk-ant-x' });
		expect(made?.config.providers.anthropic).toMatchObject({
			protocol: 'anthropic',
			baseUrl: 'https://api.anthropic.com',
		});
		expect(made?.text).toMatch(
			/^ {2}anthropic: # Anthropic\n {4}protocol: anthropic\n {4}apiKey: \$\{ANTHROPIC_API_KEY\}/m,
		);
		expect(chainOf(made, 'default')).toContain('anthropic/claude-sonnet-5-5');
		expect(made?.config.profiles).not.toHaveProperty('embeddings');
	});

	test('is asked where its own tools are pointed', () => {
		const made = written({ ANTHROPIC_API_KEY: 'sk-ant-x', ANTHROPIC_BASE_URL: 'https://gateway.example/anthropic' });
		expect(made?.config.providers.anthropic?.baseUrl).toBe('https://gateway.example/anthropic');
	});
});

describe('Azure', () => {
	test('has the deployment that a variable names, and the version', () => {
		const made = written({ ...azure, OPENAI_API_VERSION: '2024-10-21', AZURE_OPENAI_DEPLOYMENT: 'our-chat' });
		expect(made?.config.providers.azure).toMatchObject({
			protocol: 'azure',
			baseUrl: 'https://name.openai.azure.com',
			apiVersion: '2024-10-21',
		});
		for (const profile of ['default', 'cheap', 'code']) expect(chainOf(made, profile)).toEqual(['azure/our-chat']);
	});

	test('without a deployment is left out, and says which variable names one', () => {
		expect(written(azure)).toBeUndefined();
		const { plan } = written({ ...azure, MISTRAL_API_KEY: 'k' }) ?? {};
		expect(plan?.leftOut.join()).toMatch(/azure was left out: .*set AZURE_OPENAI_DEPLOYMENT to one, or name one with/);
	});

	test('has the deployment that --default-model names', () => {
		const made = written({ ...azure, AZURE_OPENAI_API_VERSION: 'preview' }, 'azure/mine');
		expect(made?.config.providers.azure).toMatchObject({ protocol: 'azure', apiVersion: 'preview' });
		expect(chainOf(made, 'default')).toEqual(['azure/mine']);
	});

	test('a deployment for embeddings is asked for nothing else', () => {
		const made = written({ ...azure, AZURE_OPENAI_DEPLOYMENT: 'text-embed' });
		expect(Object.keys(made?.config.profiles ?? {})).toEqual(['embeddings']);
		expect(made?.config.providers.azure?.models['text-embed']?.endpoints).toEqual(['embeddings']);
	});
});

describe('the profile for embeddings', () => {
	test('is one model, at every provider that has it', () => {
		const made = written({ OPENAI_API_KEY: 'sk-x', MISTRAL_API_KEY: 'k', OPENROUTER_API_KEY: 'sk-or-x' });
		const { for: use, chain = [] } = made?.config.profiles.embeddings ?? {};
		expect(use).toBe('embeddings');
		expect(chain.map(({ target, sameAs }) => [target, sameAs])).toEqual([
			['openai/text-embedding-3-small', 'text-embedding-3-small'],
			['openrouter/openai/text-embedding-3-small', 'text-embedding-3-small'],
		]);
	});

	test('is of a local server where no other has a model for them', () => {
		const { discovery } = surroundingsOf({ ANTHROPIC_API_KEY: 'sk-ant-x' });
		const ollama = { name: 'ollama', title: 'Ollama', baseUrl: 'http://127.0.0.1:11434/v1', state: 'answers' as const };
		const localServers = [{ ...ollama, models: [{ name: 'qwen3:8b' }], embeddingModels: ['nomic-embed-text:latest'] }];
		const surroundings = { discovery: { ...discovery, localServers }, known } as unknown as Surroundings;
		const { profiles = [] } = planConfiguration(surroundings, { port: 4010 }) ?? {};
		const byName = new Map(profiles.map(({ name, chain }) => [name as string, chain.join()]));
		expect(byName.get('embeddings')).toBe('ollama/nomic-embed-text:latest');
		expect(byName.get('local-first')).not.toMatch(/embed/);
	});

	test('its models stand in no chain for answers', () => {
		const { config } = written({ OPENAI_API_KEY: 'sk-x', MISTRAL_API_KEY: 'k' }) ?? {};
		const answering = Object.values(config?.profiles ?? {}).filter(({ name }) => name !== 'embeddings');
		expect(answering.flatMap(({ chain }) => chain.map(({ model }) => model)).join()).not.toMatch(/embed/);
	});
});

test('what is known of a model is written beside it', () => {
	const { config } = written({ OPENAI_API_KEY: 'sk-x' }) ?? {};
	expect(config?.providers.openai?.models['gpt-5.4']).toMatchObject({
		contextWindow: 1_050_000,
		maxOutputTokens: 128_000,
		input: ['text', 'image', 'file'],
	});
	expect(written({ OPENAI_API_KEY: 'sk-x' }, 'openai/gpt-5.4-pro')?.config.providers.openai?.models).toMatchObject({
		'gpt-5.4-pro': { endpoints: ['responses'] },
	});
});
