import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Commands } from '../../helpers/command.ts';
import { configText } from '../../helpers/gateway.ts';
import { answers, delayed, startUpstream, type Upstream } from '../../helpers/upstream.ts';

/** A process has to start, on a machine that has other things to do. */
const LONGEST_TEST_MS = 120_000;

let commands: Commands;
let upstream: Upstream;
let folder: string;

beforeEach(async () => {
	commands = new Commands();
	upstream = await startUpstream();
	folder = mkdtempSync(join(tmpdir(), 'breakwater-'));
});

afterEach(async () => {
	await commands.end();
	await upstream.close();
	rmSync(folder, { recursive: true });
});

it(
	'a process with little memory refuses what it cannot hold, and lives',
	async () => {
		const file = join(folder, 'my.yaml');
		writeFileSync(file, configText({}, { a: upstream.baseUrl }));
		const flags = { NODE_OPTIONS: '--max-old-space-size=64' };
		const command = commands.startWith(flags, 'serve', '--config', file, '--no-check');
		const address = await command.address();
		upstream.always(delayed(300, answers('ok')));
		const post = (content: string) =>
			fetch(`${address}/chat/completions`, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify({ messages: [{ role: 'user', content }] }),
			});
		const megabyte = 'x'.repeat(1024 ** 2);
		const statuses = new Map<number, number>();
		for (let round = 0; round < 3; round++) {
			const answered = await Promise.all(Array.from({ length: 20 }, () => post(megabyte)));
			for (const response of answered) {
				statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
				await response.text();
			}
		}
		expect([...statuses.keys()].sort()).toEqual([200, 503]);
		expect(statuses.get(200)).toBeGreaterThanOrEqual(3);
		expect((await post('calm')).status).toBe(200);
		expect(command.stderr).not.toMatch(/out of memory|heap limit/i);
	},
	LONGEST_TEST_MS,
);
