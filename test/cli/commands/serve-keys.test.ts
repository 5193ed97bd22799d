import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { soon } from '../../helpers/gateway.ts';
import { postTo, type ServePerTest, serveFor } from '../../helpers/serve-per-test.ts';
import { answers, status } from '../../helpers/upstream.ts';

const folderOf = ({ commands }: ServePerTest) => ({
	written: (name: string) => join(commands.folder, name),
	pidIn: (name: string) => soon(() => pidAt(join(commands.folder, name))),
});

function pidAt(path: string): number {
	expect(existsSync(path) && readFileSync(path, 'utf8')).toMatch(/^\d+\n$/);
	return Number(readFileSync(path, 'utf8'));
}

function isRunning(pid: number): boolean {
	// A process that has ended stays, until whoever has inherited it asks how.
	return existsSync(`/proc/${pid}/status`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** Prints a key with a number that grows; from the second time on it hangs where there is a file `hang`. */
const numbered =
	'n=$(cat count 2>/dev/null || echo 0); n=$((n + 1)); echo $n > count; [ -e hang ] && { echo $$ > pid; sleep 300; }; echo planted-token-$n; echo planted-words >&2';

test.concurrent('a command that hangs in its renewal is ended with the process, which ends in peace', async (context) => {
	const perTest = await serveFor(context);
	const { pidIn, written } = folderOf(perTest);
	const command = perTest.commands.start(
		...perTest.configured({ providers: { a: { apiKey: { command: numbered, every: '1s' } } } }),
	);
	const address = await command.address();
	expect((await postTo(address)).status).toBe(200);
	await soon(() => expect(command.stderr.match(/was fetched/g)?.length).toBeGreaterThanOrEqual(3));
	writeFileSync(written('hang'), '');
	const pid = await pidIn('pid');
	expect((await postTo(address)).status).toBe(200);
	command.kill('SIGTERM');
	expect(await command.exit).toBe(0);
	await soon(() => expect(isRunning(pid)).toBe(false));
	const [first, second] = perTest.upstream.requests.map(({ headers }) => headers.authorization);
	expect(first).toMatch(/^Bearer planted-token-\d+$/);
	expect(second).toMatch(/^Bearer planted-token-\d+$/);
	expect(second).not.toBe(first);
});

test.concurrent('a signal that comes before the first key does ends both', async (context) => {
	const perTest = await serveFor(context);
	const { pidIn, written } = folderOf(perTest);
	writeFileSync(written('hang'), '');
	const command = perTest.commands.start(
		...perTest.configured({ providers: { a: { apiKey: { command: numbered } } } }),
	);
	const pid = await pidIn('pid');
	command.kill('SIGTERM');
	expect(await command.exit).toBe(143);
	await soon(() => expect(isRunning(pid)).toBe(false));
});

test.concurrent('what cannot be fetched is said in one sentence, in the log, the metrics, /ready and to the caller; no key is', async (context) => {
	const perTest = await serveFor(context);
	const { written } = folderOf(perTest);
	const setup = { providers: { a: { apiKey: [{ command: 'echo planted-token-1; echo planted-token-2' }] } } };
	const command = perTest.commands.startWith(
		{ LOG_LEVEL: 'trace' },
		...perTest.configured(setup, 'logs: { folder: files }\n'),
	);
	const address = await command.address();
	const origin = address.replace('/v1', '');
	const shown = await Promise.all([
		(await postTo(address)).text(),
		...['/ready', '/health', '/metrics'].map(async (path) => (await fetch(origin + path)).text()),
	]);
	expect(shown[0]).toContain('providers.a.apiKey');
	expect(JSON.parse(shown[1] ?? '')).toMatchObject({ status: 'unavailable' });
	expect(shown[3]).toContain('breakwater_key_failing{gen_ai_provider_name="a",provider="a"} 1');
	expect(shown[3]).toContain('breakwater_key_fetches_total{gen_ai_provider_name="a",provider="a",outcome="failed"} 1');
	await soon(() => expect(command.stderr).toContain('could not be fetched'));
	command.kill('SIGTERM');
	expect(await command.exit).toBe(0);
	const lines = command.stderr.split('\n').filter((line) => line.includes('could not be fetched'));
	expect(lines.map((line) => JSON.parse(line))).toMatchObject([
		{
			level: 50,
			provider: 'a',
			source: 'providers.a.apiKey',
			msg: 'the key of provider a could not be fetched: the command printed 2 lines, where a key is one; the provider is not asked without one',
		},
	]);
	const files = readdirSync(written('files')).map((name) => readFileSync(join(written('files'), name), 'utf8'));
	expect([...shown, ...files, command.stdout, command.stderr].join('\n')).not.toContain('planted');
	expect(perTest.upstream.requests).toEqual([]);
});

test.concurrent('keys of the past are taken out of what a provider says, wherever it is shown', async (context) => {
	const perTest = await serveFor(context);
	const command = perTest.commands.startWith(
		{ LOG_LEVEL: 'trace' },
		...perTest.configured({ providers: { a: { apiKey: { command: numbered, every: '1s' } } } }),
	);
	const address = await command.address();
	await soon(() => expect(command.stderr.match(/was fetched/g)?.length).toBeGreaterThanOrEqual(3));
	const echo = { error: { message: 'planted-token-1, planted-token-2', code: 'planted-token-1' } };
	perTest.upstream.next(status(400, echo), status(401, echo), answers('ok'));
	const replies = [await (await postTo(address)).text(), await (await postTo(address)).text()];
	command.kill('SIGTERM');
	expect(await command.exit).toBe(0);
	expect(replies[0]).toContain('[redacted]');
	expect(replies.join() + command.stderr + command.stdout).not.toContain('planted-');
});

test.concurrent('`check` and `explain` fetch nothing, and a key that is fetched is no missing one', async (context) => {
	const perTest = await serveFor(context);
	const { written } = folderOf(perTest);
	perTest.configured({ providers: { a: { apiKey: { command: 'touch ran; echo planted' } } } });
	const checked = await perTest.commands.run('check', '--bound', '10', 'my.yaml');
	const explained = await perTest.commands.run('explain', '--when', 'a: 401', 'my.yaml');
	const validated = await perTest.commands.run('check', '--bound', '10', '--json', 'my.yaml');
	expect(existsSync(written('ran'))).toBe(false);
	expect(explained).toMatchObject({ exit: 0, stdout: expect.stringContaining('AUTH_ERROR') });
	expect(checked.stdout).toContain('a/model-a');
	expect(JSON.parse(validated.stdout)).toBeTypeOf('object');
	const said = [checked, explained, validated].map(({ stdout, stderr }) => stdout + stderr).join();
	expect(said).not.toMatch(/planted|no key|missing/);
});
