import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { ImportDraft } from '../../src/import/draft.ts';
import { draftText } from '../../src/import/draft-text.ts';
import { importOpenRouter } from '../../src/import/openrouter.ts';
import { folderPerTest } from '../helpers/folder-per-test.ts';

const folder = folderPerTest();

function imported(content: unknown): ImportDraft {
	const text = typeof content === 'string' ? content : stringify(content);
	return importOpenRouter(folder.write('fallback.yaml', text));
}

function configOf(draft: ImportDraft): Config {
	return parseConfig(draftText(draft, String), { file: 'imported.yaml', env: { OPENROUTER_API_KEY: 'sk-or-x' } });
}

const chainOf = (config: Config, profile: string) => config.profiles[profile]?.chain.map(({ target }) => target);
const messages = ({ notices }: ImportDraft) => notices.map(({ message }) => message).join('\n');
const chain = { default_chain: ['a/x', 'b/y'] };

describe('the example', () => {
	const draft = () => importOpenRouter(join(import.meta.dirname, 'examples', 'openrouter-fallback.yaml'));

	test('its chains are profiles of one provider, and its tasks lead to them', () => {
		const config = configOf(draft());
		expect(Object.keys(config.providers)).toEqual(['openrouter']);
		expect(config.providers.openrouter).toMatchObject({
			baseUrl: 'https://openrouter.ai/api/v1',
			credentials: [{ apiKey: 'sk-or-x' }],
		});
		expect(config.defaultProfile).toBe('default');
		expect(chainOf(config, 'default')).toEqual([
			'openrouter/anthropic/claude-3.5-sonnet',
			'openrouter/openai/gpt-4-turbo',
			'openrouter/meta-llama/llama-3.1-70b-instruct',
		]);
		expect(chainOf(config, 'fast')).toEqual(['openrouter/anthropic/claude-3-haiku', 'openrouter/openai/gpt-3.5-turbo']);
		expect(draft().taskTypes).toEqual({ coding: 'coding', fast: 'fast' });
	});

	test('its settings are policy', () => {
		const { policy } = configOf(draft()).providers.openrouter ?? {};
		expect(policy?.onError.SERVER_ERROR).toEqual({ retries: 1, then: ['next'] });
		expect(policy?.onError.AUTH_ERROR?.retries).toBe(0);
		expect(policy?.breaker).toMatchObject({
			cooldown: 300_000,
			maxCooldown: 300_000,
			modelCooldown: 300_000,
			window: 600_000,
			failureRate: 0.7,
		});
		expect(policy?.whenAllDenied).toBe('try-soonest');
	});

	test('what became of its settings is reported at their lines', () => {
		expect(draft().notices.map(({ severity, line }) => [severity, line])).toEqual([
			['warning', 17],
			['warning', 18],
			['warning', 19],
			['warning', 20],
		]);
	});
});

describe('shapes', () => {
	test('without the outer `fallback`, as JSON with comments, and with quoted numbers', () => {
		const draft = imported('// x\n{"default_chain": ["a/x"], "settings": {"max_retries": "3", "timeout": 30},}');
		const config = configOf(draft);
		expect(chainOf(config, 'default')).toEqual(['openrouter/a/x']);
		expect(config.profiles.default?.chain[0]?.policy).toMatchObject({
			timeouts: { firstToken: 30_000, response: 30_000 },
			onError: { NETWORK_ERROR: { retries: 2 } },
		});
	});

	test('models as maps, by priority, with settings of their own', () => {
		const draft = imported({
			default_chain: [
				{ id: 'b/late', priority: 2 },
				{ model: 'a/early', priority: 1, timeout: 400, max_retries: 1, disable_duration: 9 },
			],
		});
		const [first, second] = configOf(draft).profiles.default?.chain ?? [];
		expect(first).toMatchObject({ model: 'a/early', policy: { timeouts: { response: 400_000 } } });
		expect(first?.policy.onError.SERVER_ERROR?.retries).toBe(0);
		expect(second).toMatchObject({ model: 'b/late', policy: { timeouts: { response: 120_000 } } });
		expect(messages(draft)).toContain('`disable_duration` has no equivalent and was not imported.');
	});

	test('a task called default is the default where no chain is', () => {
		const draft = imported({ task_chains: { default: ['a/x'], Code: ['b/y'] } });
		const config = configOf(draft);
		expect([config.defaultProfile, Object.keys(config.profiles)]).toEqual(['default', ['default', 'Code']]);
		expect(draft.taskTypes).toEqual({ default: 'default', code: 'Code' });
	});

	test('a task whose name is taken or cannot be one gets another, and keeps its hint', () => {
		const draft = imported({ ...chain, task_chains: { default: ['c/z'], 'deep thought': ['b/y'], 编程: ['b/y'] } });
		const profiles = ['default', 'task-default', 'task-deep-thought', 'task-chain'];
		expect(Object.keys(configOf(draft).profiles)).toEqual(profiles);
		expect(draft.taskTypes).toMatchObject({ default: 'task-default', 'deep thought': 'task-deep-thought' });
		expect(draft.notices).toHaveLength(3);
	});

	test('hints are in small letters; of two tasks that differ in nothing else the first has it', () => {
		const draft = imported({ task_chains: { Code: ['a/x'], code: ['b/y'] } });
		expect(draft.taskTypes).toEqual({ code: 'Code' });
		expect(messages(draft)).toContain('No `X-Task-Type` leads to this task');
	});

	test('LiteLLM writes openrouter/ before a model; openrouter/auto is a model', () => {
		const config = configOf(imported({ default_chain: ['openrouter/a/x', 'openrouter/auto'] }));
		expect(chainOf(config, 'default')).toEqual(['openrouter/a/x', 'openrouter/openrouter/auto']);
	});
});

describe('settings', () => {
	const settings = (given: object) => configOf(imported({ ...chain, settings: given })).providers.openrouter?.policy;

	test.each([
		[{ disable_duration: 10 }, 'cooldown', 10_000],
		[{ disable_duration: 10, timeout: 20 }, 'cooldown', 20_000],
		[{ disable_duration_minutes: 2 }, 'cooldown', 120_000],
		[{ disableDurationMs: 90_000 }, 'cooldown', 90_000],
		[{ disable_duration_seconds: 10 }, 'modelCooldown', 10_000],
		[{ health_window: 3 }, 'window', 180_000],
		[{ skip_threshold: 0.3 }, 'failureRate', 0.7],
	] as const)('%j', (given, option, value) => {
		expect(settings(given)?.breaker[option]).toBe(value);
	});

	test('max_retries counts attempts', () => {
		expect(settings({ max_retries: 1 })?.onError.SERVER_ERROR?.retries).toBe(0);
		expect(settings({ max_retries: 0 })?.onError.SERVER_ERROR?.retries).toBe(0);
		expect(settings({})?.onError.SERVER_ERROR?.retries).toBe(2);
	});

	test.each([
		{ max_retries: 99 },
		{ max_retries: 1.5 },
		{ timeout: 0 },
		{ timeout: 'SECRET' },
		{ disable_duration: -5 },
		{ skip_threshold: 2 },
		{ cost_limit: 5 },
	])('%j is reported and changes nothing', (given) => {
		const draft = imported({ ...chain, settings: given });
		expect(draft.notices).toMatchObject([
			{ severity: 'warning', message: expect.stringContaining('was not imported') },
		]);
		expect(messages(draft)).not.toContain('SECRET');
		expect(settings(given)).toEqual(settings({}));
	});
});

describe('what cannot be imported', () => {
	test.each([
		['', 'empty'],
		['a: [', 'bracket'],
		['just text', 'no fallback file'],
		['{"models": []}', 'no fallback file'],
		['default_chain: []', 'it is empty'],
		['default_chain: 5', 'not a list'],
		['task_chains: {}', 'no chain'],
		['default_chain: [5, {}]', 'none of its models'],
		['task_chains: [a/b]', 'not a map'],
	])('%j is reported and gives no profile', (text, reason) => {
		const draft = imported(text);
		expect(draft.profiles).toEqual([]);
		expect(draft.notices.some(({ severity }) => severity === 'error')).toBe(true);
		expect(messages(draft)).toContain(reason);
	});

	test('a broken chain among good ones', () => {
		const draft = imported({ ...chain, task_chains: { bad: 7, good: ['a/x'] }, settings: [], cost_tiers: {} });
		expect(Object.keys(configOf(draft).profiles)).toEqual(['default', 'good']);
		expect(messages(draft)).toContain('`cost_tiers` has no equivalent');
		expect(draft.notices.filter(({ severity }) => severity === 'error')).toHaveLength(2);
	});
});
