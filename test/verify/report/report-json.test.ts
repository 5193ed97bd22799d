import { expect, it } from 'vitest';
import { reportJson } from '../../../src/verify/report/report-json.ts';
import { broken, profileReport, providerReport, providerSteps, report } from './sample-report.ts';

const full = report({
	verdict: 'fails',
	lintFindings: [{ rule: 'r', severity: 'error', line: 1, column: 2, message: 'm' }],
	providers: [providerReport({ properties: [broken('quota-cools-down', providerSteps)] })],
	profiles: [profileReport({ unexplored: ['all'] })],
});

it('is the whole report', () => {
	const parsed = JSON.parse(reportJson(full));
	expect(Object.keys(parsed)).toEqual([
		'file',
		'verdict',
		'lintFindings',
		'providers',
		'keys',
		'profiles',
		'told',
		'activeChecks',
		'states',
		'transitions',
		'ms',
		'memory',
	]);
	expect(parsed.profiles).toEqual(full.profiles);
	expect(parsed.lintFindings).toEqual(full.lintFindings);
});

it('shows events as they were sent, but for the actors in them and what those know', () => {
	const text = reportJson(full);
	const [first] = JSON.parse(text).providers[0].properties[0].counterexample.steps;
	expect(first.event).toEqual({
		type: 'permit.requested',
		id: '1/1',
		model: 'm',
		now: 1_700_000_000_000,
		early: false,
	});
	expect(text).not.toContain('PLANTEDKEY');
});
