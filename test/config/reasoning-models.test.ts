import { describe, expect, it } from 'vitest';
import { isKnownToReason } from '../../src/config/known-models.ts';
import { targetsOf } from '../../src/config/targets.ts';
import { read } from './read.ts';

/** `firstToken` of each target in the chain, ms. */
function firstTokens(text: string): Record<string, number> {
	const chain = read(text).profiles.default?.chain ?? [];
	return Object.fromEntries(chain.map(({ target, policy }) => [target, policy.timeouts.firstToken]));
}

const providers =
	'providers: { openai: { baseUrl: http://h/v1 }, local: { baseUrl: http://l/v1, models: { own: { reasons: true } } } }\n';
const profiles = 'profiles: { default: { chain: [openai/gpt-5.4, openai/gpt-4o, local/own] } }\n';

describe('a model that reasons', () => {
	it('has a longer firstToken by default, known by its name or by its facts', () => {
		expect(firstTokens(providers + profiles)).toEqual({
			'openai/gpt-5.4': 60_000,
			'openai/gpt-4o': 10_000,
			'local/own': 60_000,
		});
	});

	it('has it as a target by itself', () => {
		const [first] = targetsOf(read(providers + profiles));
		expect(first).toMatchObject({
			target: 'openai/gpt-5.4',
			reasons: true,
			policy: { timeouts: { firstToken: 60_000 } },
		});
	});

	it.each([
		['the policy of the file', `${providers}${profiles}policy: { timeouts: { firstToken: 10s } }\n`],
		[
			'its provider',
			(providers + profiles).replace('http://h/v1', 'http://h/v1, policy: { timeouts: { firstToken: 10s } }'),
		],
		[
			'the profile',
			providers + profiles.replace('local/own]', 'local/own], policy: { timeouts: { firstToken: 10s } }'),
		],
		[
			'the facts: it does not reason',
			(providers + profiles).replace('http://h/v1', 'http://h/v1, models: { gpt-5.4: { reasons: false } }'),
		],
	])('has what is written: in %s', (_, text) => {
		expect(firstTokens(text)['openai/gpt-5.4']).toBe(10_000);
	});
});

describe('the name of a model', () => {
	it.each([
		'gpt-5.4',
		'openai/gpt-5.4',
		'gpt-5.4-2026-03-05',
		'GPT-5.4',
		'accounts/fireworks/models/gpt-oss-120b',
		'gpt-oss:20b',
		'deepseek/deepseek-r1:free',
		'qwen3-235b-a22b-thinking-2507',
	])('%s says that it reasons', (name) => {
		expect(isKnownToReason(name)).toBe(true);
	});

	it.each(['gpt-4o', 'gpt-4.1', 'llama-3.3-70b-versatile', 'claude-haiku-4-5', 'own', 'constructor'])(
		'%s does not',
		(name) => {
			expect(isKnownToReason(name)).toBe(false);
		},
	);
});
