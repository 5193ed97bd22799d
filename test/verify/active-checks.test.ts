import { expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { activeChecks } from '../../src/verify/active-checks.ts';
import { explainCase } from '../../src/verify/play/play.ts';
import { reportText } from '../../src/verify/report/text.ts';
import { report } from './report/sample-report.ts';

const text = `providers:
  a: { baseUrl: https://a.example/v1, health: { every: 1m } }
  b: { baseUrl: https://b.example/v1, health: { with: chat, onlyWhenIdle: false } }
  c: { baseUrl: https://c.example/v1 }
profiles: { default: { chain: [a/m, c/m] }, other: { chain: [b/m] }, plain: { chain: [c/m] } }
`;
const config = parseConfig(text, { file: 'test.yaml', env: {} });
const ofA = 'a is checked every 1 m by its list of models while no request is answered';
const ofB = 'b is checked every 30 s by an answer of one token';

it('active checks are told by provider', () => {
	expect(activeChecks(config)).toEqual([ofA, ofB]);
});

it('an explained case says of its providers alone that their checks are not played', () => {
	const notesOf = (profile: string) => explainCase(config, { profile, when: '', stream: false }).notes;
	expect([notesOf('default'), notesOf('other'), notesOf('plain')]).toEqual([
		[`${ofA}, which is not played.`],
		[`${ofB}, which is not played.`],
		[],
	]);
});

it('a report says that they are not explored', () => {
	const page = { columns: 80, paint: (_color: string, shown: string) => shown, showsTraces: false };
	expect(reportText(report({ activeChecks: [ofA] }), page)).toContain(
		'Active checks, which are not explored\n  a is checked',
	);
	expect(reportText(report(), page)).not.toContain('Active checks');
});
