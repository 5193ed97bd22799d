import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, type TestContext, test } from 'vitest';
import { configText, messages } from '../../helpers/gateway.ts';
import { startUpstream, status } from '../../helpers/upstream.ts';
import { scrape } from '../metrics/scrape.ts';

const cli = join(import.meta.dirname, '..', '..', '..', 'src', 'cli.ts');

interface Place {
	/** With a configuration, `my.yaml`, in front of a provider that refuses every request. */
	readonly folder: string;
	/** Has this done when the test is over, the last one first. */
	readonly afterwards: TestContext['onTestFinished'];
}

interface Proxy {
	readonly child: ChildProcess;
	readonly origin: string;
}

/** A folder of a test's own: these tests wait more than they work, and do so side by side. */
async function place({ onTestFinished: afterwards }: TestContext): Promise<Place> {
	const folder = mkdtempSync(join(tmpdir(), 'breakwater-'));
	afterwards(() => rmSync(folder, { recursive: true }));
	const upstream = await startUpstream();
	afterwards(() => upstream.close());
	upstream.always(status(400, { error: { message: 'no' } }));
	writeFileSync(join(folder, 'my.yaml'), configText({}, { a: upstream.baseUrl }));
	return { folder, afterwards };
}

/** Starts the proxy with this standard error. */
async function started({ folder, afterwards }: Place, stderr: number | 'pipe'): Promise<Proxy> {
	const child = spawn(process.execPath, [cli, 'serve', '--config', 'my.yaml', '--port', '0'], {
		cwd: folder,
		env: { HOME: folder, PATH: process.env.PATH },
		stdio: ['ignore', 'pipe', stderr],
	});
	afterwards(async () => {
		if (child.exitCode !== null || child.signalCode !== null) return;
		child.kill('SIGKILL');
		await once(child, 'exit');
	});
	let text = '';
	for await (const piece of child.stdout ?? []) {
		text += piece;
		const origin = /listens on (http:\S+)\/v1/.exec(text)?.[1];
		if (origin !== undefined) return { child, origin };
	}
	throw new Error(`it does not listen: ${text}`);
}

/** As in a shell. What `spawn` calls a pipe is a pair of sockets, as the journal of systemd is. */
async function startedOnPipe(at: Place): Promise<Proxy> {
	const path = join(at.folder, 'pipe');
	execFileSync('mkfifo', [path]);
	const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
	const writer = openSync(path, constants.O_WRONLY);
	for (const descriptor of [reader, writer]) at.afterwards(() => closeSync(descriptor));
	return started(at, writer);
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
			const answer = await response.text();
			expect(response.status, answer).toBe(400);
		});
		await Promise.all(calls);
	}
}

async function stops({ child }: Proxy): Promise<unknown> {
	const ended = once(child, 'exit');
	child.kill('SIGTERM');
	return (await ended)[0];
}

/** How often a process has asked the system to write so far, whether or not it could. */
function writesOf({ child }: Proxy): number {
	const [, writes] = /^syscw: (\d+)$/m.exec(readFileSync(`/proc/${child.pid}/io`, 'utf8')) ?? [];
	return Number(writes);
}

describe.concurrent('standard error', () => {
	test.skipIf(!existsSync('/dev/full'))(
		'on a full disk is no fault, is not tried again without a pause, and does not hold up a stop',
		async (context) => {
			const full = openSync('/dev/full', 'w');
			const proxy = await started(await place(context), full);
			closeSync(full);
			await failingCalls(proxy.origin, 100);
			const before = writesOf(proxy);
			await sleep(300);
			// Without a pause it would be thousands, and hundreds on a machine that is busy.
			expect(writesOf(proxy) - before).toBeLessThan(300);
			expect((await scrape(proxy.origin)).get('breakwater_crashes_total{}')).toBe(0);
			expect(await stops(proxy)).toBe(0);
		},
	);

	test.for(['pipe', 'socket'])(
		'that is a %s which nobody reads holds up neither requests nor a stop',
		async (kind, context) => {
			const at = await place(context);
			const proxy = kind === 'socket' ? await started(at, 'pipe') : await startedOnPipe(at);
			// More than a pipe holds, or a socket and its reader.
			await failingCalls(proxy.origin, kind === 'socket' ? 600 : 200);
			expect((await fetch(`${proxy.origin}/health`)).status).toBe(200);
			expect(await stops(proxy)).toBe(0);
		},
	);
});
