import { describe, expect, it } from 'vitest';
import type { LintFinding } from '../../../src/verify/report/report.ts';
import { type Page, reportText } from '../../../src/verify/report/text.ts';
import {
	broken,
	holding,
	profileReport,
	providerReport,
	providerSteps,
	report,
	requestSteps,
} from './sample-report.ts';

const page: Page = { columns: 80, paint: (_color, text) => text, showsTraces: false };
const text = (changes: Parameters<typeof report>[0] = {}, other: Partial<Page> = {}) =>
	reportText(report(changes), { ...page, ...other });

const lintFinding = (severity: LintFinding['severity']): LintFinding => ({
	rule: `some-${severity}`,
	severity,
	line: 12,
	column: 5,
	message: 'this is so; do that',
});

describe('the first line', () => {
	it.each([
		[{}, 'config/gateway.yaml holds: no property can be broken.'],
		[
			{ lintFindings: [lintFinding('warning'), lintFinding('note')] },
			'config/gateway.yaml holds: no property can be broken, with 1 warning.',
		],
		[
			{ verdict: 'fails' as const, lintFindings: [lintFinding('error'), lintFinding('error')] },
			'config/gateway.yaml does not hold: 2 errors.',
		],
		[
			{ verdict: 'fails' as const, profiles: [profileReport({ properties: [broken('always-ends', requestSteps)] })] },
			'config/gateway.yaml does not hold: 1 property broken.',
		],
		[
			{ verdict: 'unknown' as const },
			'config/gateway.yaml could not be checked completely: nothing fails in what was explored.',
		],
	])('says what holds', (changes, line) => {
		expect(text(changes).split('\n')[0]).toBe(line);
	});
});

it('the last line is the verdict, with what was explored and what it cost', () => {
	for (const verdict of ['holds', 'fails', 'unknown'] as const) {
		expect(text({ verdict }).trimEnd().split('\n').at(-1)).toBe(
			`${verdict}: 1,524 states, 52,221 transitions explored in 1.2 s, 180 MB`,
		);
	}
});

it('a lint finding is one line that an editor can follow, however long', () => {
	const message = `${'word '.repeat(60)}; do that`;
	const lines = text({ lintFindings: [{ ...lintFinding('error'), message }] }).split('\n');
	expect(lines).toContain(`config/gateway.yaml:12:5: error: ${message} [some-error]`);
});

describe('a property that is broken', () => {
	const providers = [
		providerReport({ properties: [holding('a'), broken('quota-cools-down', [...providerSteps, ...providerSteps])] }),
		providerReport({ ids: ['local'], properties: [holding('a'), broken('quota-cools-down', providerSteps)] }),
	];
	const shown = text({ verdict: 'fails', providers });

	it('is shown once, where the way to it is the shortest, as aligned steps', () => {
		expect(shown).toContain(`broken: the statement of quota-cools-down [quota-cools-down]
  in provider local: this is what happens instead of quota-cools-down
     after                                                             provider
      0 ms  request 1 asks for model m                                 closed
      0 ms  attempt of request 1 fails: QUOTA_EXCEEDED; it asks for    open
            90 s of patience, #1 <of> "many" %% $$
  1 m 30 s  the cooldown timer goes off                                half-open
  1 m 30 s  the operator resets it                                     closed
  the same in provider openai#1, openai#2
`);
	});

	it('stands at the line of the file that makes it so, where one does', () => {
		const property = broken('quota-cools-down', providerSteps);
		const { counterexample } = property;
		if (counterexample === undefined) throw new Error('the sample has no counterexample');
		const placed = { ...property, counterexample: { ...counterexample, at: { line: 7, column: 31 } } };
		const at = text({ verdict: 'fails', providers: [providerReport({ properties: [placed] })] });
		expect(at).toContain('\nconfig/gateway.yaml:7:31: broken: the statement of quota-cools-down\n[quota-cools-down]\n');
	});

	it('is not among those that hold', () => {
		expect(shown).toContain('providers openai#1, openai#2, local: 1 property explored');
		expect(shown).toMatch(/no way to break them\n {2}a\n/);
	});

	it('shows the states of both machines where both are looked at', () => {
		const profiles = [profileReport({ properties: [broken('always-ends', requestSteps)] })];
		const lines = text({ verdict: 'fails', profiles }).split('\n');
		expect(lines).toContainEqual(expect.stringMatching(/^ +after +request +provider$/));
		expect(lines).toContainEqual(expect.stringMatching(/^ +20\.6 s {2}local denies: .* failed +open$/));
	});
});

describe('the worst cases of a profile', () => {
	it('are figures, each with the way to it in a few words', () => {
		expect(text()).toContain(`profile default: openai/gpt-5.4 → groq/llama-3.3-70b-versatile → local/qwen2.5
  at most 9 attempts
    openai/gpt-5.4 SERVER_ERROR ×2 → groq/llama-3.3-70b-versatile TIMEOUT →
    local/qwen2.5 is open
  at most 1 m 25 s until the first content, or an error
`);
	});

	it('are shown step by step when asked for', () => {
		expect(text({}, { showsTraces: true })).toMatch(
			/at most 9 attempts\n +after .*\n +5 s {2}openai\/gpt-5.4 fails with/,
		);
	});

	it('are no limits where not all was explored', () => {
		const { worst } = profileReport();
		const attempts = { ...worst.attempts, isExact: false };
		expect(text({ profiles: [profileReport({ worst: { ...worst, attempts } })] })).toContain('  9 attempts or more\n');
	});
});

it('says which bound the whole check reached, what was not begun, and what to do', () => {
	const providers = Array.from({ length: 1500 }, (_, i) => `p${i}`);
	const stopped = { transitions: 2_000_000, skipped: { providers, keys: [], profiles: ['default'] } };
	const shown = text({ verdict: 'unknown', stopped }, { columns: 1000 });
	expect(shown).toMatch(
		/^the check stopped at its bound of 2,000,000 transitions; not begun, so that nothing is known of them: providers p0, .* p19 and 1,480 more; profiles default\n {2}--total sets/m,
	);
});

it('shows the first fifty of many profiles, and how many there are', () => {
	const profiles = Array.from({ length: 3000 }, (_, i) => profileReport({ name: `name-${i}` }));
	const lines = text({ profiles }).split('\n');
	const shown = lines.filter((line) => /^(profile name-|and )/.test(line));
	expect(shown.length).toBe(51);
	expect(shown.at(-1)).toBe('and 2,950 more profiles; --profile NAME shows one, --json all of them');
});

it('says what was not explored, and what to do', () => {
	const shown = text({
		verdict: 'unknown',
		profiles: [profileReport({ unexplored: ['traces beyond 100,000 states'] })],
	});
	expect(shown).toContain('1 profile: 2 properties explored, no way to break them so far\n');
	expect(shown).toMatch(/not explored:\n {2}profile default: traces beyond 100,000 states\n.*--bound/);
});

it.each([80, 120])('keeps to %d columns, but for lint findings and words that are longer', (columns) => {
	const properties = [broken('always-ends', requestSteps), ...Array.from({ length: 20 }, (_, n) => holding(`p-${n}`))];
	const shown = text({ verdict: 'fails', profiles: [profileReport({ properties })] }, { columns });
	expect(shown.split('\n').filter((line) => line.length > columns)).toEqual([]);
});

it('shows a case of a thousand steps without its middle, and a long path too', () => {
	const steps = Array.from({ length: 300 }, () => requestSteps).flat();
	const profiles = [profileReport({ properties: [broken('always-ends', steps)] })];
	const shown = text({ verdict: 'fails', profiles });
	expect(shown).toMatch(/… \d+ more steps …/);
	expect(shown.split('\n').length).toBeLessThan(150);
	const { worst } = profileReport();
	const attempts = { ...worst.attempts, steps };
	expect(text({ profiles: [profileReport({ worst: { ...worst, attempts } })] })).toMatch(/…\s+\d+\s+more\s+…\s+→/);
});

it('paints with the colours that it is given, and only there', () => {
	const paint: Page['paint'] = (color, part) => `<${color}>${part}</>`;
	const painted = reportText(report({ lintFindings: [lintFinding('error')] }), { ...page, paint });
	expect(painted.replace(/<\w*\/?>|<\/>/g, '')).toBe(text({ lintFindings: [lintFinding('error')] }));
	expect(painted).toContain('<red>error:</>');
});
