import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { eventsOf, messages, soon } from '../../helpers/gateway.ts';
import { postTo, serveFor } from '../../helpers/serve-per-test.ts';
import { chunksOf, hangs, streams } from '../../helpers/upstream.ts';

describe.concurrent('serve, told to stop', () => {
	test.for(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
		'finishes an open stream, refuses new connections, and exits 0: %s',
		async (signal, context) => {
			const perTest = await serveFor(context);
			const text = 'word '.repeat(40).trim();
			perTest.upstream.next(streams(chunksOf(text), { delayMs: 15 }));
			const command = perTest.commands.start(...perTest.configured());
			const address = await command.address();
			const response = await postTo(address, { stream: true });
			command.kill(signal);
			await soon(() => expect(command.stderr).toContain(signal));
			// A terminal that is closed sends it twice.
			if (signal === 'SIGHUP') command.kill(signal);
			await expect(postTo(address)).rejects.toThrow('fetch failed');
			const events = eventsOf(await response.text());
			expect(events.at(-1)).toBe('[DONE]');
			expect(events).toHaveLength(chunksOf(text).length + 1);
			expect(await command.exit).toBe(0);
		},
	);

	test('waits for no connection that is idle, that has said nothing, or that says no more of a request', async (context) => {
		const perTest = await serveFor(context);
		const command = perTest.commands.start(...perTest.configured({ server: { drainTimeout: '90s' } }));
		const address = await command.address();
		const port = Number(new URL(address).port);
		const saying = (said: string) => {
			const socket = connect(port, '127.0.0.1');
			socket.write(said);
			return socket;
		};
		const idle = saying('GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
		const silent = saying('');
		const half = saying('POST /v1/chat/completions HTTP/1.1\r\n');
		await Promise.all([once(idle, 'data'), once(silent, 'connect'), once(half, 'connect')]);
		await fetch(address.replace('/v1', '/health'));
		const startedAt = performance.now();
		command.kill('SIGTERM');
		expect(await command.exit).toBe(0);
		expect(performance.now() - startedAt).toBeLessThan(60_000);
		for (const socket of [idle, silent, half]) socket.destroy();
	});

	test('waits for no connection that a stream has left idle', async (context) => {
		const perTest = await serveFor(context);
		perTest.upstream.next(streams(chunksOf('a few words on the way'), { delayMs: 40 }));
		const command = perTest.commands.start(...perTest.configured());
		const address = await command.address();
		const socket = connect(Number(new URL(address).port), '127.0.0.1');
		const body = JSON.stringify({ messages, stream: true });
		socket.write(
			`POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
		);
		let received = '';
		socket.on('data', (piece) => {
			received += piece;
		});
		await soon(() => expect(received).toContain('few'));
		const startedAt = performance.now();
		command.kill('SIGTERM');
		expect(await command.exit).toBe(0);
		expect(received).toContain('data: [DONE]');
		expect(performance.now() - startedAt).toBeLessThan(15_000);
		socket.destroy();
	});

	test('cuts off what outlasts server.drainTimeout: an error in the stream, not a clean end', async (context) => {
		const perTest = await serveFor(context);
		const setup = { server: { drainTimeout: '150ms' }, policy: { timeouts: { idle: '9s', response: '9s' } } };
		perTest.upstream.next(streams(chunksOf('never ends').slice(0, 2), { end: 'stall' }), hangs());
		const command = perTest.commands.start(...perTest.configured(setup));
		const address = await command.address();
		const response = await postTo(address, { stream: true });
		const waiting = postTo(address);
		await soon(() => expect(perTest.upstream.requests).toHaveLength(2));
		command.kill('SIGTERM');

		const events = eventsOf(await response.text());
		expect(events).not.toContain('[DONE]');
		expect(JSON.parse(events.at(-1) ?? '')).toMatchObject({ error: { code: 'shutting_down', type: 'server_error' } });
		expect((await waiting).status).toBe(503);
		expect(await command.exit).toBe(0);
		expect(command.stderr).toMatch(/server\.drainTimeout/);
	});

	test('says so at /ready and in the log at once, and goes on for server.drainDelay', async (context) => {
		const perTest = await serveFor(context);
		const command = perTest.commands.start(...perTest.configured({ server: { drainDelay: '5s', drainTimeout: '7s' } }));
		const address = await command.address();
		const ready = async () => (await fetch(address.replace('/v1', '/ready'))).status;
		expect(await ready()).toBe(200);
		command.kill('SIGTERM');
		await soon(async () => expect(await ready()).toBe(503));
		const signalledAt = performance.now();
		expect((await postTo(address)).status).toBe(200);
		expect((await fetch(address.replace('/v1', '/health'))).status).toBe(200);
		expect(await command.exit).toBe(0);
		expect(performance.now() - signalledAt).toBeGreaterThan(800);
		await expect(postTo(address)).rejects.toThrow('fetch failed');
		expect(command.stderr).toMatch(/SIGTERM: taking requests for 5000 ms more \(server\.drainDelay\), then .* 7000 ms/);
	});

	test('twice, does not wait', async (context) => {
		const perTest = await serveFor(context);
		const command = perTest.commands.start(...perTest.configured({ server: { drainDelay: '30s' } }));
		const address = await command.address();
		command.kill('SIGTERM');
		await soon(async () => expect((await fetch(address.replace('/v1', '/ready'))).status).toBe(503));
		command.kill('SIGTERM');
		expect(await command.exit).toBe(0);
	});
});
