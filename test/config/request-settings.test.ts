import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problems.ts';
import { targetsOf } from '../../src/config/targets.ts';

const env = { HOT: '0.9', MANY: '4', YES: 'true', WORD: 'warm' };

const read = (text: string): Config => parseConfig(text, { file: 'f.yaml', env });

function problemsOf(text: string): string[] {
	try {
		read(text);
		return [];
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		return error.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`);
	}
}

const layered = `
providers:
  a:
    baseUrl: http://x/v1
    headers: { X-Title: provider }
    request: { defaults: { temperature: 0.2, stop: [a] }, force: { max_tokens: 10, user: someone } }
    models:
      m:
        contextWindow: 100
        price: { input: 0.1, output: 0.3 }
        request: { defaults: { stop: [b] }, force: { user: ~ } }
profiles:
  default:
    chain:
      - a/m
      - target: a/m
        request: { defaults: { temperature: 0.1 }, force: { stream: true, provider: { order: [x] } } }
        headers: { X-Route: fast }
        policy: { timeouts: { firstToken: 30s } }
      - { target: a/other }
    policy: { timeouts: { firstToken: 3s, idle: 4s } }
  child: { extends: default, policy: { timeouts: { idle: 5s } } }
`;

describe('settings of requests', () => {
	const { profiles, providers } = read(layered);

	it('are laid over each other: provider, model, target', () => {
		expect(profiles.default?.chain.map(({ request }) => request)).toEqual([
			{ defaults: { temperature: 0.2, stop: ['b'] }, force: { max_tokens: 10, user: null } },
			{
				defaults: { temperature: 0.1, stop: ['b'] },
				force: { max_tokens: 10, user: null, stream: true, provider: { order: ['x'] } },
			},
			{ defaults: { temperature: 0.2, stop: ['a'] }, force: { max_tokens: 10, user: 'someone' } },
		]);
	});

	it('of a target stay with the target', () => {
		const [target] = targetsOf(read(layered));
		expect(target).toMatchObject({ target: 'a/m', headers: {}, request: { defaults: { temperature: 0.2 } } });
		expect(profiles.default?.chain.map(({ headers }) => headers)).toEqual([{}, { 'x-route': 'fast' }, {}]);
	});

	it('go with a policy that is laid over all others, and with a profile that extends', () => {
		const timeouts = (name: string) => profiles[name]?.chain.map(({ policy }) => policy.timeouts);
		expect(timeouts('default')).toMatchObject([{ firstToken: 3000 }, { firstToken: 30_000 }, { firstToken: 3000 }]);
		expect(timeouts('child')).toMatchObject([{ idle: 5000 }, { firstToken: 30_000, idle: 5000 }, { idle: 5000 }]);
	});

	it('say more of streaming than any wish', () => {
		const streamed = (text: string) => read(text).profiles.default?.chain.map(({ streamUpstream }) => streamUpstream);
		expect(streamed(layered)).toEqual([false, true, false]);
		const wished = layered.replace('    chain:', '    streamUpstream: true\n    chain:');
		expect(streamed(wished)).toEqual([true, true, true]);
		expect(streamed(wished.replace('stream: true,', 'stream: false,'))).toEqual([true, false, true]);
	});

	it('stand beside the facts of a model', () => {
		expect(providers.a?.models.m).toMatchObject({ contextWindow: 100, price: { input: 0.1, output: 0.3 } });
	});

	it('may come from the environment, where their type is known', () => {
		const text = layered.replace(
			'{ temperature: 0.1 }',
			// biome-ignore lint/suspicious/noTemplateCurlyInString: the notation of the YAML
			'{ temperature: "${HOT}", max_tokens: "${MANY}", stream: "${YES}", user: "${MANY}" }',
		);
		const defaults = read(text).profiles.default?.chain[1]?.request.defaults;
		expect(defaults).toMatchObject({ temperature: 0.9, max_tokens: 4, stream: true, user: '4' });
	});
});

const chained = (candidate: string) =>
	`providers: { a: { baseUrl: "http://x/v1" } }\nprofiles:\n  p:\n    chain:\n      - ${candidate}\n`;
const set = (request: string) => chained(`{ target: a/m, request: ${request} }`);

describe('settings that cannot be', () => {
	const at = '`profiles.p.chain[0]';
	it.each([
		['model', 'cannot be set, for the model is the one that the chain names; put the target into a chain instead'],
		['messages', "cannot be set, for the messages are the caller's; remove it"],
		['failover', 'cannot be set, for it is read by Breakwater and never reaches a provider; remove it'],
	])('%s', (member, mistake) => {
		const text = set(`{ force: { ${member}: x } }`);
		const column = (text.split('\n')[4] ?? '').indexOf(': x }') + 3;
		expect(problemsOf(text)).toEqual([`5:${column}: ${at}.request.force.${member}\` ${mistake}`]);
		const provider = `providers: { a: { baseUrl: "http://x/v1", request: { defaults: { ${member}: x } } } }\nprofiles: { p: { chain: [a/m] } }`;
		expect(problemsOf(provider)).toEqual([
			expect.stringContaining(`\`providers.a.request.defaults.${member}\` ${mistake}`),
		]);
	});

	it.each([
		[
			'a wrong type',
			set('{ defaults: { temperature: hot } }'),
			'request.defaults.temperature` is not a number from 0; write one',
		],
		[
			'a wrong type from the environment',
			set('{ defaults: { max_tokens: "$' + '{WORD}" } }'),
			'max_tokens` is not a whole number',
		],
		['a stream that is a word', set('{ force: { stream: maybe } }'), 'request.force.stream` is neither true nor false'],
		[
			'a default that is nothing',
			set('{ defaults: { temperature: ~ } }'),
			'request.defaults.temperature` has no value',
		],
		['what JSON has not', set('{ force: { seed: .inf } }'), 'request.force.seed` is nothing that JSON has'],
		['an unknown table', set('{ forced: { seed: 1 } }'), 'request.forced` is not an option; did you mean `force`?'],
		['no table', set('{ force: [1] }'), 'request.force` is not a map of members'],
	])('%s', (_name, text, problem) => {
		expect(problemsOf(text)).toEqual([expect.stringContaining(problem)]);
	});
});

describe('a target that cannot be', () => {
	it.each([
		['without a target', chained('{ request: {} }'), '`profiles.p.chain[0].target` is missing; add `target: …`'],
		[
			'with an unknown provider',
			chained('{ target: b/m }'),
			'`profiles.p.chain[0].target` names the provider `b`, which is not defined',
		],
		['with half a target', chained('{ target: m }'), '`profiles.p.chain[0].target` is not a target; write'],
		[
			'with an unknown option',
			chained('{ target: a/m, requests: {} }'),
			'`profiles.p.chain[0].requests` is not an option; did you mean `request`?',
		],
		['that is a number', chained('5'), '`profiles.p.chain[0]` is not a target; write'],
		['that is a list', chained('[a/m]'), '`profiles.p.chain[0]` is not a target; write'],
		['with a breaker', chained('{ target: a/m, policy: { breaker: {} } }'), 'policy.breaker` belongs to a provider'],
		[
			'with a deadline of the request',
			chained('{ target: a/m, policy: { timeouts: { request: 1s } } }'),
			'policy.timeouts.request` belongs to a request, not to one target of its chain',
		],
		[
			'with whenAllDenied',
			chained('{ target: a/m, policy: { whenAllDenied: fail } }'),
			'policy.whenAllDenied` belongs to a request',
		],
		[
			'with a header that is the proxy’s',
			chained('{ target: a/m, headers: { Host: x } }'),
			'headers.Host` is set by the proxy itself',
		],
		[
			'with a price that is none',
			`providers: { a: { baseUrl: "http://x/v1", models: { m: { price: { input: 1 } } } } }\nprofiles: { p: { chain: [a/m] } }`,
			'price.output` is missing',
		],
	])('%s', (_name, text, problem) => {
		expect(problemsOf(text)).toEqual([expect.stringContaining(problem)]);
	});
});

describe('routing', () => {
	const routed = (routing: string) =>
		`providers: { a: { baseUrl: "http://x/v1" } }\nprofiles: { default: { chain: [a/m] } }\nrouting: ${routing}\n`;

	it('is absent unless it is given', () => {
		expect('routing' in read(layered)).toBe(false);
		expect(read(routed('{ hints: { quality: { low: default } }, heuristics: { code: default } }')).routing).toEqual({
			hints: { quality: { low: 'default' } },
			heuristics: { code: 'default' },
		});
	});

	it.each([
		[
			'an unknown profile',
			'{ hints: { taskType: { code: defualt } } }',
			'`routing.hints.taskType.code` names the profile `defualt`, which is not defined under `profiles`; did you mean `default`?',
		],
		[
			'an unknown profile of a heuristic',
			'{ heuristics: { cheap: x } }',
			'`routing.heuristics.cheap` names the profile `x`',
		],
		['an unknown heuristic', '{ heuristics: { coding: default } }', '`routing.heuristics.coding` is not an option'],
		[
			'a hint that can never be met',
			'{ hints: { quality: { High: default } } }',
			'is not the value of a hint; write it in small letters',
		],
		['no profile', '{ hints: { quality: { high: [default] } } }', '`routing.hints.quality.high` is not text'],
	])('refuses %s', (_name, routing, problem) => {
		expect(problemsOf(routed(routing))).toEqual([expect.stringContaining(problem)]);
	});
});
