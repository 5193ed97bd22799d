import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { viewerLimits } from '../../../src/observe/inspector/viewer.ts';
import { Viewers } from '../../../src/observe/inspector/viewers.ts';
import { soon } from '../../helpers/gateway.ts';

let server: Server;
let viewers: Viewers;
let port: number;
let snapshot: () => string;
let changes: () => string | undefined;
let watched: boolean[];

beforeEach(async () => {
	const seen: boolean[] = [];
	watched = seen;
	snapshot = () => '{"now":0}';
	changes = () => '{"now":1}';
	viewers = new Viewers({
		watch: (isWatched) => void seen.push(isWatched),
		snapshot: () => snapshot(),
		changes: () => changes(),
	});
	server = createServer((_request, response) => {
		response.writeHead(200, { 'content-type': 'text/event-stream' });
		viewers.add(response);
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
	server.closeAllConnections();
	server.close();
	await once(server, 'close');
});

/** A viewer that reads. */
function watcher(): { text: string; close(): void; closed: Promise<unknown> } {
	const socket = connect(port, '127.0.0.1');
	socket.on('error', () => undefined);
	socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
	const viewer = { text: '', close: () => socket.destroy(), closed: once(socket, 'close') };
	socket.setEncoding('utf8').on('data', (piece: string) => {
		viewer.text += piece;
	});
	return viewer;
}

describe('viewers', () => {
	test('get a picture first, then what changes, at most ten times a second', async () => {
		const viewer = watcher();
		await soon(() => expect(viewer.text.match(/event: changes/g)?.length).toBeGreaterThanOrEqual(3));
		expect(viewer.text.indexOf('event: snapshot')).toBeLessThan(viewer.text.indexOf('event: changes'));
		const before = viewer.text.match(/event: changes/g)?.length ?? 0;
		const begun = performance.now();
		await soon(() => expect(viewer.text.match(/event: changes/g)?.length).toBeGreaterThanOrEqual(before + 4));
		expect(performance.now() - begun).toBeGreaterThan(3 * viewerLimits.interval - 50);
		viewer.close();
	});

	test('that do not read are dropped, and nobody waits for them', async () => {
		changes = () => `"${'x'.repeat(4_000_000)}"`;
		const silent = connect(port, '127.0.0.1');
		silent.on('error', () => undefined);
		silent.pause();
		silent.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
		await soon(() => expect(viewers.size).toBe(1));
		// What lies in the kernel's buffers is read too late: the server has hung up by itself.
		await soon(() => expect(viewers.size).toBe(0));
		changes = () => '{"now":1}';
		const other = watcher();
		await soon(() => expect(other.text).toContain('event: changes'));
		other.close();
		silent.destroy();
	});

	test('get their picture however large it is, and however slowly they take it', async () => {
		const picture = `"${'x'.repeat(3 * viewerLimits.backlog)}"`;
		snapshot = () => picture;
		const quick = watcher();
		const slow = connect(port, '127.0.0.1');
		slow.on('error', () => undefined);
		slow.setEncoding('utf8').write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
		slow.pause();
		await soon(() => expect(quick.text.length).toBeGreaterThan(picture.length));
		await soon(() => expect(quick.text.match(/event: changes/g)?.length).toBeGreaterThanOrEqual(3));
		expect(viewers.size).toBe(2);
		let text = '';
		slow.on('data', (piece: string) => {
			text += piece;
		});
		slow.resume();
		await soon(() => expect(text).toContain('event: changes'));
		expect(text.match(/x/g)?.length).toBeGreaterThanOrEqual(picture.length - 2);
		expect(text.indexOf('event: snapshot')).toBeLessThan(text.indexOf('event: changes'));
		quick.close();
		slow.destroy();
	});

	test('that have taken nothing for too long are dropped, however little they owe', async () => {
		const { patience } = viewerLimits;
		viewerLimits.patience = 300;
		onTestFinished(() => {
			viewerLimits.patience = patience;
		});
		snapshot = () => `"${'x'.repeat(12_000_000)}"`;
		const silent = connect(port, '127.0.0.1');
		silent.on('error', () => undefined);
		silent.pause();
		silent.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
		await soon(() => expect(viewers.size).toBe(1));
		await soon(() => expect(viewers.size).toBe(0));
		silent.destroy();
	});

	test('are watched for while there are any', async () => {
		const first = watcher();
		const second = watcher();
		await soon(() => expect(viewers.size).toBe(2));
		first.close();
		await soon(() => expect(viewers.size).toBe(1));
		expect(watched).toEqual([true]);
		second.close();
		await soon(() => expect(watched).toEqual([true, false]));
	});

	test('all hear of the end', async () => {
		const all = [watcher(), watcher()];
		await soon(() => expect(viewers.size).toBe(2));
		viewers.close();
		for (const viewer of all) await soon(() => expect(viewer.text).toContain('event: closing'));
		await soon(() => expect(viewers.size).toBe(0));
	});

	test('that come and go by the thousand leave nothing behind', async () => {
		setFlagsFromString('--expose-gc');
		const collect = runInNewContext('gc') as () => void;
		const storm = async (rounds: number) => {
			for (let round = 0; round < rounds; round += 1) {
				const batch = Array.from({ length: 40 }, watcher);
				await soon(() => expect(viewers.size).toBeGreaterThan(0));
				for (const viewer of batch) viewer.close();
				await Promise.all(batch.map(({ closed }) => closed));
				await soon(() => expect(viewers.size).toBe(0));
			}
			collect();
			return process.memoryUsage().heapUsed;
		};
		const warm = await storm(15);
		const after = await storm(40);
		expect(after - warm).toBeLessThan(3_000_000);
	});
});
