import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { problemsOf } from './read.ts';

const base = 'baseUrl: http://127.0.0.1:1';
const providers = `providers:
  anthropic: { ${base}, models: { claude-sonnet-4.5: {}, claude-haiku-4.5: {} } }
  openai: { ${base}, models: { gpt-5: {}, gpt-5-mini: {}, gpt-50: {} } }
  router: { ${base}, models: { openai/gpt-5: { sameAs: gpt-5 }, anthropic/claude-haiku-4.5: { sameAs: claude-haiku-4.5 } } }
  cloud: { ${base}, models: { claude-opus-4: {}, claude-sonnet-4.5: {} } }
`;
const chainOf = (rule: string, more = '') => {
	const text = `${providers}profiles:\n  default: { chain: ${rule} }\n  other: { chain: [cloud/llama-4] }\n${more}`;
	const { profiles } = parseConfig(text, { file: 'f.yaml', env: {} });
	return profiles.default?.chain.map(({ target }) => target);
};
const problemsIn = (rule: string, more = '') =>
	problemsOf(`${providers}profiles:\n  default: { chain: ${rule} }\n${more}`);

describe('a chain of families', () => {
	it('has the models of the first provider that has any, then the same elsewhere, then others of the family, then the next', () => {
		expect(chainOf('{ models: [claude, gpt-5], acrossProviders: true }')).toEqual([
			'anthropic/claude-sonnet-4.5',
			'anthropic/claude-haiku-4.5',
			'cloud/claude-sonnet-4.5',
			'router/anthropic/claude-haiku-4.5',
			'cloud/claude-opus-4',
			'openai/gpt-5',
			'openai/gpt-5-mini',
			'router/openai/gpt-5',
		]);
	});

	it('stays at one provider for each family without `acrossProviders`', () => {
		expect(chainOf('{ models: [claude, gpt-5] }')).toEqual([
			'anthropic/claude-sonnet-4.5',
			'anthropic/claude-haiku-4.5',
			'openai/gpt-5',
			'openai/gpt-5-mini',
		]);
	});

	it('asks the provider of the first family first for the others too', () => {
		expect(chainOf('{ models: [claude-opus, claude-sonnet], acrossProviders: true }')).toEqual([
			'cloud/claude-opus-4',
			'cloud/claude-sonnet-4.5',
			'anthropic/claude-sonnet-4.5',
		]);
	});

	it('knows the models that only another chain names, and whole names', () => {
		expect(chainOf('{ models: [llama, GPT-50] }')).toEqual(['cloud/llama-4', 'openai/gpt-50']);
	});

	it.each([
		['qwen', ['qwen3', 'qwen-max', 'Qwen', 'qwen3:7b', 'qwen3.5', 'qwen30']],
		['qwen3', ['qwen3', 'qwen3:7b', 'qwen3.5']],
		['q', []],
	])('%s ends where a word or a number does', (family, models) => {
		const text = `providers: { p: { ${base}, models: { qwen3: {}, qwen-max: {}, qwens: {}, Qwen: {}, "qwen3:7b": {}, qwen3.5: {}, qwen30: {} } } }
profiles: { default: { chain: { models: [${family}] } } }
`;
		const found = () =>
			parseConfig(text, { file: 'f.yaml', env: {} }).profiles.default?.chain.map(({ model }) => model);
		if (models.length === 0) expect(found).toThrow(/names the family `q`/);
		else expect(found()).toEqual(models);
	});

	it('is taken over by a profile that extends it', () => {
		const text = `${providers}profiles:\n  default: { chain: { models: [gpt-5] } }\n  other: { extends: default }\n`;
		expect(parseConfig(text, { file: 'f.yaml', env: {} }).profiles.other).toMatchObject({
			families: ['gpt-5'],
			chain: [{ target: 'openai/gpt-5' }, { target: 'openai/gpt-5-mini' }],
		});
	});

	it.each([
		[
			'{ models: [claud-sonet] }',
			/`profiles\.default\.chain\.models\[0\]` names the family `claud-sonet`, of which no provider has a model in its `models` or in a chain; choose from `claude-sonnet-4\.5`/,
		],
		['{ models: [] }', /`profiles\.default\.chain\.models` is empty; write for example `\[claude-sonnet, gpt-5\]`/],
		['{ acrossProviders: true }', /`profiles\.default\.chain\.models` is missing/],
		[
			'{ models: [claude], acrossProvider: true }',
			/`profiles\.default\.chain\.acrossProvider` is not an option; did you mean `acrossProviders`/,
		],
		['{ models: claude }', /`profiles\.default\.chain\.models` is not a list; write for example/],
		['claude', /`profiles\.default\.chain` is not a list; write for example `\[openai\/gpt-5\.4, local\/qwen\]`/],
		['[]', /`profiles\.default\.chain` is empty; write for example/],
		['[7]', /is not a target; write `provider\/model`/],
	])('%s is told in one sentence', (rule, sentence) => {
		const problems = problemsIn(rule);
		expect(problems).toHaveLength(1);
		expect(problems[0]).toMatch(sentence);
	});
});

describe('aliases', () => {
	it('lead to profiles and targets, over each other too', () => {
		const text = `${providers}profiles: { default: { chain: [openai/gpt-5] } }
aliases: { gpt-4o: default, fast: small, small: openai/gpt-5-mini }
`;
		const { aliases } = parseConfig(text, { file: 'f.yaml', env: {} });
		expect(aliases).toEqual({ 'gpt-4o': 'default', fast: 'openai/gpt-5-mini', small: 'openai/gpt-5-mini' });
	});

	it.each([
		['{ default: openai/gpt-5 }', /`aliases\.default` hides the profile of this name; give the alias another name/],
		['{ openai/gpt-5: default }', /`aliases\.openai\/gpt-5` hides the target of this name/],
		['{ a: b, b: c, c: b }', /`aliases\.b` goes in a circle \(b → c → b\); let it end at a profile or a target/],
		['{ a: a }', /`aliases\.a` goes in a circle \(a → a\)/],
		[
			'{ gpt-4o: defalt }',
			/`aliases\.gpt-4o` names `defalt`, which is neither a profile nor a configured target; did you mean `default`\?/,
		],
		['{ gpt-4o: openai/gpt-6 }', /names `openai\/gpt-6`, which is neither/],
		['[gpt-4o]', /`aliases` is not a map of names/],
		['{ gpt-4o: "" }', /`aliases\.gpt-4o` is empty/],
	])('%s is told in one sentence', (aliases, sentence) => {
		const problems = problemsIn('[openai/gpt-5]', `aliases: ${aliases}\n`);
		expect(problems).toHaveLength(1);
		expect(problems[0]).toMatch(sentence);
	});
});
