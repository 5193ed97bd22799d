import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Commands } from '../../helpers/command.ts';
import { answers, startUpstream, type Upstream } from '../../helpers/upstream.ts';

let commands: Commands;
let upstream: Upstream;

beforeEach(async () => {
	commands = new Commands();
	upstream = await startUpstream();
	upstream.always(answers('OK'));
});

afterEach(async () => {
	await commands.end();
	await upstream.close();
});

const clientKey = 'PLANTEDKEY-of-a-client';

/** A running proxy whose callers and whose provider have keys, from the folder's own configuration. */
async function serving(): Promise<string> {
	mkdirSync(join(commands.folder, 'config'));
	writeFileSync(
		join(commands.folder, 'config', 'gateway.yaml'),
		`server: { port: 0, clients: { me: { key: "\${CLIENT_KEY}" } } }
providers:
  p: { baseUrl: ${upstream.baseUrl}, apiKey: "\${P_KEY}" }
profiles:
  default: { chain: [p/m] }
`,
	);
	const env = { CLIENT_KEY: clientKey, P_KEY: 'PLANTEDKEY-of-p' };
	const server = commands.startWith(env, 'serve');
	const address = await server.address();
	writeFileSync(
		join(commands.folder, '.env'),
		Object.entries(env)
			.map(([name, value]) => `${name}=${value}\n`)
			.join(''),
	);
	return address;
}

async function run(env: Record<string, string>, ...args: string[]) {
	const ended = await commands.runWith(env, 'selfcheck', ...args);
	expect(`${ended.stdout}${ended.stderr}`).not.toMatch(/PLANTEDKEY|\p{Cc}\[/u);
	return ended;
}

describe('a proxy with keys, and a configuration whose variables are in .env', () => {
	test('one line for each finding, and exit code 0 where nothing failed', async () => {
		const url = await serving();
		const { exit, stdout, stderr } = await run({ BREAKWATER_KEY: clientKey }, '--url', url);
		expect([exit, stderr]).toEqual([0, '']);
		expect(stdout.replace(/\d+ ms/g, 'N ms').split('\n')).toEqual([
			expect.stringMatching(/^ok {4}proxy {22}http:\/\/127\.0\.0\.1:\d+ is Breakwater /),
			'ok    ready                      It takes requests for default.',
			'ok    client key                 The proxy takes requests with this key.',
			'ok    profile default, whole     Answered by p/m in N ms.',
			'ok    profile default, streamed  Answered by p/m in N ms.',
			'ok    provider p                 The key works: m answered in N ms.',
			'ok    clock                      This clock agrees with the one server that sent the time.',
			'',
			'7 findings: 0 failed, 0 to look at.',
			'',
		]);
	});

	test('without the key of a client: exit code 1, and JSON that says so', async () => {
		const { exit, stdout } = await run({}, '--url', await serving(), '--json');
		expect(exit).toBe(1);
		const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: { outcome: string; about: string }[] };
		expect(ok).toBe(false);
		expect(findings.filter(({ outcome }) => outcome === 'fail').map(({ about }) => about)).toEqual(['client key']);
	});
});

test('where nothing runs it ends at once, and says how to start it', async () => {
	const command = commands.start('selfcheck', '--url', upstream.baseUrl.replace(/:\d+\/v1$/, ':9'));
	expect(await command.exit).toBe(1);
	const { stdout } = command;
	expect(stdout).toMatch(/^fail {2}proxy +Nobody listens at .*; start the proxy with `breakwater serve`/);
	expect(stdout).toMatch(/^warn {2}configuration +There is no config\/gateway\.yaml here/m);
});

test.each([
	[['--url', 'http://u:PLANTEDKEY@127.0.0.1'], '--url is not an address'],
	[['--url', 'http://'], '--url is not an address'],
	[['--timeout', 'soon'], 'A time is a number of seconds'],
	[['--key', 'schlüssel'], 'The key cannot be sent in a header'],
])('%j is told in one sentence', async (args, message) => {
	const { exit, stderr, stdout } = await run({}, ...args);
	expect([exit, stdout]).toEqual([1, '']);
	expect(stderr).toContain(message);
});
