// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the notation of the YAML.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { loadKnownModels } from '../../src/config/known-models.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { ImportDraft } from '../../src/import/draft.ts';
import { draftText } from '../../src/import/draft-text.ts';
import { importFailProxy } from '../../src/import/failproxy.ts';
import { UserError } from '../../src/values/user-error.ts';
import { explainCase } from '../../src/verify/play/play.ts';
import { folderPerTest } from '../helpers/folder-per-test.ts';

const known = loadKnownModels();
const examples = join(import.meta.dirname, 'examples', 'failproxy');
const folder = folderPerTest();

const endpoint = { baseurl: 'https://a.example/v1', apikey: 'PLANTED-KEY-1', model: 'm', timeout: 30 };

function imported(groups: Record<string, unknown>): ImportDraft {
	for (const [name, group] of Object.entries(groups)) {
		folder.write(`${name}.json`, typeof group === 'string' ? group : JSON.stringify(group));
	}
	return importFailProxy(folder.path, known);
}

function configOf(draft: ImportDraft): Config {
	const env = Object.fromEntries([...draft.keys].map(([name, key]) => [name, key || 'from-elsewhere']));
	return parseConfig(draftText(draft, String), { file: 'imported.yaml', env });
}

const messages = ({ notices }: ImportDraft, severity: string) =>
	notices.filter((notice) => notice.severity === severity).map(({ message }) => message);

describe('the examples', () => {
	test('each group is a profile of its name, in its order, with its settings', () => {
		const config = configOf(importFailProxy(examples, known));
		expect(Object.keys(config.profiles)).toEqual(['nothink', 'think-stream']);
		expect(config.profiles['think-stream']?.chain).toMatchObject([
			{
				target: 'example/model-name',
				request: { defaults: { temperature: 0.1, max_tokens: 4096 }, force: { stream: true } },
				policy: { timeouts: { firstToken: 30_000, response: 30_000 } },
			},
			{
				target: 'backup1-example/backup-model1',
				request: { defaults: { temperature: 0.2 }, force: { stream: true } },
				policy: { timeouts: { firstToken: 20_000, response: 20_000 } },
			},
		]);
		expect(config.profiles.nothink?.chain.map(({ target }) => target)).toEqual([
			'openrouter/qwen/qwen3-32b',
			'chutes/deepseek-ai/DeepSeek-V3',
			'openrouter-two/qwen/qwen3-8b',
			'local-11434/qwen2.5',
		]);
		expect(config.profiles.nothink?.chain[0]?.request.force).toEqual({ stream: false });
		expect(config.profiles.nothink?.chain[1]?.policy.timeouts.response).toBe(2500);
	});

	test('providers have their normalized address, their key and what their type wants', () => {
		const { providers } = configOf(importFailProxy(examples, known));
		expect(providers.openrouter).toMatchObject({
			baseUrl: 'https://openrouter.ai/api/v1',
			credentials: [{ apiKey: 'sk-or-v1-PLANTEDKEY-0003' }],
			headers: { 'http-referer': 'http://localhost', 'x-title': 'Breakwater' },
		});
		expect(providers['openrouter-two']?.credentials[0]?.apiKey).toBe('sk-or-v1-PLANTEDKEY-0005');
		expect(providers.chutes).toMatchObject({ baseUrl: 'https://llm.chutes.ai/v1', headers: {} });
		expect(providers['local-11434']?.baseUrl).toBe('http://127.0.0.1:11434/v1');
	});

	test('no key is in the text', () => {
		const draft = importFailProxy(examples, known);
		expect(draftText(draft, String)).not.toMatch(/PLANTEDKEY/);
		expect(JSON.stringify(draft.notices)).not.toMatch(/PLANTEDKEY/);
		expect(draft.keys.get('CHUTES_API_KEY')).toBe('cpk_PLANTEDKEY.0004');
	});

	test('the deadline of a request has room for the timeouts of its chain', () => {
		const { profiles } = configOf(importFailProxy(examples, known));
		expect(profiles.nothink?.policy.timeouts.request).toBe(582_500);
		expect(profiles['think-stream']?.policy.timeouts.request).toBe(300_000);
	});
});

describe('providers', () => {
	test('one for each address and key, however the address is written', () => {
		const draft = imported({
			g: [
				endpoint,
				{ ...endpoint, baseurl: 'https://a.example/v1/chat/completions', model: 'n' },
				{ ...endpoint, apikey: 'PLANTED-KEY-2' },
				{ ...endpoint, apikey: 'PLANTED-KEY-3', name: 'Spare!' },
			],
		});
		expect(draft.providers.map(({ name, keyVariable }) => [name, keyVariable])).toEqual([
			['a', 'A_API_KEY'],
			['a-2', 'A_2_API_KEY'],
			['a-spare', 'A_SPARE_API_KEY'],
		]);
		expect(Object.keys(configOf(draft).providers)).toEqual(['a', 'a-2', 'a-spare']);
	});

	test('models behind one key: one of them that is down does not take the others along', () => {
		const shared = configOf(imported({ two: [endpoint, { ...endpoint, model: 'n' }] }));
		const trace = explainCase(shared, { profile: 'two', when: 'a/m: open', stream: false });
		expect(trace.client).toMatchObject({ status: 200, target: 'a/n' });
	});

	test('headers of a type go to the target where the same provider is used without the type', () => {
		const config = configOf(
			imported({
				g: [
					{ ...endpoint, type: 'OpenRouter' },
					{ ...endpoint, model: 'n' },
				],
			}),
		);
		expect(config.providers.a?.headers).toEqual({});
		expect(config.profiles.g?.chain.map(({ headers }) => headers)).toEqual([
			{ 'http-referer': 'http://localhost', 'x-title': 'Breakwater' },
			{},
		]);
	});

	test('a key that names a variable goes on doing so, and no other key takes that name', () => {
		const draft = imported({
			g: [
				{ ...endpoint, apikey: '${B_API_KEY}' },
				{ ...endpoint, baseurl: 'https://b.example/v1' },
			],
		});
		expect(draft.keys).toEqual(
			new Map([
				['B_API_KEY', ''],
				['B_2_API_KEY', 'PLANTED-KEY-1'],
			]),
		);
	});

	test('a key inside the address is taken out of it', () => {
		const draft = imported({ g: [{ ...endpoint, baseurl: 'https://a.example/PLANTED-KEY-1/v1' }] });
		expect(draftText(draft, String)).not.toContain('PLANTED');
		expect(configOf(draft).providers.a?.baseUrl).toBe('https://a.example/PLANTED-KEY-1/v1');
	});

	test('without a key none is sent, and that is reported', () => {
		const draft = imported({ g: [{ ...endpoint, apikey: '' }] });
		expect(configOf(draft).providers.a?.credentials[0]?.apiKey).toBeUndefined();
		expect(messages(draft, 'warning')).toEqual([expect.stringContaining('no `apikey`')]);
	});

	test('nothing of a file is interpolated or breaks out of a comment', () => {
		const draft = imported({ g: [{ ...endpoint, model: 'x${HOME}', name: 'a\nproviders: b\u001b[2J' }] });
		expect(configOf(draft).profiles.g?.chain[0]?.model).toBe('x${HOME}');
		expect(draftText(draft, String)).not.toMatch(/\p{Cc}\[|^providers: b/mu);
	});
});

describe('groups', () => {
	test('a broken one among good ones is reported with its place, and the others are imported', () => {
		const draft = imported({
			a: [endpoint],
			b: '[\n{"baseurl": "https://b.example/v1", "apikey": "PLANTED-KEY-2"\n"model": "m"}]',
			c: [endpoint],
			d: {},
			e: [],
		});
		expect(Object.keys(configOf(draft).profiles)).toEqual(['a', 'c']);
		const errors = draft.notices.filter(({ severity }) => severity === 'error');
		expect(errors.map(({ file, line }) => [file, line])).toEqual([
			[join(folder.path, 'b.json'), 3],
			[join(folder.path, 'd.json'), 1],
			[join(folder.path, 'e.json'), 1],
		]);
		expect(JSON.stringify(errors)).not.toContain('PLANTED');
	});

	test.each([
		[{ baseurl: undefined }, 'no `baseurl`'],
		[{ baseurl: 'a.example' }, 'not an http'],
		[{ baseurl: 4 }, 'not text'],
		[{ model: undefined }, 'no `model`'],
		[{ model: '模型' }, 'visible ASCII'],
		[{ apikey: 'PLANTED KEY' }, 'header'],
		[{ apikey: ['PLANTED-KEY-1'] }, 'header'],
	])('an endpoint with %j is left out, and the rest of its group stays', (fields, reason) => {
		const draft = imported({ g: [{ ...endpoint, ...fields }, { ...endpoint, model: 'rest' }, 7] });
		expect(messages(draft, 'error')).toEqual([
			expect.stringContaining(reason),
			expect.stringContaining('is not an object'),
		]);
		expect(JSON.stringify(draft.notices)).not.toContain('PLANTED');
		expect(configOf(draft).profiles.g?.chain.map(({ model }) => model)).toEqual(['rest']);
	});

	test.each([
		['推理', 'group'],
		['my group', 'my-group'],
		['2024', 'group'],
		['a#b', 'a-b'],
	])('a group whose name no profile can have (%s) gets one that none has', (name, usable) => {
		const draft = imported({ [name]: [endpoint] });
		expect(Object.keys(configOf(draft).profiles)).toEqual([usable]);
		expect(messages(draft, 'warning')).toEqual([expect.stringContaining(`\`${usable}\``)]);
	});

	test('such a name never takes that of another group', () => {
		const draft = imported({ 'my group': [endpoint], 'my-group': [endpoint] });
		expect(draft.profiles.map(({ name }) => name).sort()).toEqual(['my-group', 'my-group-2']);
	});
});

describe('settings', () => {
	test('spellings and types that people use', () => {
		const given = { base_url: 'https://a.example/v1', apiKey: 'Bearer PLANTED-KEY-1', model: ' m ', timeout: '2.5' };
		const config = configOf(imported({ g: [{ ...given, maxTokens: '7', stream: 'False', temperature: 0 }] }));
		expect(config.profiles.g?.chain[0]).toMatchObject({
			target: 'a/m',
			request: { defaults: { temperature: 0, max_tokens: 7 }, force: { stream: false } },
			policy: { timeouts: { firstToken: 2500, response: 2500 } },
		});
		expect(config.providers.a?.credentials[0]?.apiKey).toBe('PLANTED-KEY-1');
	});

	test.each([
		['timeout', 0],
		['timeout', -1],
		['timeout', 1e9],
		['timeout', 'soon'],
		['temperature', 'hot'],
		['max_tokens', 1.5],
		['stream', 'perhaps'],
		['type', 'endpoint-type'],
		['weight', 3],
		['base_url', 'https://b.example'],
	])('%s: %j has no equivalent and is reported', (field, value) => {
		const draft = imported({ g: [{ ...endpoint, [field]: value }] });
		expect(draft.notices).toMatchObject([{ severity: 'warning', line: 1, message: expect.stringContaining(field) }]);
		expect(Object.keys(configOf(draft).profiles)).toEqual(['g']);
	});

	test('the longest timeout fits into the breaker and the deadline', () => {
		const config = configOf(
			imported({
				g: [
					{ ...endpoint, timeout: 2_073_600 },
					{ ...endpoint, model: 'n' },
				],
			}),
		);
		expect(config.profiles.g?.policy.timeouts.request).toBe(2_073_600_000);
		expect(config.providers.a?.policy.breaker.probeDeadline).toBe(2_073_600_000);
	});
});

describe('a folder that has nothing to import', () => {
	test.each([
		['none', 'There is no folder'],
		['', 'There is no JSON file'],
	])('%j', (name, message) => {
		expect(() => importFailProxy(join(folder.path, name), known)).toThrow(UserError);
		expect(() => importFailProxy(join(folder.path, name), known)).toThrow(message);
	});

	test("FailProxy's own folder leads to its config", () => {
		mkdirSync(join(folder.path, 'config'));
		folder.write(join('config', 'g.json'), '[]');
		expect(() => importFailProxy(folder.path, known)).toThrow(`did you mean ${join(folder.path, 'config')}?`);
	});
});
