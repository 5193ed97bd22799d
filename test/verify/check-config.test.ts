import { describe, expect, it } from 'vitest';
import { assign } from 'xstate';
import { providerMachine } from '../../machines/provider/machine.ts';
import { requestMachine } from '../../machines/request/machine.ts';
import { readConfigText } from '../../src/config/load.ts';
import { checkConfig, ExploredParts } from '../../src/verify/check-config.ts';

const read = (text: string) => readConfigText(text, { file: 'f.yaml', env: {} });

/** Enough to find what is broken on purpose; what these tests look at needs no more. */
const bounds = { states: 10 };

const several = read(`providers:
  a: { baseUrl: https://a.example/v1, apiKey: [one, two] }
  b: { baseUrl: https://b.example/v1, policy: { breaker: { cooldown: 30s }, retry: { jitter: 0.2 } } }
  c: { baseUrl: https://c.example/v1, policy: { breaker: { cooldown: 60s }, timeouts: { firstToken: 1m } } }
profiles:
  default: { chain: [a/m, b/n] }
  small: { chain: [c/o] }
`);

const report = checkConfig(several, { bounds });

/** What no two checks have in common. */
const timeless = { ms: 0, memory: 0 };

describe('checkConfig', () => {
	it('explores each policy once, for all the keys of all the providers that obey it', () => {
		expect(report.providers.map(({ ids }) => ids)).toEqual([['a#1', 'a#2', 'c'], ['b']]);
	});

	it('tells policies apart by what a provider obeys, not by the order in which it is written', () => {
		const provider = (policy: string) => `{ baseUrl: https://a.example/v1, policy: { ${policy} } }`;
		const alike = read(`providers:
  a: ${provider('breaker: { effects: { TIMEOUT.idle: none, TIMEOUT.connect: none } }')}
  b: ${provider('breaker: { effects: { TIMEOUT.connect: none, TIMEOUT.idle: none } }, timeouts: { connect: 1s }')}
  c: ${provider('retry: { maxRetryAfter: 1s }')}
  d: ${provider('')}
profiles: { default: { chain: [a/m, b/m, c/m, d/m] } }
`);
		const { providers } = checkConfig(alike, { bounds: { states: 1 } });
		expect(providers.map(({ ids }) => ids)).toEqual([['a', 'b'], ['c'], ['d']]);
	});

	it('explores once what policies that differ have in common', () => {
		const alone = read(`providers: { a: { baseUrl: https://a.example/v1 } }
profiles: { default: { chain: [a/m] } }
`);
		const two = read(`providers:
  a: { baseUrl: https://a.example/v1 }
  b: { baseUrl: https://b.example/v1, policy: { breaker: { cooldown: 59s } } }
profiles: { default: { chain: [a/m] } }
`);
		const [first] = checkConfig(alone, { bounds }).providers;
		const [same, second] = checkConfig(two, { bounds }).providers;
		expect(same?.transitions).toBe(first?.transitions);
		expect(second?.ids).toEqual(['b']);
		expect(second?.transitions).toBeLessThan(0.8 * (first?.transitions ?? 0));
	});

	it('explores nothing again that an earlier check explored, whose reports it was given', () => {
		const explored = new ExploredParts();
		const first = checkConfig(several, { bounds, explored });
		const afterFirst = { providers: [...explored.providers], profiles: [...explored.profiles] };
		// Nothing of this machine would hold: it is not asked.
		const provider = providerMachine.provide({ actions: { recover: assign({ until: 0 }) } });
		const again = checkConfig(several, { bounds, explored, machines: { provider } });
		expect({ ...again, ...timeless }).toEqual({ ...first, ...timeless });
		expect({ providers: [...explored.providers], profiles: [...explored.profiles] }).toEqual(afterFirst);
	});

	it('explores again what differs in anything that the earlier check depended on', () => {
		const one = (policy: string) =>
			read(`providers: { a: { baseUrl: https://a.example/v1 } }
profiles: { default: { chain: [a/m] } }
policy: { ${policy} }
`);
		const explored = new ExploredParts();
		for (const policy of ['', 'breaker: { cooldown: 59s }', 'timeouts: { firstToken: 9s }']) {
			const report = checkConfig(one(policy), { bounds, explored });
			expect({ ...report, ...timeless }).toEqual({ ...checkConfig(one(policy), { bounds }), ...timeless });
		}
		expect([explored.providers.size, explored.profiles.size]).toEqual([2, 3]);
	});

	it('explores every profile, in the order of the file', () => {
		expect(report.profiles.map(({ name, chain }) => [name, chain])).toEqual([
			['default', ['a/m', 'b/n']],
			['small', ['c/o']],
		]);
	});

	it('explores profiles that differ in nothing but the name once', () => {
		const alike = read(`providers: { a: { baseUrl: https://a.example/v1 } }
profiles: { one: { chain: [a/m] }, two: { extends: one }, three: { chain: [a/m], commit: complete } }
`);
		const { profiles, providers, states } = checkConfig(alike, { bounds });
		const [one, two, three] = profiles;
		expect(profiles.map(({ name }) => name)).toEqual(['one', 'two', 'three']);
		expect({ ...two, name: 'one' }).toEqual(one);
		expect(states).toBe([...providers, one, three].reduce((sum, part) => sum + (part?.states ?? 0), 0));
	});

	it('explores profiles that differ in names alone once, and reports on each as if it had been explored itself', () => {
		const renamed = read(`providers:
  a: { baseUrl: https://a.example/v1, apiKey: [one, two] }
  b: { baseUrl: https://b.example/v1, apiKey: [three, four] }
profiles: { one: { chain: [a/m, b/n] }, two: { chain: [b/n, a/m] } }
`);
		const checked = checkConfig(renamed, { bounds });
		const [one, two] = checked.profiles;
		const [alone] = checkConfig(renamed, { bounds, profile: 'two' }).profiles;
		expect(JSON.stringify(two?.worst)).toContain('"model":"n"');
		expect(two).toEqual(alone);
		expect(checked.states).toBe([...checked.providers, one].reduce((sum, part) => sum + (part?.states ?? 0), 0));
	});

	it('explores apart what has the same targets, but not the same of them twice, or providers of another kind', () => {
		const others = read(`providers:
  a: { baseUrl: https://a.example/v1 }
  b: { baseUrl: https://b.example/v1 }
  c: { baseUrl: https://c.example/v1, policy: { breaker: { cooldown: 59s } } }
profiles: { one: { chain: [a/m, b/m] }, two: { chain: [a/m, a/m] }, three: { chain: [a/m, c/m] } }
`);
		const explored = new ExploredParts();
		checkConfig(others, { bounds, explored });
		expect(explored.profiles.size).toBe(3);
	});

	it('tells what is wrong of each profile with the names of its own', () => {
		const request = requestMachine.provide({ actions: { noteDenial: () => {} } });
		const renamed = read(`providers: { a: { baseUrl: https://a.example/v1 }, b: { baseUrl: https://b.example/v1 } }
profiles: { one: { chain: [a/m] }, two: { chain: [b/m] } }
`);
		const [one, two] = checkConfig(renamed, { bounds, machines: { request } }).profiles;
		for (const [profile, other] of [
			[one, 'b/m'],
			[two, 'a/m'],
		] as const) {
			const broken = profile?.properties.filter(({ holds }) => !holds) ?? [];
			expect(broken.length).toBeGreaterThan(0);
			expect(JSON.stringify(broken)).not.toContain(other);
		}
	});

	it('explores one profile with the providers that it leads to, where it is told to', () => {
		const { providers, profiles } = checkConfig(several, { bounds, profile: 'small' });
		expect(providers.map(({ ids }) => ids)).toEqual([['c']]);
		expect(profiles.map(({ name }) => name)).toEqual(['small']);
	});

	it('sums up what was explored, and what it took', () => {
		const { file, states, transitions, ms, memory, providers, profiles } = report;
		const parts = [...providers, ...profiles];
		expect(file).toBe('f.yaml');
		expect(states).toBe(parts.reduce((sum, part) => sum + part.states, 0));
		expect(transitions).toBe(parts.reduce((sum, part) => sum + part.transitions, 0));
		expect(transitions).toBeGreaterThan(states);
		expect(ms).toBeGreaterThan(0);
		expect(memory).toBeGreaterThan(1e7);
	});

	it('tells what it is at', () => {
		const chain = Array.from({ length: 6 }, (_, candidate) => `a/model-${candidate}`).join(', ');
		const long = read(`providers: { a: { baseUrl: https://a.example } }\nprofiles: { p: { chain: [${chain}] } }\n`);
		// Its provider is known, and not explored again: that would be most of the work.
		const explored = new ExploredParts();
		checkConfig(long, { bounds, explored });
		explored.keys.clear();
		explored.profiles.clear();
		const told = new Set<string>();
		checkConfig(long, { bounds: { states: 1000 }, explored, onProgress: (what) => told.add(what) });
		expect([...told]).toEqual(['models of a', 'profile p']);
	});
});

describe('the bound on the whole check', () => {
	const all = { providers: report.providers, profiles: report.profiles };

	it('ends it amid the part that is explored, and leaves out the rest, by name', () => {
		const total = Math.round((report.providers[0]?.transitions ?? 0) / 4);
		const { providers, profiles, stopped, verdict } = checkConfig(several, { bounds, total });
		expect(verdict).toBe('unknown');
		expect(providers.map(({ ids }) => ids)).toEqual([['a#1', 'a#2', 'c']]);
		expect(providers[0]?.transitions).toBe(total);
		expect(providers[0]?.unexplored.join()).toContain('the exploration stopped with the check');
		expect(profiles).toEqual([]);
		const skipped = { providers: ['b'], keys: [], profiles: ['default', 'small'] };
		expect(stopped).toEqual({ transitions: total, skipped });
	});

	it('leaves out a last profile for which nothing is left', () => {
		const total = report.transitions - (report.profiles[1]?.transitions ?? 0);
		const { profiles, stopped, transitions } = checkConfig(several, { bounds, total });
		expect(profiles).toEqual([report.profiles[0]]);
		expect(stopped).toEqual({ transitions: total, skipped: { providers: [], keys: [], profiles: ['small'] } });
		expect(transitions).toBe(total);
	});

	it('says nothing where it is not reached', () => {
		const { providers, profiles, ...rest } = checkConfig(several, { bounds, total: report.transitions + 1 });
		expect({ providers, profiles }).toEqual(all);
		expect(rest).not.toHaveProperty('stopped');
	});

	it('keeps nothing that it cut short for a later check', () => {
		const explored = new ExploredParts();
		checkConfig(several, { bounds, explored, total: 20 });
		expect(checkConfig(several, { bounds, explored })).toMatchObject(all);
	});
});

describe('the verdict', () => {
	it('is unknown where a bound was reached', () => {
		expect(report.verdict).toBe('unknown');
	});

	it('is that it fails where a lint finding is an error, whatever else is unknown', () => {
		const harmful = read(`providers: { a: { baseUrl: https://a.example/v1 } }
profiles: { default: { chain: [a/m] } }
policy: { breaker: { effects: { BAD_REQUEST: count } } }
`);
		const { verdict, lintFindings } = checkConfig(harmful, { bounds: { states: 20 } });
		expect(lintFindings.map(({ severity }) => severity)).toContain('error');
		expect(verdict).toBe('fails');
	});

	it('is that it fails where the request machine breaks a property, with the way to it', () => {
		const request = requestMachine.provide({ actions: { abandonAttempt: () => {} } });
		const { verdict, profiles } = checkConfig(several, { bounds, machines: { request } });
		expect(verdict).toBe('fails');
		const broken = profiles.flatMap(({ properties }) => properties.filter(({ holds }) => !holds));
		expect(broken.map(({ id }) => id)).toContain('permits-settled-once');
		expect(broken[0]?.counterexample?.steps.length).toBeGreaterThan(0);
	});

	it('is that it fails where the provider machine breaks one', () => {
		const provider = providerMachine.provide({ actions: { recover: assign({ until: 0 }) } });
		const { verdict, providers } = checkConfig(several, {
			bounds: { states: 60 },
			machines: { provider },
			profile: 'small',
		});
		expect(verdict).toBe('fails');
		expect(providers[0]?.properties.some(({ holds }) => !holds)).toBe(true);
	});
});
