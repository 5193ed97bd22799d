import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { type Case, expectProblems, more, provider } from './problem-cases.ts';

const rest = 'profiles: { default: { chain: [a/m] } }\n';

function healthOf(text: string) {
	const { providers } = parseConfig(text, { file: 'test.yaml', env: {} });
	return providers.a?.health;
}

const withOwn = (health: string, file = '', baseUrl = 'https://api.example.com/v1') =>
	healthOf(`${file}providers: { a: { baseUrl: "${baseUrl}", health: ${health} } }\n${rest}`);

describe('active checks', () => {
	it('are off unless somebody asks for them', () => {
		expect(healthOf(`providers: { a: { baseUrl: https://api.example.com/v1 } }\n${rest}`)).toBeUndefined();
	});

	it('have defaults', () => {
		expect(withOwn('{}')).toEqual({
			every: 30_000,
			with: 'models',
			onlyWhenIdle: true,
			backoff: { factor: 2, max: 600_000 },
			maxCostPerDay: 0.1,
			isOwnServer: false,
		});
	});

	it('do not become rarer at a server of the own network', () => {
		expect(withOwn('{}', '', 'http://192.168.1.9:11434/v1')).toMatchObject({
			isOwnServer: true,
			backoff: { factor: 1 },
		});
		expect(withOwn('{ backoff: { factor: 3 } }', '', 'http://ollama:11434/v1')).toMatchObject({
			backoff: { factor: 3 },
		});
		const simulated = `providers: { a: { protocol: simulated, health: {} } }\n${rest}`;
		expect(healthOf(simulated)).toMatchObject({ isOwnServer: true });
	});

	it('are laid over those of the file, option by option', () => {
		const file = 'health: { every: 1m, with: chat, backoff: { max: 1h }, maxPerDay: 7 }\n';
		expect(withOwn('{ every: 10s, backoff: { factor: 4 } }', file)).toMatchObject({
			every: 10_000,
			with: 'chat',
			backoff: { factor: 4, max: 3_600_000 },
			maxPerDay: 7,
		});
		expect(withOwn('off', file)).toBeUndefined();
		expect(healthOf(`${file}providers: { a: { baseUrl: https://api.example.com/v1 } }\n${rest}`)).toMatchObject({
			every: 60_000,
		});
	});
});

describe('what cannot be an active check is said in one sentence:', () => {
	const url = 'baseUrl: http://127.0.0.1:1';
	const cases: Case[] = [
		[
			'no form of it',
			provider(`${url}, health: yes`),
			'2:45: `providers.a.health` does not fit; write for example `{ every: 30s, with: models }`, or `off`',
		],
		[
			'no form of it, nor a text',
			provider(`${url}, health: true`),
			'2:45: `providers.a.health` does not fit; write for example `{ every: 30s, with: models }`, or `off`',
		],
		[
			'an interval without a unit',
			provider(`${url}, health: { every: 30 }`),
			'2:54: `providers.a.health.every` is a number without a unit; write a duration such as `500ms`, `90s`, `15m` or `1h30m`',
		],
		[
			'too short an interval',
			provider(`${url}, health: { every: 1ms }`),
			'2:54: `providers.a.health.every` is less than 100ms, which is a load and no check; write for example `30s`',
		],
		[
			'another request',
			provider(`${url}, health: { with: ping }`),
			'2:53: `providers.a.health.with` is not a value that fits; choose from `models`, `chat`',
		],
		[
			'a backoff that is none',
			provider(`${url}, health: { backoff: { factor: 0.5 } }`),
			'2:66: `providers.a.health.backoff.factor` is not a number from 1 to 100; write one',
		],
		[
			'no budget at all',
			provider(`${url}, health: { maxCostPerDay: 0 }`),
			'2:62: `providers.a.health.maxCostPerDay` is not a number from 0.001 to 1000000; write one',
		],
		[
			'no checks at all',
			provider(`${url}, health: { maxPerDay: 0 }`),
			'2:58: `providers.a.health.maxPerDay` is not a whole number from 1 to 1000000; write one',
		],
		[
			'an unknown option',
			provider(`${url}, health: { evry: 30s }`),
			'2:47: `providers.a.health.evry` is not an option; did you mean `every`?',
		],
		[
			'the same for all',
			more('health: { with: ping }'),
			'5:17: `health.with` is not a value that fits; choose from `models`, `chat`',
		],
	];
	it.each(cases)('%s', (...one) => expectProblems(one));
});
