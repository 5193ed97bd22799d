import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Commands } from '../../helpers/command.ts';
import { configText, soon } from '../../helpers/gateway.ts';
import { startUpstream, type Upstream } from '../../helpers/upstream.ts';
import { openLiveViewer } from './viewer.ts';

let commands: Commands;
let upstream: Upstream;

beforeEach(async () => {
	commands = new Commands();
	upstream = await startUpstream();
	writeFileSync(
		join(commands.folder, 'my.yaml'),
		configText({ server: { drainTimeout: '30s' } }, { a: upstream.baseUrl }),
	);
});

afterEach(async () => {
	await commands.end();
	await upstream.close();
});

test('serve shows the inspector, and a viewer does not hold up its end', async () => {
	const command = commands.start('serve', '--config', 'my.yaml', '--no-check');
	const origin = (await command.address()).replace('/v1', '');
	expect(await (await fetch(`${origin}/inspector`)).text()).toContain('<title>Breakwater</title>');
	const viewer = await openLiveViewer(origin);
	expect(viewer.snapshots[0]).toMatchObject({ providers: [{ id: 'a' }] });
	const begun = performance.now();
	command.kill('SIGTERM');
	expect(await command.exit).toBe(0);
	expect(performance.now() - begun).toBeLessThan(15_000);
	await soon(() => expect(viewer.names.at(-1)).toBe('closing'));
});

test('serve --inspect says where the Stately Inspector is, and a taken port in one sentence', async () => {
	const command = commands.start('serve', '--config', 'my.yaml', '--no-check', '--inspect', '0');
	await command.prints(/Stately Inspector shows the actors at http:\/\/127\.0\.0\.1:\d+\n/);
	const [, port = ''] = /actors at http:\/\/127\.0\.0\.1:(\d+)/.exec(command.stdout) ?? [];
	const heard: string[] = [];
	const socket = new WebSocket(`ws://127.0.0.1:${port}`);
	socket.addEventListener('message', ({ data }) => heard.push(JSON.parse(String(data)).name));
	await soon(() => expect(heard).toContain('a'));
	socket.close();
	const second = commands.start('serve', '--config', 'my.yaml', '--no-check', '--inspect', port);
	expect(await second.exit).toBe(1);
	expect(second.stderr).toContain(
		`The Stately Inspector cannot have port ${port}; choose another with --inspect PORT.\n`,
	);
	command.kill('SIGTERM');
	expect(await command.exit).toBe(0);
});
