import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AskSystem, LookUps } from '../../src/upstream/look-ups.ts';
import { AttemptBench, type AttemptTestOptions } from '../helpers/attempt.ts';
import { Commands } from '../helpers/command.ts';
import { configText, contentOf, messages } from '../helpers/gateway.ts';
import { startUpstream, type Upstream } from '../helpers/upstream.ts';

/** libuv's threads for look-ups, as few as they can be. */
const THREADS = 2;

let upstream: Upstream;
let bench: AttemptBench;
let delayMs: number;
let timers: NodeJS.Timeout[];

beforeEach(async () => {
	upstream = await startUpstream();
	delayMs = 0;
	timers = [];
	let free = THREADS;
	const queue: (() => void)[] = [];
	/** Nothing under `silent.test` is ever answered; what has no thread waits for one. */
	const ask: AskSystem = (hostname, _options, callback) => {
		const run = () => {
			free -= 1;
			if (hostname.endsWith('silent.test')) return;
			const found = () => {
				free += 1;
				callback(null, [{ address: '127.0.0.1', family: 4 }]);
				queue.shift()?.();
			};
			timers.push(setTimeout(found, delayMs));
		};
		if (free > 0) run();
		else queue.push(run);
	};
	bench = new AttemptBench(undefined, { lookUps: new LookUps({ ask }) });
});

afterEach(async () => {
	for (const timer of timers) clearTimeout(timer);
	await bench.close();
	await upstream.close();
});

function ask(hostname: string, options: AttemptTestOptions = {}) {
	const baseUrl = upstream.baseUrl.replace('127.0.0.1', hostname);
	return bench.start(baseUrl, options).over;
}

it('a name that is never found times out by itself, and other providers are asked meanwhile', async () => {
	const hanging = Array.from({ length: 20 }, () => ask('silent.test', { timeouts: { connect: 400 } }));
	const well = await Promise.all(Array.from({ length: 20 }, () => ask('well.test')));
	expect(well.map(({ is }) => is)).toEqual(Array(20).fill('completed'));
	for (const { is, message } of await Promise.all(hanging)) {
		expect(is).toBe('TIMEOUT.connect');
		expect(message).toBe('no address for the name of the provider in time');
	}
});

it('the time for a connection begins when the name is known', async () => {
	const mute = createServer().listen(0, '127.0.0.1');
	await once(mute, 'listening');
	try {
		delayMs = 600;
		const { port } = mute.address() as AddressInfo;
		const startedAt = performance.now();
		const baseUrl = `https://slow.test:${port}/v1`;
		const { is, message } = await bench.start(baseUrl, { timeouts: { connect: 1_000 } }).over;
		expect([is, message]).toEqual(['TIMEOUT.connect', 'no connection in time']);
		expect(performance.now() - startedAt).toBeGreaterThan(1_500);
	} finally {
		mute.close();
	}
});

it.runIf(process.platform === 'linux')('a process has threads for more look-ups than Node gives it', async () => {
	const commands = new Commands();
	try {
		const baseUrls = { a: upstream.baseUrl.replace('127.0.0.1', 'localhost') };
		writeFileSync(join(commands.folder, 'gateway.yaml'), configText({}, baseUrls));
		const breakwater = commands.start('serve', '--config', 'gateway.yaml');
		const response = await fetch(`${await breakwater.address()}/chat/completions`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ messages }),
		});
		expect(await contentOf(response)).toBe('ok');
		const [, threads] = /^Threads:\s+(\d+)$/m.exec(readFileSync(`/proc/${breakwater.pid}/status`, 'utf8')) ?? [];
		expect(Number(threads)).toBeGreaterThan(32);
	} finally {
		await commands.end();
	}
});
