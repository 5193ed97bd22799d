import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Commands } from '../../helpers/command.ts';
import { configText } from '../../helpers/gateway.ts';
import { answers, chunksOf, startUpstream, status, streams, type Upstream } from '../../helpers/upstream.ts';

let commands: Commands;
let a: Upstream;
let b: Upstream;

beforeEach(async () => {
	commands = new Commands();
	[a, b] = await Promise.all([startUpstream(), startUpstream()]);
	const profiles = { second: { chain: ['b/tiny'] } };
	writeFileSync(join(commands.folder, 'my.yaml'), configText({ profiles }, { a: a.baseUrl, b: b.baseUrl }));
});

afterEach(async () => {
	await commands.end();
	await Promise.all([a.close(), b.close()]);
});

const text = 'Grüße,\n\nand 日本 🎉.';

function call(...args: string[]) {
	return commands.run('call', 'hi', '--config', 'my.yaml', ...args);
}

test('without a configuration prints a simulated answer, and says so beside it', async () => {
	const command = commands.start('call', 'hi');
	expect(await command.exit).toBe(0);
	expect(command.stdout).toMatch(/\S.*\n$/);
	expect(command.stderr).toMatch(/simulated/);
});

test.each([
	['streamed', []],
	['whole', ['--no-stream']],
])('prints exactly the answer: %s', async (_name, args) => {
	a.next(answers(text));
	const command = await call(...args);
	expect(command.exit).toBe(0);
	expect(command.stdout).toBe(`${text}\n`);
	expect(command.stderr).toBe('');
	expect(a.requests[0]?.json).toEqual({
		messages: [{ role: 'user', content: 'hi' }],
		stream: args.length === 0,
		model: 'model-a',
	});
});

test('--trace prints the trace, beside the answer', async () => {
	a.next(status(503));
	b.next(answers(text));
	const command = await call('--trace');
	expect(command.exit).toBe(0);
	expect(command.stdout).toBe(`${text}\n`);
	expect(command.stderr.trimEnd().split('\n')).toEqual([
		expect.stringMatching(/^ +\d+ ms {2}a\/model-a {2}SERVER_ERROR 503\b/),
		expect.stringMatching(/^ +\d+ ms {2}b\/model-b {2}ok\b/),
	]);
});

test.each([
	['second', 'tiny'],
	['b/model-b', 'model-b'],
])('--profile %s takes a profile or a target', async (profile, model) => {
	expect((await call('--profile', profile)).exit).toBe(0);
	expect(a.requests).toHaveLength(0);
	expect(b.requests[0]?.json).toMatchObject({ model });
});

test('an unknown profile: what there is, and nothing is sent', async () => {
	const command = await call('--profile', 'nope');
	expect(command.exit).toBe(1);
	expect(command.stderr).toBe("There is no profile or target 'nope' in my.yaml; the profiles are default, second.\n");
	expect(command.stdout).toBe('');
	expect(a.requests).toHaveLength(0);
});

test('no answer: one sentence, the trace when asked for, and exit code 1', async () => {
	a.next(status(503));
	b.next(status(503));
	const command = await call('--trace');
	expect(command.exit).toBe(1);
	expect(command.stdout).toBe('');
	expect(command.stderr.trimEnd().split('\n')).toEqual([
		expect.stringContaining('a/model-a'),
		expect.stringContaining('b/model-b'),
		expect.stringMatching(/^Every target of 'default' failed/),
	]);
});

test('an answer that breaks: what came, what happened, and exit code 1', async () => {
	a.next(streams(chunksOf('only half of it').slice(0, 3), { end: 'cut' }));
	b.always(status(503));
	a.always(status(503));
	const command = await call();
	expect(command.exit).toBe(1);
	expect(command.stdout).toBe('only half \n');
	expect(command.stderr).toMatch(/^The answer from a\/model-a broke off .* not complete\.\n$/);
});

test('no prompt: the usage, and exit code 1', async () => {
	const command = await commands.run('call');
	expect(command.exit).toBe(1);
	expect(command.stderr).toMatch(/missing required argument 'prompt'/);
});
