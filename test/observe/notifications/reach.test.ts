import { expect, test } from 'vitest';
import type { Incident } from '../../../src/observe/notifications/incident.ts';
import { Reach } from '../../../src/observe/notifications/reach.ts';
import { read } from '../../config/read.ts';

const config = read(`
providers:
  a: { baseUrl: http://127.0.0.1:1/v1 }
  b: { baseUrl: http://127.0.0.1:2/v1 }
profiles:
  default: { chain: [a/m, b/m, b/n] }
`);
const now = Date.UTC(2026, 0, 1);

const incident: Incident = {
	id: 'auth/a/1',
	kind: 'auth',
	provider: 'a',
	model: 'm',
	failure: { category: 'AUTH_ERROR' },
	since: now,
	until: now,
};

test.each<[string, string[], string[]]>([
	['both models', ['m', 'n'], ['b/m', 'b/n']],
	['one model', ['n'], ['b/n']],
	['no model', [], []],
])('beside a provider that grants %s', (_name, granted, goesOnWith) => {
	const isServable = goesOnWith.length > 0;
	const grants = (credential: string, model: string) => credential === 'a' || granted.includes(model);
	const reach = new Reach(config, () => ({ grants, servable: () => ({ default: isServable }) }));
	expect(reach.of([incident], [incident])).toEqual([{ profile: 'default', goesOnWith, isServable }]);
});

test('a profile that cannot be served goes on with nothing, and before the gateway runs all is taken to be well', () => {
	const present = { grants: () => true, servable: () => ({ default: false }) };
	const of = (reach: Reach) => reach.of([incident], [incident]);
	expect(of(new Reach(config, () => present))).toEqual([{ profile: 'default', goesOnWith: [], isServable: false }]);
	expect(of(new Reach(config, () => undefined))).toEqual([
		{ profile: 'default', goesOnWith: ['b/m', 'b/n'], isServable: true },
	]);
});
