import { describe, expect, test } from 'vitest';
import { draftText } from '../../src/import/draft-text.ts';
import { verify } from '../../src/import/verify.ts';
import { chainOf, configOf, litellmPerTest, messages, several } from './litellm-per-test.ts';

const imported = litellmPerTest();

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
