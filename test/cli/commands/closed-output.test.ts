import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Commands } from '../../helpers/command.ts';
import { configText, soon } from '../../helpers/gateway.ts';
import { chunksOf, startUpstream, streams, type Upstream } from '../../helpers/upstream.ts';

const cli = join(import.meta.dirname, '..', '..', '..', 'src', 'cli.ts');

let commands: Commands;
let upstream: Upstream;

beforeEach(async () => {
	commands = new Commands();
	upstream = await startUpstream();
	writeFileSync(join(commands.folder, 'my.yaml'), configText({}, { a: upstream.baseUrl }));
});

afterEach(async () => {
	await commands.end();
	await upstream.close();
});

/** Runs a command whose reader goes away after its first piece, or before. */
async function withoutReader(args: string[], { readsFirst = false } = {}) {
	const child = spawn(process.execPath, [cli, ...args], {
		cwd: commands.folder,
		env: { HOME: commands.folder, PATH: process.env.PATH },
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	let stderr = '';
	child.stderr.setEncoding('utf8').on('data', (text: string) => {
		stderr += text;
	});
	if (readsFirst) await once(child.stdout, 'data');
	child.stdout.destroy();
	const [exit] = await once(child, 'close');
	return { exit, stderr };
}

test('call ends quietly, and takes its request back', async () => {
	upstream.next(streams(chunksOf('word '.repeat(400).trim()), { delayMs: 20 }));
	const startedAt = performance.now();
	expect(await withoutReader(['call', 'hi', '--config', 'my.yaml'], { readsFirst: true })).toEqual({
		exit: 0,
		stderr: '',
	});
	expect(performance.now() - startedAt).toBeLessThan(7_000);
	await soon(() => expect(upstream.aborted).toBe(1));
});

test.each([
	['a whole answer', ['call', 'hi', '--config', 'my.yaml', '--no-stream']],
	['a short stream', ['call', 'hi', '--config', 'my.yaml']],
	['the demo', ['demo']],
	['help', ['--help']],
	['a script', ['completion', 'bash']],
])('%s ends quietly', async (_name, args) => {
	expect(await withoutReader(args)).toEqual({ exit: 0, stderr: '' });
});
