import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { configText, messages } from '../../helpers/gateway.ts';
import { startUpstream, status, type Upstream } from '../../helpers/upstream.ts';
import { scrape } from '../metrics/scrape.ts';

const cli = join(import.meta.dirname, '..', '..', '..', 'src', 'cli.ts');

let folder: string;
let upstream: Upstream;
let child: ChildProcess | undefined;
let descriptors: number[] = [];

beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), 'breakwater-'));
	upstream = await startUpstream();
	upstream.always(status(400, { error: { message: 'no' } }));
	writeFileSync(join(folder, 'my.yaml'), configText({}, { a: upstream.baseUrl }));
});

afterEach(async () => {
	if (child?.exitCode === null && child.signalCode === null) {
		child.kill('SIGKILL');
		await once(child, 'exit');
	}
	for (const descriptor of descriptors) closeSync(descriptor);
	descriptors = [];
	await upstream.close();
	rmSync(folder, { recursive: true });
});

/** Starts the proxy with this standard error; returns it and its origin. */
async function started(stderr: number | 'pipe'): Promise<{ proxy: ChildProcess; origin: string }> {
	const proxy = spawn(process.execPath, [cli, 'serve', '--config', 'my.yaml', '--port', '0'], {
		cwd: folder,
		env: { HOME: folder, PATH: process.env.PATH },
		stdio: ['ignore', 'pipe', stderr],
	});
	child = proxy;
	let text = '';
	for await (const piece of proxy.stdout ?? []) {
		text += piece;
		const origin = /listens on (http:\S+)\/v1/.exec(text)?.[1];
		if (origin !== undefined) return { proxy, origin };
	}
	throw new Error(`it does not listen: ${text}`);
}

/** As in a shell. What `spawn` calls a pipe is a pair of sockets, as the journal of systemd is. */
async function startedOnPipe() {
	const path = join(folder, 'pipe');
	execFileSync('mkfifo', [path]);
	const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
	const writer = openSync(path, constants.O_WRONLY);
	descriptors.push(reader, writer);
	return started(writer);
}

/** Each has a line of about 500 bytes in the log. */
async function failingCalls(origin: string, count: number): Promise<void> {
	for (let sent = 0; sent < count; sent += 50) {
		const calls = Array.from({ length: Math.min(50, count - sent) }, async () => {
			const response = await fetch(`${origin}/v1/chat/completions`, {
				method: 'POST',
				headers: { 'content-type': 'application/json', 'x-request-id': 'x'.repeat(120) },
				body: JSON.stringify({ messages }),
			});
			expect(response.status).toBe(400);
			await response.text();
		});
		await Promise.all(calls);
	}
}

async function stops(proxy: ChildProcess): Promise<unknown> {
	const ended = once(proxy, 'exit');
	proxy.kill('SIGTERM');
	return (await ended)[0];
}

test.skipIf(!existsSync('/dev/full'))(
	'standard error on a full disk is no fault, costs no CPU, and does not hold up a stop',
	async () => {
		const full = openSync('/dev/full', 'w');
		const { proxy, origin } = await started(full);
		closeSync(full);
		await failingCalls(origin, 100);
		const before = await scrape(origin);
		await new Promise((resolve) => setTimeout(resolve, 2000));
		const after = await scrape(origin);
		expect(after.get('breakwater_crashes_total{}')).toBe(0);
		// One that retries without a pause takes all of a core.
		const cpu = 'breakwater_process_cpu_seconds_total{}';
		expect(Number(after.get(cpu)) - Number(before.get(cpu))).toBeLessThan(1);
		expect(await stops(proxy)).toBe(0);
	},
);

test.each(['pipe', 'socket'])('a %s that nobody reads holds up neither requests nor a stop', async (kind) => {
	const { proxy, origin } = kind === 'socket' ? await started('pipe') : await startedOnPipe();
	// More than a pipe, a socket and its reader hold.
	await failingCalls(origin, 600);
	expect((await fetch(`${origin}/health`)).status).toBe(200);
	expect(await stops(proxy)).toBe(0);
});
