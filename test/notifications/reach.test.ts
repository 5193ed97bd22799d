import { expect, test } from 'vitest';
import type { ProviderHealth } from '../../src/call.ts';
import type { Incident } from '../../src/notifications/incident.ts';
import { Reach } from '../../src/notifications/reach.ts';
import { read } from '../config/read.ts';

const config = read(`
providers:
  a: { baseUrl: http://127.0.0.1:1/v1 }
  b: { baseUrl: http://127.0.0.1:2/v1, policy: { breaker: { probes: 2 } } }
profiles:
  default: { chain: [a/m, b/m, b/n] }
`);
const now = Date.UTC(2026, 0, 1);
const at = (ms: number) => new Date(now + ms).toISOString();

const incident: Incident = {
	id: 'auth/a/1',
	kind: 'auth',
	provider: 'a',
	model: 'm',
	failure: { category: 'AUTH_ERROR' },
	since: now,
	until: now,
};

const well: ProviderHealth = {
	state: 'closed',
	since: at(0),
	reason: null,
	retryAt: null,
	consecutiveFailures: 0,
	recentResults: { total: 0, failed: 0 },
	probesInFlight: 0,
	sidelinedModels: {},
	lastFailure: null,
};

test.each<[string, Partial<ProviderHealth>, string[]]>([
	['closed', {}, ['b/m', 'b/n']],
	['closed, with a sidelined model', { sidelinedModels: { m: at(1000) } }, ['b/n']],
	['closed, with a model that was sidelined', { sidelinedModels: { m: at(-1000) } }, ['b/m', 'b/n']],
	['open', { state: 'open', retryAt: at(1000) }, []],
	['open until now', { state: 'open', retryAt: at(0) }, ['b/m', 'b/n']],
	['out of quota', { state: 'quota-cooldown', retryAt: at(1000) }, []],
	['half-open, with a probe left', { state: 'half-open', probesInFlight: 1 }, ['b/m', 'b/n']],
	['half-open, with no probe left', { state: 'half-open', probesInFlight: 2 }, []],
])('beside a provider that is %s', (_name, health, goesOnWith) => {
	const isServable = goesOnWith.length > 0;
	const present = { health: () => ({ a: well, b: { ...well, ...health } }), servable: () => ({ default: isServable }) };
	const reach = new Reach(config, () => present);
	expect(reach.of([incident], [incident], now)).toEqual([{ profile: 'default', goesOnWith, isServable }]);
});

test('a profile that cannot be served goes on with nothing, and before the gateway runs all is taken to be well', () => {
	const present = { health: () => ({ a: well, b: well }), servable: () => ({ default: false }) };
	const of = (reach: Reach) => reach.of([incident], [incident], now);
	expect(of(new Reach(config, () => present))).toEqual([{ profile: 'default', goesOnWith: [], isServable: false }]);
	expect(of(new Reach(config, () => undefined))).toEqual([
		{ profile: 'default', goesOnWith: ['b/m', 'b/n'], isServable: true },
	]);
});
