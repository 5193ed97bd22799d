import { exec } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../../src/values/package-paths.ts';
import { defaultBounds } from '../../../src/verify/prove/default-bounds.ts';
import type { PropertyResult } from '../../../src/verify/report/report.ts';
import { type Command, Commands } from '../../helpers/command.ts';
import type { Ended } from '../../helpers/in-process.ts';
import { readMermaid } from '../../verify/report/mermaid.ts';

let commands: Commands;

beforeEach(() => {
	commands = new Commands();
});

afterEach(async () => {
	await commands.end();
});

/** Which window a breaker has says nothing of the command, and a small one is explored in half the time. */
const policy = 'policy: { breaker: { failureThreshold: 1, minimumVolume: 1, failureRate: 1, maxCooldown: 60s } }';
const providers = `providers:
  a: { baseUrl: https://a.example/v1, apiKey: "\${A_KEY}", ${policy} }
  b: { baseUrl: https://b.example/v1, apiKey: "\${B_KEY}", ${policy} }
`;
const good = `${providers}profiles:
  default: { chain: [a/m, b/n] }
  small: { chain: [b/n, a/m] }
`;
/** Anybody's bad request closes this gateway for everybody. */
const bad = `${good}policy: { breaker: { effects: { BAD_REQUEST: count } } }\n`;

const env = { A_KEY: 'PLANTEDKEY-A', B_KEY: 'PLANTEDKEY-B' };

function write(text: string): void {
	writeFileSync(join(commands.folder, 'my.yaml'), text);
}

function checked(text: string, ...args: string[]): Promise<Ended> {
	write(text);
	return commands.runWith(env, 'check', 'my.yaml', ...args);
}

/** The same as a real process. */
function started(text: string, ...args: string[]): Command {
	write(text);
	return commands.startWith(env, 'check', 'my.yaml', ...args);
}

/** As many states as show what a test looks for, where the whole exploration is not what it is about. */
const briefly = ['--bound', '20'];

const lastLine = (text: string) => text.trimEnd().split('\n').at(-1);

test('shows no secret of a configuration, wherever it stands and whatever is wrong with the rest', async () => {
	write(`server: { clients: { app: { key: PLANTED-client-key } }, adminKey: PLANTED-admin-key }
providers:
  a:
    baseUrl: http://a.example/PLANTED-8f3a9c1e77b2/v1?sig=PLANTEDQUERY
    apiKey: [PLANTEDKEY-1, PLANTEDKEY-1]
    headers: { X-Org-Pass: PLANTEDPASS, Session: PLANTEDSESSION }
    ${policy}
profiles:
  default: { chain: [{ target: a/m, headers: { X-Signature: PLANTEDSIGNATURE } }, a/m] }
`);
	for (const args of [[], ['--json']]) {
		const { stdout, stderr } = await commands.run('check', 'my.yaml', ...args);
		expect(stdout).toContain('literal-key');
		expect(stdout + stderr).not.toContain('PLANTED');
	}
});

describe('a configuration that holds', () => {
	test('exit code 0, and a report from its first line to its last', async () => {
		const command = started(good);
		expect(await command.exit).toBe(0);
		expect(command.stderr).toBe('');
		expect(command.stdout).toMatch(/^my\.yaml holds: no property can be broken/);
		expect(command.stdout).toMatch(/^profile default: a\/m → b\/n\n {2}at most \d+ attempts\n {4}a\/m .* → b\/n /m);
		expect(command.stdout).toMatch(/^profile small: b\/n → a\/m$/m);
		expect(lastLine(command.stdout)).toMatch(
			/^holds: [\d,]+ states, [\d,]+ transitions explored in (?:\d+ [hm] )*[\d.]+ (?:ms|s|m|h), \d+ MB$/,
		);
		expect(command.stdout).not.toContain('\x1b');
	});

	test('--profile checks only that one, and shows its worst cases step by step', async () => {
		const command = await checked(good, '--profile', 'small', ...briefly);
		expect(command.exit).toBe(2);
		expect(command.stdout).not.toMatch(/^profile default/m);
		expect(command.stdout).toMatch(/^profile small: .*\n.*\n +after +request/m);
	});
});

/** Which file is checked says a short exploration, too. */
describe('the configuration that is checked', () => {
	test('is the one that --config names', async () => {
		write(good);
		const command = await commands.runWith(env, 'check', '--config', 'my.yaml', ...briefly);
		expect(command.stdout).toMatch(/^my\.yaml could not be checked completely/);
	});

	test('is else the one of the working directory, as serve finds it', async () => {
		mkdirSync(join(commands.folder, 'config'));
		writeFileSync(join(commands.folder, 'config', 'gateway.yaml'), good);
		const command = await commands.runWith(env, 'check', ...briefly);
		expect(command.stdout).toMatch(/^config\/gateway\.yaml could not be checked completely/);
	});

	test('is else that of the simulated providers that serve would run, and that is said', async () => {
		const command = await commands.run('check', ...briefly);
		expect(command.stderr).toMatch(/^No configuration found: .*simulated/);
		expect(command.stdout).toMatch(/simulated\.yaml could not be checked completely/);
	});
});

describe('a configuration that does not hold', () => {
	test('exit code 1, the line that causes it, and how it comes about', async () => {
		const command = await checked(bad, ...briefly);
		expect(command.exit).toBe(1);
		expect(command.stdout).toMatch(/^my\.yaml does not hold: /);
		expect(command.stdout).toMatch(/^my\.yaml:7:\d+: error: /m);
		expect(command.stdout).toMatch(
			/^my\.yaml:7:\d+: broken: .*\n[\s\S]*?in provider a, b: [\s\S]*?\n +after +.*provider\n +0 ms /m,
		);
		expect(lastLine(command.stdout)).toMatch(/^fails: /);
	});

	test('--mermaid draws the counterexample, and nothing else is printed', async () => {
		const command = await checked(bad, '--mermaid', ...briefly);
		expect(command.exit).toBe(1);
		const { notes, messages } = readMermaid(command.stdout);
		expect(notes[0]).toMatch(/^provider a, b breaks /);
		expect(messages.join('\n')).toMatch(/BAD_REQUEST/);
	});
});

test('--mermaid draws the worst cases of one in which nothing fails', async () => {
	const command = await checked(good, '--mermaid', ...briefly);
	expect(command.exit).toBe(2);
	expect(readMermaid(command.stdout).notes.filter((note) => /^profile \w+, (most|longest)/.test(note))).toHaveLength(6);
});

describe('--json', () => {
	test.each([
		['holds', good, 0, []],
		['fails', bad, 1, briefly],
	])('is the whole report of one that %s, and holds no key', async (verdict, text, code, bound) => {
		const command = await checked(text, '--json', ...bound);
		expect(command.exit).toBe(code);
		const report = JSON.parse(command.stdout);
		expect(report).toMatchObject({ file: 'my.yaml', verdict, lintFindings: expect.any(Array), ms: expect.any(Number) });
		expect(report.providers[0]).toMatchObject({ ids: ['a', 'b'] });
		expect(report.providers[0].unexplored.length > 0).toBe(bound.length > 0);
		expect(report.profiles.map(({ name }: { name: string }) => name)).toEqual(['default', 'small']);
		expect(report.profiles[0].worst.attempts).toMatchObject({ most: expect.any(Number), isExact: bound.length === 0 });
		expect(report.states).toBeGreaterThan(report.profiles[0].states);
		expect(report.memory).toBeGreaterThan(1e7);
		expect(command.stdout).not.toContain('PLANTEDKEY');
		expect(command.stderr).toBe('');
	});
});

test('the longest chain that a file may have: how far it came, and that there may be worse', async () => {
	const chain = Array.from({ length: 100 }, (_, candidate) => `${candidate % 2 === 0 ? 'a' : 'b'}/model-${candidate}`);
	const text = `${providers}profiles: { default: { chain: [${chain.join(', ')}] } }\n`;
	const command = await checked(text, '--json', '--bound', '50');
	expect(command.exit).toBe(2);
	const { verdict, profiles } = JSON.parse(command.stdout);
	expect(verdict).toBe('unknown');
	expect(profiles[0].chain).toHaveLength(100);
	expect(profiles[0].unexplored.join(' ')).toMatch(/50 states/);
	expect(profiles[0].worst.attempts.isExact).toBe(false);
});

test('a bound that was reached: exit code 2, why, and what to do', async () => {
	const command = await checked(good, '--bound', '20');
	expect(command.exit).toBe(2);
	expect(command.stdout).toMatch(/^my\.yaml could not be checked completely/);
	expect(command.stdout).toMatch(/^not explored:\n {2}provider a, b: [\s\S]*profile default: [\s\S]*--bound/m);
	expect(lastLine(command.stdout)).toMatch(/^unknown: /);
});

test('what fails within a bound fails, however little was explored', async () => {
	const command = await checked(bad, '--bound', '1');
	expect(command.exit).toBe(1);
});

test('a property that a line of the file breaks is told at that line, in text and in JSON', async () => {
	const hopeless = `${good}policy: { onError: { QUOTA_EXCEEDED: { retries: 1 } } }\n`;
	const command = await checked(hopeless, ...briefly);
	expect(command.exit).toBe(1);
	expect(command.stdout).toMatch(/^my\.yaml:7:49: error: .*\[hopeless-retries\]$/m);
	expect(command.stdout).toMatch(/^my\.yaml:7:49: broken: a credential that was rejected/m);
	const json = await checked(hopeless, '--json', ...briefly);
	const { profiles } = JSON.parse(json.stdout) as { profiles: { properties: PropertyResult[] }[] };
	const broken = profiles.flatMap(({ properties }) => properties.filter(({ holds }) => !holds));
	expect(broken.map(({ id, counterexample }) => [id, counterexample?.at])).toEqual(
		profiles.map(() => ['spent-credential-left-alone', { line: 7, column: 49 }]),
	);
});

test('an address that serve does not listen on does not hold', async () => {
	const command = await checked(`${good}server: { host: 0.0.0.0 }\n`, '--bound', '20');
	expect(command.exit).toBe(1);
	expect(command.stdout).toMatch(/^my\.yaml:7:17: error: Whoever reaches 0\.0\.0\.0 .*\[open-to-network\]$/m);
});

describe('what serve refuses', () => {
	const cases: [name: string, text: string | undefined, ...args: string[]][] = [
		['a missing file', undefined, 'absent.yaml'],
		['a directory', undefined, '.'],
		['nothing in it', ''],
		['no YAML', 'providers: [\n'],
		['several mistakes', `${good}server: { prot: 1 }\npolicy: { timeouts: { connect: 5 } }\n`],
		['no profile', providers],
		['an empty table of profiles', `${providers}profiles: {}\n`],
		['an empty chain', `${providers}profiles: { default: { chain: [] } }\n`],
		['a chain of five hundred targets', `${providers}profiles: { default: { chain: [${'a/m, '.repeat(500)}] } }\n`],
		['a profile without a chain', `${providers}profiles: { default: {} }\n`],
		['a profile that extends itself', `${providers}profiles: { default: { extends: default } }\n`],
		['an unknown provider', `${providers}profiles: { default: { chain: [c/m] } }\n`],
		['a variable that is not set', good.replace('A_KEY', 'UNSET_KEY')],
		['a breaker in a profile', `${providers}profiles: { p: { chain: [a/m], policy: { breaker: { probes: 2 } } } }\n`],
	];

	test.each(cases)('check refuses with the same words: %s', async (_name, text, file = 'my.yaml') => {
		if (text !== undefined) write(text);
		const serve = await commands.runWith(env, 'serve', '--config', file);
		const check = await commands.runWith(env, 'check', file, '--json');
		expect([serve.exit, check.exit]).toEqual([1, 2]);
		expect(check.stderr).toBe(serve.stderr);
		expect(check.stderr).toMatch(/^[^:\n]+:\d+:\d+: .+\n/);
		expect(check.stdout).toBe('');
	});
});

describe('what cannot be understood ends with exit code 2', () => {
	test.each([
		[['--bund', '5'], /unknown option '--bund'[\s\S]*Did you mean --bound/],
		[['--bound', '0'], /A bound is a whole number of states, of at least 1/],
		[['--bound', 'many'], /A bound is a whole number/],
		[['--json', '--mermaid'], /'--mermaid' cannot be used with option '--json'/],
		[
			['--profile', 'constructor'],
			/^There is no profile 'constructor' in my\.yaml; the profiles are default, small\.\n$/,
		],
		[['--config', 'other.yaml'], /^Name the file once/],
		[['more.yaml'], /too many arguments/],
	])('%j', async (args, message) => {
		const command = await checked(good, ...args);
		expect(command.exit).toBe(2);
		expect(command.stderr).toMatch(message);
		expect(command.stdout).toBe('');
	});
});

test('--help is no mistake, and tells the exit codes', async () => {
	const command = await commands.run('check', '--help');
	expect(command.exit).toBe(0);
	expect(command.stdout).toMatch(/0 it holds, 1 it does not, 2 it could not be checked/);
	const { provider, profile } = defaultBounds;
	expect(command.stdout.replace(/\s+/g, ' ')).toContain(`default: ${provider} of a provider, ${profile} of a profile`);
});

test('a reader that closes the pipe leaves no trace of it', async () => {
	write(bad);
	const cli = join(packageRoot, 'src', 'cli.ts');
	// The reader is gone long before there is anything to read.
	const line = `('${process.execPath}' '${cli}' check my.yaml ${briefly.join(' ')}; echo $? >&2) | true`;
	const { stderr } = await promisify(exec)(line, { cwd: commands.folder, env: { ...process.env, ...env } });
	expect(stderr).toBe('1\n');
});

test('a long exploration tells how far it is, beside the report, and a signal ends it', async () => {
	const chain = Array.from({ length: 100 }, (_, candidate) => `${candidate % 2 === 0 ? 'a' : 'b'}/model-${candidate}`);
	const command = started(`${providers}profiles: { p: { chain: [${chain.join(', ')}] } }\n`, '--bound', '100000000');
	while (!/^profile p: [\d,]+ states…$/m.test(command.stderr)) await new Promise((resolve) => setTimeout(resolve, 50));
	command.kill('SIGINT');
	expect(await command.exit).toBe(null);
	expect(command.stdout).toBe('');
});

test('the configuration of the README can be checked, and no error is found in it', async () => {
	const page = readFileSync(join(packageRoot, 'README.md'), 'utf8');
	write(/```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '');
	const keys = { OPENAI_API_KEY: 'k', GROQ_API_KEY: 'l' };
	const { exit, stdout } = await commands.runWith(keys, 'check', 'my.yaml', ...briefly);
	expect({ exit, stdout }).toEqual({
		exit: 2,
		stdout: expect.stringMatching(/^my\.yaml could not be checked completely/),
	});
});
