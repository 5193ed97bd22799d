import { writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import type { FailureReport } from '../../src/contract/failure-report.ts';
import type { ProviderHealth } from '../../src/contract/service.ts';
import { Commands } from '../helpers/command.ts';
import { configText, contentOf, messages, soon } from '../helpers/gateway.ts';
import { answers, chunksOf, startUpstream, streams, type Upstream } from '../helpers/upstream.ts';

const commands = new Commands();
const upstreams: Upstream[] = [];
const held: { destroy(): unknown }[] = [];
afterEach(async () => {
	for (const one of held) one.destroy();
	await commands.end();
	await Promise.all(upstreams.map((upstream) => upstream.close()));
});

type Told = { status: number; retryAfter: string | undefined; body?: FailureReport['body'] };

/** Asks on a connection of its own. A stream that begins is kept open; undefined where there was no answer at all. */
function ask(address: string): Promise<Told | undefined> {
	return new Promise((resolve, reject) => {
		const asked = request(`${address}/chat/completions`, { method: 'POST', agent: false }, (response) => {
			tell(response).then(resolve, reject);
		});
		held.push(asked);
		asked.on('error', () => resolve(undefined));
		asked.setHeader('content-type', 'application/json');
		asked.end(JSON.stringify({ stream: true, messages }));
	});
}

async function tell(response: IncomingMessage): Promise<Told> {
	const { statusCode: status = 0, headers } = response;
	const told = { status, retryAfter: headers['retry-after'] };
	if (status !== 200) return { ...told, body: JSON.parse(await readText(response)) };
	response.on('error', () => {}).resume();
	return told;
}

it('500 streams in a process of 256 descriptors: no provider is blamed, callers and the log are told', async () => {
	const [a, b] = [await startUpstream(), await startUpstream()];
	upstreams.push(a, b);
	for (const upstream of upstreams) upstream.always(streams(chunksOf('here it comes'), { end: 'stall' }));
	const settings = { timeouts: { idle: '10m', stream: '10m' }, onError: { NETWORK_ERROR: { retries: 1 } } };
	const policy = { ...settings, breaker: { failureThreshold: 1, cooldown: '60s' } };
	// A name is looked up with descriptors as well: for its servers, and for the hosts file.
	const named = b.baseUrl.replace('127.0.0.1', 'localhost');
	const yaml = configText({ policy }, { a: a.baseUrl, b: named });
	writeFileSync(join(commands.folder, 'gateway.yaml'), yaml);
	const breakwater = commands.startLimited(256, 'serve', '--config', 'gateway.yaml');
	const address = await breakwater.address();

	const told: (Told | undefined)[] = [];
	for (let asked = 0; asked < 500; asked += 25)
		told.push(...(await Promise.all(Array.from({ length: 25 }, () => ask(address)))));

	const statuses = new Map(Object.entries(Object.groupBy(told, (one) => one?.status ?? 'none')));
	expect([...statuses.keys()].filter((status) => !['200', '503', 'none'].includes(status))).toEqual([]);
	expect(statuses.get('200')?.length).toBeGreaterThan(50);
	const refused = statuses.get('503') ?? [];
	expect(refused.length).toBeGreaterThan(0);
	for (const one of refused) {
		// Before the last descriptor is gone, what comes is turned away.
		expect(['local_resources_exhausted', 'overloaded']).toContain(one?.body?.error.code);
		expect(Number(one?.retryAfter)).toBeGreaterThanOrEqual(1);
		for (const { category, reason } of one?.body?.failover?.attempts ?? [])
			expect(`${category}.${reason}`).toBe('NETWORK_ERROR.local');
	}

	for (const one of held.splice(0)) one.destroy();
	for (const upstream of upstreams) upstream.always(answers('well again'));
	// It may accept nobody before it has noticed that the others have left.
	const response = await soon(() =>
		fetch(`${address}/chat/completions`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ messages }),
		}).then((answer) => (answer.ok ? answer : expect.fail(`${answer.status}`))),
	);
	expect(await contentOf(response)).toBe('well again');
	const health = await fetch(new URL('/health', address)).then((answer) => answer.json());
	const { providers } = health as { providers: Record<string, ProviderHealth> };
	for (const name of ['a', 'b']) expect(providers[name]).toMatchObject({ state: 'closed', consecutiveFailures: 0 });

	expect(breakwater.stderr).not.toContain('closed → open');
	// Where all that was too much was turned away at the door, no attempt has met a fault.
	if (!refused.some((one) => one?.body?.error.code === 'local_resources_exhausted')) return;
	await soon(() => expect(breakwater.stderr).toContain('this machine keeps attempts from being made'));
	const lines = breakwater.stderr.split('\n').filter((line) => line.includes('"level":50'));
	expect(lines.length).toBeLessThan(refused.length);
	expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({ faults: 1, what: expect.stringContaining('EMFILE') });
});
