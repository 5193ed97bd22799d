import { exec } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Commands } from '../../helpers/command.ts';
import { configText, eventsOf, messages, soon } from '../../helpers/gateway.ts';
import { answers, chunksOf, hangs, startUpstream, status, streams, type Upstream } from '../../helpers/upstream.ts';

const run = promisify(exec);

let commands: Commands;
let upstream: Upstream;

beforeEach(async () => {
	commands = new Commands();
	upstream = await startUpstream();
});

afterEach(async () => {
	await commands.end();
	await upstream.close();
});

/** Writes a configuration in front of the one upstream; returns the arguments that name it. */
function configured(setup: Parameters<typeof configText>[0] = {}): string[] {
	writeFileSync(join(commands.folder, 'my.yaml'), configText(setup, { a: upstream.baseUrl }));
	return ['serve', '--config', 'my.yaml'];
}

function post(address: string, body: object = {}, init: RequestInit = {}): Promise<Response> {
	const headers = { 'content-type': 'application/json' };
	return fetch(`${address}/chat/completions`, {
		method: 'POST',
		headers,
		body: JSON.stringify({ messages, ...body }),
		...init,
	});
}

describe('serve starts', () => {
	test('without any configuration on simulated providers, which it does not judge, with a curl line that works', async () => {
		const command = commands.start('serve', '--port', '0');
		await command.prints(/curl .*\n/);
		expect(command.stdout).toMatch(/SIMULATED/);
		expect(command.stderr).not.toMatch(/simulated\.yaml:\d/);
		expect(command.stdout).toMatch(/alpha .*503[\s\S]*profile default: alpha\/sim-large → beta\/sim-small/);
		const [line = ''] = /curl .*/.exec(command.stdout) ?? [];
		const { stdout } = await run(line.replace('curl -i', 'curl -s -i --max-time 8'));
		expect(stdout).toMatch(/^HTTP\/1.1 200 OK/);
		expect(stdout).toMatch(/x-breakwater-target: (alpha\/sim-large|beta\/sim-small)/);
		expect(JSON.parse(stdout.slice(stdout.indexOf('{')))).toMatchObject({ object: 'chat.completion' });
	});

	test('with --config, on loopback, and its /health is that of the file', async () => {
		const command = commands.start(...configured());
		const address = await command.address();
		expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
		expect(command.stdout).not.toMatch(/SIMULATED/);
		expect(await (await post(address)).json()).toMatchObject({ model: 'model-a' });
		const health = await (await fetch(address.replace('/v1', '/health'))).json();
		expect(health).toMatchObject({ status: 'ok', providers: { a: { state: 'closed' } } });
	});

	test('with config/gateway.yaml of the working directory, where none is named; no query and no secret in the path of a baseUrl is printed', async () => {
		mkdirSync(join(commands.folder, 'config'));
		// It may hold a key.
		const baseUrl = `${upstream.baseUrl}/PLANTED-PATH-8f3a9c1e77b2?api-key=PLANTEDQUERY`;
		writeFileSync(join(commands.folder, 'config', 'gateway.yaml'), configText({}, { mine: baseUrl }));
		const command = commands.start('serve');
		await command.address();
		expect(command.stdout).toMatch(/profile default: mine\/model-mine/);
		expect(command.stdout).toContain(`${upstream.baseUrl}/…?…`);
		expect(command.stdout).not.toContain('PLANTED');
	});
});

describe('serve does not start', () => {
	test.each([
		['with simulated providers', []],
		['with a configuration', ['--config', 'my.yaml']],
	])('on a port in use, %s', async (_name, args) => {
		configured();
		const other = createServer().listen(0, '127.0.0.1');
		await soon(() => expect(other.listening).toBe(true));
		const port = String((other.address() as AddressInfo).port);
		const command = await commands.run('serve', '--port', port, ...args);
		expect(command.exit).toBe(1);
		expect(command.stderr).toMatch(new RegExp(`^Port ${port} on 127.0.0.1 is in use; .*--port.*\n$`));
		expect(command.stdout).toBe('');
		other.close();
	});

	test('on a broken configuration: every problem with file, line and column', async () => {
		writeFileSync(
			join(commands.folder, 'broken.yaml'),
			'providers:\n  a: { baseUrl: nonsense }\nprofiles: { x: { chain: [b/m] } }\n',
		);
		const command = await commands.run('serve', '--config', 'broken.yaml');
		expect(command.exit).toBe(1);
		expect(command.stderr).toMatch(/^broken\.yaml:2:17: .*baseUrl/m);
		expect(command.stderr).toMatch(/^broken\.yaml:3:29: .*b\/m|^broken\.yaml:3:\d+: .*'?b'?/m);
		expect(command.stderr).not.toMatch(/ at .*\.ts:/);
	});

	test.each([
		[
			'a configuration that is not there',
			['serve', '--config', 'absent.yaml'],
			/^absent\.yaml:1:1: the file does not exist/,
		],
		['an unknown option', ['serve', '--prot', '1'], /unknown option '--prot'[\s\S]*Did you mean --port/],
		['an unknown command', ['server'], /unknown command 'server'[\s\S]*Did you mean serve/],
		['a port that is none', ['serve', '--port', '70000'], /A port is a number from 0 to 65535/],
		[
			'a host that is none',
			['serve', '--host', '192.0.2.1', '--port', '0'],
			/192\.0\.2\.1 is not an address of this machine/,
		],
	])('on %s', async (_name, args, message) => {
		const command = await commands.run(...args);
		expect(command.exit).toBe(1);
		expect(command.stderr).toMatch(message);
		expect(command.stderr).not.toMatch(/ at .*\.ts:/);
	});
});

describe('serve, told to stop', () => {
	test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
		'finishes an open stream, refuses new connections, and exits 0: %s',
		async (signal) => {
			const text = 'word '.repeat(40).trim();
			upstream.next(streams(chunksOf(text), { delayMs: 15 }));
			const command = commands.start(...configured());
			const address = await command.address();
			const response = await post(address, { stream: true });
			command.kill(signal);
			await soon(() => expect(command.stderr).toContain(signal));
			// A terminal that is closed sends it twice.
			if (signal === 'SIGHUP') command.kill(signal);
			await expect(post(address)).rejects.toThrow('fetch failed');
			const events = eventsOf(await response.text());
			expect(events.at(-1)).toBe('[DONE]');
			expect(events).toHaveLength(chunksOf(text).length + 1);
			expect(await command.exit).toBe(0);
		},
	);

	test('waits for no connection that is idle, that has said nothing, or that says no more of a request', async () => {
		const command = commands.start(...configured({ server: { drainTimeout: '90s' } }));
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

	test('waits for no connection that a stream has left idle', async () => {
		upstream.next(streams(chunksOf('a few words on the way'), { delayMs: 40 }));
		const command = commands.start(...configured());
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

	test('cuts off what outlasts server.drainTimeout: an error in the stream, not a clean end', async () => {
		const setup = { server: { drainTimeout: '150ms' }, policy: { timeouts: { idle: '9s', response: '9s' } } };
		upstream.next(streams(chunksOf('never ends').slice(0, 2), { end: 'stall' }), hangs());
		const command = commands.start(...configured(setup));
		const address = await command.address();
		const response = await post(address, { stream: true });
		const waiting = post(address);
		await soon(() => expect(upstream.requests).toHaveLength(2));
		command.kill('SIGTERM');

		const events = eventsOf(await response.text());
		expect(events).not.toContain('[DONE]');
		expect(JSON.parse(events.at(-1) ?? '')).toMatchObject({ error: { code: 'shutting_down', type: 'server_error' } });
		expect((await waiting).status).toBe(503);
		expect(await command.exit).toBe(0);
		expect(command.stderr).toMatch(/server\.drainTimeout/);
	});
});

test('neither keys nor prompts nor answers are printed or logged, at any level', async () => {
	const secrets = ['planted-key-8f3a', 'PLANTED-PROMPT', 'PLANTED-ANSWER', 'PLANTED-ERROR'];
	const [key = '', prompt = '', answer = '', words = ''] = secrets;
	const echo = { error: { message: `${words}: ${key}, ${prompt}`, code: words, type: words } };
	upstream.next(
		answers(answer),
		streams(chunksOf(`${answer} ${answer}`)),
		status(400, echo),
		status(503, echo),
		streams([...chunksOf(answer).slice(0, 2), echo]),
		status(401, echo),
	);
	const command = commands.startWith(
		{ LOG_LEVEL: 'debug' },
		...configured({ providers: { a: { apiKey: key } }, policy: { continuation: { maxContinuations: 0 } } }),
	);
	const address = await command.address();
	const body = { messages: [{ role: 'user', content: prompt }] };
	const codes = [];
	for (const stream of [false, true, false, false, true, false, false]) {
		const response = await post(address, { ...body, stream });
		codes.push(response.status);
		await response.text();
	}
	codes.push((await post(address, {}, { body: `{"messages":["${prompt}` })).status);
	expect(codes).toEqual([200, 200, 400, 502, 200, 502, 502, 400]);
	await soon(() => expect(command.stderr.match(/"requestId"/g)?.length).toBeGreaterThanOrEqual(7));
	command.kill('SIGTERM');
	expect(await command.exit).toBe(0);
	expect(command.stderr).toMatch(/providers\.a\.apiKey/);
	for (const secret of secrets) expect(command.stdout + command.stderr).not.toContain(secret);
});
