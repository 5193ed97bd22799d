import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Commands } from '../../helpers/command.ts';
import { configText } from '../../helpers/gateway.ts';

let commands: Commands;

beforeEach(() => {
	commands = new Commands();
	const nobody = 'http://127.0.0.1:1/v1';
	writeFileSync(
		join(commands.folder, 'my.yaml'),
		configText({ profiles: { second: { chain: ['b/tiny'] } } }, { a: nobody, b: nobody }),
	);
});

afterEach(() => commands.end());

const explain = (...args: string[]) => commands.run('explain', ...args);

test('prints the trace of the default profile', async () => {
	const { exit, stdout, stderr } = await explain('my.yaml', '--when', 'a: 429 retry-after=30; b: ok after=200ms');
	expect([exit, stderr]).toEqual([0, '']);
	expect(stdout).toMatch(/^profile default, streamed: a\/model-a → b\/model-b\n/);
	expect(stdout).toMatch(/^ +0 ms {2}a\/model-a answers 429 → RATE_LIMIT, asks to wait 30 s +settling +closed$/m);
	expect(stdout).toMatch(/^The client gets 200 from b\/model-b after 200 ms, 2 attempts\.$/m);
	expect(stdout).toMatch(/^ {2}a +open until \+30 s/m);
});

test('--profile, --no-stream and --config', async () => {
	const { exit, stdout } = await explain(
		'--config',
		'my.yaml',
		'--profile',
		'second',
		'--no-stream',
		'--when',
		'*: timeout',
	);
	expect(exit).toBe(0);
	expect(stdout).toMatch(/^profile second, not streamed: b\/tiny\n/);
	expect(stdout).toContain('504 all_targets_timed_out');
});

test('--json prints the case for programs', async () => {
	const { exit, stdout } = await explain('my.yaml', '--json', '--when', 'a: 401');
	expect(exit).toBe(0);
	expect(JSON.parse(stdout)).toMatchObject({
		profile: 'default',
		chain: ['a/model-a', 'b/model-b'],
		client: { gets: 'error', status: 502, code: 'provider_auth_failed' },
		attempts: 1,
		after: [
			{ id: 'a', state: 'open', reason: 'auth' },
			{ id: 'b', state: 'closed' },
			{ id: 'b/model-b', state: 'closed' },
		],
	});
});

test('--mermaid prints a diagram', async () => {
	const { exit, stdout } = await explain('my.yaml', '--mermaid', '--when', 'a: 503');
	expect(exit).toBe(0);
	expect(stdout).toMatch(/^sequenceDiagram\n/);
	expect(stdout).toContain('answers 503 → SERVER_ERROR');
});

test('without a configuration explains the simulated providers, and says so', async () => {
	const command = commands.start('explain');
	expect(await command.exit).toBe(0);
	expect(command.stdout).toContain('The client gets 200 from');
	expect(command.stderr).toMatch(/simulated/);
});

test.each([
	[
		['my.yaml', '--when', 'a: 503; c: 503'],
		'--when, column 9: `c` is no provider, key or target of the configuration; choose from `*`, `a`, `b`, `a/model-a`, `b/model-b`, `b/tiny`\n',
	],
	[['my.yaml', '--profile', 'secnd'], "There is no profile or target 'secnd' in my.yaml; did you mean `second`?\n"],
	[['my.yaml', '--config', 'my.yaml'], 'Name the file once: as FILE, or with --config.\n'],
])('%j is a mistake of the user: one sentence, exit code 1', async (args, sentence) => {
	expect(await explain(...args)).toEqual({ exit: 1, stdout: '', stderr: sentence });
});

test('a configuration that cannot be read: the words of serve, exit code 2', async () => {
	writeFileSync(join(commands.folder, 'bad.yaml'), 'providers: { a: { baseUrl: nowhere } }\nprofiles: {}\n');
	for (const file of ['bad.yaml', 'missing.yaml', '.']) {
		const serve = await commands.run('serve', '--config', file, '--port', '0');
		expect(await explain(file)).toEqual({ exit: 2, stdout: '', stderr: serve.stderr });
	}
});

test('the help has the grammar of --when', async () => {
	const { exit, stdout } = await explain('--help');
	expect(exit).toBe(0);
	expect(stdout).toContain('client leaves after=3s');
	expect(stdout).toContain('Exit codes: 0 explained');
});
