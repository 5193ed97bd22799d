import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig, readConfigText } from '../../../src/config/load.ts';
import { packageRoot } from '../../../src/values/package-paths.ts';
import { lint, lintRules, lintText, severities } from '../../../src/verify/lint/lint.ts';
import { builtInReasons } from '../../../src/verify/lint/rules/reasons.ts';
import type { LintFinding } from '../../../src/verify/report/report.ts';
import { filledEnvironment } from '../filled-environment.ts';
import { dialectCases } from './dialect-cases.ts';
import { lintCases as otherCases } from './lint-cases.ts';

const lintCases = [...otherCases, ...dialectCases];

const env = {
	A_KEY: 'planted-a',
	B_KEY: 'planted-b',
	C_KEY: 'planted-c',
	D_KEY: 'planted-d',
	E_KEY: 'planted-e',
	LONG_KEY: 'planted-0123456789abcdef',
	OPENAI_API_KEY: 'planted-o',
	OPENROUTER_API_KEY: 'planted-r',
	GROQ_API_KEY: 'planted-g',
};

function lintFindingsOf(text: string): LintFinding[] {
	return lint(readConfigText(text, { file: 'f.yaml', env }));
}

/** Where the `§` stands, as `line:column`. */
function markOf(text: string): string {
	const before = text.slice(0, text.indexOf('§')).split('\n');
	return `${before.length}:${(before.at(-1) ?? '').length + 1}`;
}

describe('a rule', () => {
	it.each(lintCases)('$rule gives a $severity: $says', ({ rule, severity, text, says }) => {
		expect(text).toContain('§');
		const found = lintFindingsOf(text.replace('§', '')).filter((lintFinding) => lintFinding.rule === rule);
		const here = found.filter(({ line, column }) => `${line}:${column}` === markOf(text));
		expect(found.map(({ line, column }) => `${line}:${column}`)).toContain(markOf(text));
		expect(here.map((lintFinding) => lintFinding.severity)).toContain(severity);
		expect(here.map(({ message }) => message)).toContainEqual(expect.stringMatching(says));
	});

	it.each(lintCases)('$rule ($severity) has nothing against what is sound', ({ rule, sound }) => {
		expect(lintFindingsOf(sound).filter((lintFinding) => lintFinding.rule === rule)).toEqual([]);
	});

	it('has a name of its own, says what it finds, and is tested', () => {
		const ids = lintRules.map(({ id }) => id);
		expect(new Set(ids).size).toBe(ids.length);
		expect([...new Set(lintCases.map(({ rule }) => rule))].sort()).toEqual(ids.toSorted());
		for (const { id, finds } of lintRules) {
			expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
			expect(finds).toMatch(/^.*[^.]$/);
		}
	});

	it('has all the severities that its findings have, the gravest first', () => {
		for (const { id, severities: own } of lintRules) {
			const cases = lintCases.filter(({ rule }) => rule === id).map(({ severity }) => severity);
			expect([id, own]).toEqual([id, severities.filter((severity) => cases.includes(severity))]);
		}
	});

	it.each(lintCases)('$rule ($severity) shows no key, and says what to do after a semicolon', ({ text }) => {
		for (const { message } of lintFindingsOf(text.replace('§', ''))) {
			expect(message).not.toContain('planted');
			expect(message).toMatch(/^\S.*; \S.*[^.]$/);
		}
	});
});

describe('a lint finding', () => {
	const two = `providers: { a: { baseUrl: "http://127.0.0.1:1" }, b: { baseUrl: "http://127.0.0.1:2" } }
profiles:
  one: { chain: [a/m, b/m] }
  two: { extends: one, commit: complete }
  three: { chain: [b/m, a/m], policy: { onError: { BAD_REQUEST: { retries: 3 } } } }
policy:
  onError: { BAD_REQUEST: { retries: 2 } }
`;

	it('stands once where it is caused, and names all whom it concerns', () => {
		const found = lintFindingsOf(two).filter(({ rule }) => rule === 'hopeless-retries');
		expect(found.map(({ line, message }) => [line, /\(profiles? .*?\)/.exec(message)?.[0]])).toEqual([
			[5, '(profile `three`)'],
			[7, '(profiles `one`, `two`)'],
		]);
	});

	it('about a list that is shared by an alias stands at the anchor, once', () => {
		const text = two.replace('policy:\n', '').replace('  onError: {', 'policy: &p\n  onError: {');
		const found = lintFindingsOf(`${text}`).filter(({ rule }) => rule === 'hopeless-retries');
		expect(found.map(({ line }) => line)).toEqual([5, 7]);
	});

	it('with different numbers for several profiles shows the gravest, and names the others', () => {
		const text = `${two.replace(/policy:\n.*\n/, '')}policy: { timeouts: { request: 1m } }\n`.replace(
			'commit: complete',
			'policy: { timeouts: { response: 90s } }',
		);
		const found = lintFindingsOf(text).filter(({ rule }) => rule === 'timeout-beyond-deadline');
		expect(found.map(({ line }) => line)).toEqual([4, 6]);
		expect(found[1]?.message).toMatch(/\(profiles `one`, `three`\)/);
	});

	it('is printed as compilers do', () => {
		const lintFinding = { rule: 'a-b', severity: 'warning', line: 3, column: 7, message: 'x; y' } as const;
		expect(lintText('f.yaml', lintFinding)).toBe('f.yaml:3:7: warning: x; y [a-b]');
	});

	it('comes in the order of the file', () => {
		const lines = lintFindingsOf(`${two}server: { host: 0.0.0.0 }\n`).map(({ line }) => line);
		expect(lines).toEqual([5, 7, 8]);
		const together = lintFindingsOf(
			two.replace('commit: complete', 'policy: { retry: { backoff: 0s }, timeouts: { request: 5s } }'),
		);
		const columns = together.filter(({ line }) => line === 4).map(({ column }) => column);
		expect(columns.length).toBeGreaterThan(1);
		expect(columns).toEqual(columns.toSorted((a, b) => a - b));
	});
});

describe('the shipped configurations', () => {
	const folder = join(packageRoot, 'config');
	/** Beside them stand rules of other kinds, and facts. */
	const shipped = readdirSync(folder).filter(
		(name) => name.endsWith('.yaml') && /^profiles:/m.test(readFileSync(join(folder, name), 'utf8')),
	);

	it.each(shipped)('%s gives no error and no warning', (name) => {
		const filled = filledEnvironment(readFileSync(join(folder, name), 'utf8'));
		const lintFindings = lint(readConfig(join(folder, name), filled));
		expect(lintFindings.filter(({ severity }) => severity !== 'note')).toEqual([]);
	});

	it('of the README gives nothing at all', () => {
		const page = readFileSync(join(packageRoot, 'README.md'), 'utf8');
		const [, text = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
		expect(lintFindingsOf(text)).toEqual([]);
	});

	it('says nothing against many keys under the default policy', () => {
		const keys = JSON.stringify(['A', 'B', 'C', 'D'].map((name) => `\${${name}_KEY}`));
		const names = ['a', 'b', 'c'];
		const providers = names.map((name) => `  ${name}: { baseUrl: https://${name}.example/v1, apiKey: ${keys} }\n`);
		const text = `providers:\n${providers.join('')}profiles: { default: { chain: [a/m, b/m, c/m] } }\n`;
		const rulesOf = (file: string) => lintFindingsOf(file).map(({ rule }) => rule);
		expect(rulesOf(text)).not.toContain('too-many-attempts');
		expect(rulesOf(`${text}policy: { onError: { SERVER_ERROR: { retries: 3 } } }\n`)).toContain('too-many-attempts');
	});

	it.each(['AUTH_ERROR: { then: [credential, next] }', 'AUTH_ERROR: { retries: 0 }'])(
		'says nothing against another credential that a provider may get one day: %s',
		(entry) => {
			const text = `providers:\n  a: { baseUrl: http://127.0.0.1:1/v1 }\nprofiles: { default: { chain: [a/m] } }\npolicy: { onError: { ${entry} } }\n`;
			expect(lintFindingsOf(text).map(({ rule }) => rule)).not.toContain('credential-without-another');
		},
	);

	it('whose smallest is three lines gives a note only', () => {
		const smallest = 'providers:\n  a: { baseUrl: http://127.0.0.1:1/v1 }\nprofiles: { default: { chain: [a/m] } }\n';
		expect(lintFindingsOf(smallest).map(({ rule, severity }) => `${severity} ${rule}`)).toEqual(['note no-failover']);
	});
});

it('knows every reason that the code itself gives', () => {
	const sources = [
		'src/upstream/classify/transport-error.ts',
		'src/upstream/attempt-timers.ts',
		'src/upstream/classify/finish-reasons.ts',
		'src/gateway/exchange.ts',
		'src/gateway/other-key.ts',
		'src/answer/continuation-seam.ts',
	]
		.map((name) => readFileSync(join(packageRoot, name), 'utf8'))
		.join('\n');
	const given = [...sources.matchAll(/category: '([A-Z_]+)',\s*reason: '([a-z_]+)'/g)].map(
		([, category, reason]) => `${category}.${reason}`,
	);
	const [, timeOutReasons = ''] = /type TimeOutReason = ([^;]+);/.exec(sources) ?? [];
	const timeouts = [...timeOutReasons.matchAll(/'([a-z_]+)'/g)].map(([, reason]) => `TIMEOUT.${reason}`);
	const [, seamProblems = ''] = /type SeamProblem = ([^;]+);/.exec(sources) ?? [];
	const seams = [...seamProblems.matchAll(/'([a-z]+)'/g)].map(([, problem]) => `UNKNOWN_TRANSIENT.seam_${problem}`);
	expect([...new Set([...given, ...timeouts, ...seams])].sort()).toEqual([...builtInReasons].sort());
});
