// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the notation of the YAML.
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadKnownModels } from '../../src/config/known-models.ts';
import { parseConfig } from '../../src/config/load.ts';
import { configText } from '../../src/setup/config-text.ts';
import type { Plan } from '../../src/setup/plan.ts';
import { yamlFlow, yamlText } from '../../src/values/yaml-text.ts';
import { planOf } from './planned.ts';

describe('yamlText', () => {
	test.each([
		'gpt-5.4',
		'openai/gpt-5.4',
		'qwen3:8b',
		'5m',
		'a',
		'null',
		'Yes',
		'123',
		'1e3',
		'a: b',
		'a #b',
		'[x]',
		'a,b',
		'x:',
		'- x',
		'"q"',
		'*a',
		'@at',
		'~',
		'{}',
		'\u0080 \u007f \u0085 \u2028 \ufeff',
	])('%j is read as itself, in a block, in a list and as a key', (text) => {
		expect(parse(yamlText(text))).toBe(text);
		expect(parse(yamlFlow([text, { [text]: text }]))).toEqual([text, { [text]: text }]);
	});

	test('what cannot be seen, or moves a cursor, is written as an escape', () => {
		expect(yamlText('a\u009b2J\u202eb')).toBe('"a\\u009b2J\\u202eb"');
	});
});

const plan: Plan = {
	port: 4321,
	leftOut: ['A sentence that is long enough to be wrapped, '.repeat(5).trim()],
	providers: [
		{
			name: 'openai',
			title: 'OpenAI',
			baseUrl: 'https://api.example.com/v1',
			keyVariable: 'SOME_KEY',
			isLocal: false,
			models: { big: { contextWindow: 9, reasons: true }, '${TRICK}': {} },
		},
		{ name: 'ollama', title: 'Ollama', baseUrl: 'http://[::1]:11434/v1', isLocal: true, models: { '123': {} } },
	],
	profiles: [
		{ name: 'default', purpose: 'x', chain: ['openai/big', 'openai/${TRICK}', 'ollama/123'] },
		{ name: 'critical', purpose: 'y', chain: ['openai/big'] },
	],
};

const text = configText(plan, { hasSchema: false });
const source = { file: 'gateway.yaml', env: { SOME_KEY: 'k', TRICK: 'interpolated' } };

describe('configText', () => {
	test('is a configuration of exactly the plan', () => {
		const { server, providers, profiles } = parseConfig(text, source);
		expect(server).toMatchObject({ host: '127.0.0.1', port: 4321 });
		expect(providers.openai).toMatchObject({ baseUrl: 'https://api.example.com/v1', credentials: [{ apiKey: 'k' }] });
		expect(profiles.default?.chain.map(({ policy }) => policy.timeouts.firstToken)).toEqual([60_000, 10_000, 60_000]);
		expect(providers.openai?.models.big).toMatchObject({ contextWindow: 9 });
		expect(providers.ollama?.baseUrl).toBe('http://[::1]:11434/v1');
		expect(profiles.default?.chain.map(({ target }) => target)).toEqual(plan.profiles[0]?.chain);
		expect(profiles.critical?.policy.whenAllDenied).toBe('try-soonest');
		for (const { policy } of Object.values(profiles)) {
			expect(policy.onError.AUTH_ERROR).toEqual({ retries: 0, then: ['credential', 'next'] });
		}
	});

	test('has keys only as variables', () => {
		expect(text.match(/^ *apiKey: .*$/gm)).toEqual([expect.stringMatching(/apiKey: \$\{SOME_KEY\} #/)]);
	});

	test('spells the defaults out: taking the # away changes nothing', () => {
		const [head = '', defaults = ''] = text.split(/^(?=policy:$)/m);
		const uncommented = head + defaults.replace(/^# /gm, '');
		expect(parse(uncommented).policy).toMatchObject({
			timeouts: { connect: '5s' },
			breaker: { failureThreshold: 3 },
		});
		expect(Object.keys(parse(uncommented).policy)).toEqual([
			'timeouts',
			'retry',
			'breaker',
			'onError',
			'continuation',
			'whenAllDenied',
			'emptyAnswer',
			'clientRetryWithin',
		]);
		expect(parseConfig(uncommented, source)).toEqual(parseConfig(text, source));
	});

	test('names the schema where it lies beside the file', () => {
		expect(configText(plan, { hasSchema: true })).toMatch(
			/^# yaml-language-server: \$schema=\.\/breakwater\.schema\.json\n/,
		);
		expect(text).not.toMatch(/yaml-language-server/);
	});
});

test('the cheap profile is in the order of the prices of the catalogue, and what is not known comes last', () => {
	const { profiles, providers } = planOf(['anthropic', 'openai', 'gemini'], []);
	const small = ['gemini/gemini-3.1-flash-lite', 'openai/gpt-5.4-mini', 'anthropic/claude-haiku-5-5'];
	expect(profiles.find(({ name }) => name === 'cheap')?.chain).toEqual(small);
	expect(JSON.stringify(providers)).not.toContain('price');
});

describe('config/known-models.yaml', () => {
	const known = loadKnownModels();

	test('has a date, and every provider and local server that people use', () => {
		expect(Date.parse(known.asOf)).not.toBeNaN();
		const providers =
			'openai anthropic gemini openrouter groq mistral deepseek xai together fireworks cerebras perplexity azure moonshot chutes';
		expect(Object.keys(known.providers)).toEqual(expect.arrayContaining(providers.split(' ')));
		expect(Object.entries(known.localServers).map(([name, { port }]) => [name, port])).toEqual([
			['ollama', 11434],
			['lmstudio', 1234],
			['vllm', 8000],
			['llamacpp', 8080],
		]);
	});

	test.each(Object.entries(known.providers))(
		'%s has an address and names that a configuration takes',
		(name, facts) => {
			const baseUrl = facts.needsEndpoint === undefined ? facts.baseUrl : `https://name.example${facts.baseUrl}`;
			const models = Object.fromEntries(Object.keys(facts.models).map((model) => [model, {}]));
			const config = { providers: { [name]: { baseUrl, models } }, profiles: { default: { chain: [`${name}/x`] } } };
			expect(() => parseConfig(JSON.stringify(config), { file: 'x', env: {} })).not.toThrow();
			for (const variable of facts.keys) expect(variable).toMatch(/^[A-Z][A-Z0-9_]*$/);
		},
	);
});
