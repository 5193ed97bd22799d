import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Commands } from '../../helpers/command.ts';
import { configText, type GatewaySetup, messages, soon } from '../../helpers/gateway.ts';
import { answers, chunksOf, startUpstream, status, streams, type Upstream } from '../../helpers/upstream.ts';

const clientKey = 'planted-client-key-1';
const adminKey = 'planted-admin-key-01';
const clients = { web: { key: clientKey } };

/** This machine's address in its network, when it is in one. */
const [lan] = Object.values(networkInterfaces())
	.flatMap((addresses) => addresses ?? [])
	.filter(({ internal, family }) => !internal && family === 'IPv4')
	.map(({ address }) => address);

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
function configured(setup: GatewaySetup = {}, more = ''): string[] {
	writeFileSync(join(commands.folder, 'my.yaml'), configText(setup, { a: upstream.baseUrl }) + more);
	return ['serve', '--config', 'my.yaml'];
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

function post(address: string, body: object = {}, headers: Record<string, string> = bearer(clientKey)) {
	return fetch(`${address}/chat/completions`, {
		method: 'POST',
		headers: { 'content-type': 'application/json', ...headers },
		body: JSON.stringify({ messages, ...body }),
	});
}

describe('beyond loopback', () => {
	const open = ['0.0.0.0', '::', ...(lan === undefined ? [] : [lan])];

	test.each(open)('nothing listens on %s while callers need no key', async (host) => {
		const command = await commands.run(...configured(), '--host', host);
		expect(command.exit).toBe(1);
		expect(command.stdout).toBe('');
		expect(command.stderr).toMatch(
			/Whoever reaches \S+ could spend on your providers' keys; .*server\.clients.*--host 127\.0\.0\.1\)/,
		);
	});

	test('nor with the simulated providers', async () => {
		const command = await commands.run('serve', '--port', '0', '--host', '0.0.0.0');
		expect(command.exit).toBe(1);
		expect(command.stderr).toContain('server.clients');
	});

	test.each(open)('%s is served when callers have keys', async (host) => {
		const command = commands.start(...configured({ server: { clients } }), '--host', host);
		const { port } = new URL(await command.address());
		const address = `http://${host === lan ? host : '127.0.0.1'}:${port}/v1`;
		expect((await post(address, {}, {})).status).toBe(401);
		expect((await post(address)).status).toBe(200);
		expect(command.stdout).not.toContain('planted');
		expect(command.stdout).toContain("-H 'authorization: Bearer THE-KEY-OF-web'");
	});

	test.each(['127.9.8.7', '::1', 'localhost'])('%s is this machine, and needs no keys', async (host) => {
		const command = commands.start(...configured(), '--host', host);
		expect(await command.address()).toMatch(/^http:/);
	});

	test.skipIf(lan === undefined)(
		'the admin API is not there for other addresses, unless the configuration says so',
		async () => {
			const ask = async (server: object) => {
				const command = commands.start(
					...configured({ server: { clients, adminKey, ...server } }),
					'--host',
					'0.0.0.0',
				);
				const { port } = new URL(await command.address());
				const at = (host: string) => fetch(`http://${host}:${port}/admin/providers`, { headers: bearer(adminKey) });
				return [(await at('127.0.0.1')).status, (await at(lan ?? '')).status];
			};
			expect(await ask({})).toEqual([200, 403]);
			expect(await ask({ adminFrom: 'anywhere' })).toEqual([200, 200]);
		},
	);
});

describe('told to stop', () => {
	test('it says so at /ready and in the log at once, and goes on for server.drainDelay', async () => {
		const command = commands.start(...configured({ server: { drainDelay: '1200ms', drainTimeout: '7s' } }));
		const address = await command.address();
		const ready = async () => (await fetch(address.replace('/v1', '/ready'))).status;
		expect(await ready()).toBe(200);
		command.kill('SIGTERM');
		await soon(async () => expect(await ready()).toBe(503));
		const signalledAt = performance.now();
		expect((await post(address)).status).toBe(200);
		expect((await fetch(address.replace('/v1', '/health'))).status).toBe(200);
		expect(await command.exit).toBe(0);
		expect(performance.now() - signalledAt).toBeGreaterThan(800);
		await expect(post(address)).rejects.toThrow('fetch failed');
		expect(command.stderr).toMatch(/SIGTERM: taking requests for 1200 ms more \(server\.drainDelay\), then .* 7000 ms/);
	});

	test('twice, it does not wait', async () => {
		const command = commands.start(...configured({ server: { drainDelay: '30s' } }));
		const address = await command.address();
		command.kill('SIGTERM');
		await soon(async () => expect((await fetch(address.replace('/v1', '/ready'))).status).toBe(503));
		command.kill('SIGTERM');
		expect(await command.exit).toBe(0);
	});
});

describe('log files', () => {
	test('have what standard error has, to the last line', async () => {
		const command = commands.start(...configured({ server: { clients } }, 'logs: {}\n'), '--no-check');
		const address = await command.address();
		await post(address, {}, { ...bearer(clientKey), 'x-request-id': 'theirs' });
		await (await post(address, { stream: true })).text();
		command.kill('SIGTERM');
		expect(await command.exit).toBe(0);
		const folder = join(commands.folder, 'logs');
		const [name = ''] = readdirSync(folder);
		expect(name).toMatch(/^breakwater\.\d{4}-\d\d-\d\d\.1\.log$/);
		const lines = readFileSync(join(folder, name), 'utf8');
		expect(lines).toBe(command.stderr);
		const ofRequests = lines.split('\n').filter((line) => line.includes('"requestId"'));
		const [first, second] = ofRequests.map((line) => JSON.parse(line));
		expect(first).toMatchObject({
			client: 'web',
			clientRequestId: 'theirs',
			requestId: expect.stringMatching(/^req_/),
		});
		expect(second).toMatchObject({ client: 'web', firstTokenMs: expect.any(Number) });
		expect(second).not.toHaveProperty('clientRequestId');
	});

	test('have a line for each request that is refused, by the id that the caller got; of a flood, for a few', async () => {
		const command = commands.start(...configured({ server: { clients } }, 'logs: {}\n'), '--no-check');
		const address = await command.address();
		const refused = await post(address, {}, bearer('planted-wrong-key-1'));
		await Promise.all(Array.from({ length: 100 }, () => post(address, {}, bearer('planted-wrong-key-2'))));
		command.kill('SIGTERM');
		expect(await command.exit).toBe(0);
		const [name = ''] = readdirSync(join(commands.folder, 'logs'));
		const lines = readFileSync(join(commands.folder, 'logs', name), 'utf8')
			.trim()
			.split('\n');
		expect(JSON.parse(lines[0] ?? '')).toMatchObject({
			level: 40,
			requestId: refused.headers.get('x-breakwater-request-id'),
			code: 'invalid_api_key',
			status: 401,
			address: '127.0.0.1',
		});
		expect(lines.length).toBeLessThan(30);
		expect(lines.join()).not.toContain('planted');
	});

	test('that have a folder where the file should be keep it from starting', async () => {
		const now = new Date();
		const two = (value: number) => String(value).padStart(2, '0');
		const name = `breakwater.${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}.1.log`;
		mkdirSync(join(commands.folder, 'logs', name), { recursive: true });
		// A process of its own: the library goes on trying to write to a file that it could not open.
		const command = commands.start(...configured({}, 'logs: {}\n'));
		expect(await command.exit).toBe(1);
		expect(command.stderr).toMatch(/^The log folder logs \(logs\.folder\) cannot be used \(EISDIR\)[^\n]*\.\n$/);
	});

	test('that cannot be written keep it from starting', async () => {
		mkdirSync(join(commands.folder, 'x'));
		writeFileSync(join(commands.folder, 'x', 'file'), '');
		const command = await commands.run(...configured({}, 'logs: { folder: x/file/logs }\n'));
		expect(command.exit).toBe(1);
		expect(command.stderr).toBe('The log folder x/file/logs (logs.folder) is not a folder; name another one.\n');
		expect(command.stdout).toBe('');
	});
});

test('no key, prompt or answer is in any output: replies, logs, log files, /health, /ready, /metrics, /admin', async () => {
	const providerKey = 'planted-provider-key';
	const [prompt, answer, words] = ['PLANTED-PROMPT', 'PLANTED-ANSWER', 'PLANTED-WORDS'];
	const echo = { error: { message: `${words} ${providerKey} ${clientKey} ${adminKey} ${prompt}`, code: words } };
	upstream.next(
		answers(answer),
		streams(chunksOf(`${answer} ${answer}`)),
		status(503, echo),
		status(400, echo),
		streams([...chunksOf(answer).slice(0, 2), echo]),
		status(401, echo),
	);
	const command = commands.startWith(
		{ LOG_LEVEL: 'trace' },
		...configured(
			{
				server: { clients, adminKey },
				providers: { a: { apiKey: providerKey } },
				policy: { continuation: { maxContinuations: 0 } },
			},
			'logs: { folder: files }\n',
		),
	);
	const address = await command.address();
	const origin = address.replace('/v1', '');
	const body = { messages: [{ role: 'user', content: prompt }] };
	const replies: string[] = [];
	for (const stream of [false, true, false, false, true, false, false]) {
		const reply = await (await post(address, { ...body, stream })).text();
		// What is the caller's own is theirs: the answer, and a provider's words about their request.
		replies.push(reply.replaceAll(answer, '').replaceAll(words, '').replaceAll(prompt, ''));
	}
	for (const headers of [{}, bearer(adminKey), bearer(providerKey), bearer(`${clientKey}x`)]) {
		replies.push(await (await post(address, body, headers)).text());
	}
	const shown: string[] = [];
	const ask = async (path: string, headers: Record<string, string>, init: RequestInit = {}) => {
		const response = await fetch(origin + path, { ...init, headers });
		shown.push(JSON.stringify([...response.headers]), await response.text());
		return response.status;
	};
	for (const path of ['/health', '/ready', '/metrics', '/v1/models']) await ask(path, bearer(clientKey));
	for (const path of [
		'/admin/providers',
		'/admin/requests',
		'/admin/requests?profile=x',
		'/admin/nothing',
		'/nothing',
	]) {
		expect(await ask(path, bearer(adminKey))).toBeLessThan(500);
		expect(await ask(path, bearer(clientKey))).toBeGreaterThanOrEqual(path === '/nothing' ? 404 : 401);
	}
	expect(await ask('/admin/providers/a/reset', bearer(adminKey), { method: 'POST' })).toBe(200);
	command.kill('SIGTERM');
	expect(await command.exit).toBe(0);

	const files = readdirSync(join(commands.folder, 'files')).map((name) =>
		readFileSync(join(commands.folder, 'files', name), 'utf8'),
	);
	expect(files.join('')).toMatch(/operator\.reset.*127\.0\.0\.1/);
	expect(shown.join('\n')).toMatch(/providers\.a\.apiKey/);
	const outputs = { replies, shown, files, stdout: [command.stdout], stderr: [command.stderr] };
	for (const [name, texts] of Object.entries(outputs)) {
		for (const secret of [providerKey, clientKey, adminKey, prompt, answer, words]) {
			expect(texts.join('\n'), `${secret} in ${name}`).not.toContain(secret);
		}
	}
	expect(JSON.stringify(upstream.requests.map(({ headers }) => headers))).not.toMatch(/planted-(client|admin)/);
});
