import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { messages, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { chunksOf, streams } from '../helpers/upstream.ts';

type Headers = Record<string, string>;

const adminKey = 'planted-admin-key-01';
const callerKey = 'planted-caller-key-1';
const origin = 'https://app.example';

const started: TestGateway[] = [];
let open: TestGateway;
let named: TestGateway;
let keyed: TestGateway;

async function start(server: Record<string, unknown>): Promise<TestGateway> {
	const gateway = await startGateway({ server: { adminKey, ...server } });
	started.push(gateway);
	return gateway;
}

beforeAll(async () => {
	open = await start({});
	named = await start({ hosts: ['gateway.LAN', '[fd00::1]'], corsOrigins: [origin, 'vscode-webview://x'] });
	keyed = await start({ clients: { web: { key: callerKey } }, corsOrigins: ['*'] });
});

afterAll(async () => {
	for (const gateway of started) await gateway.close();
});

/** With exactly these headers, which fetch does not let anybody write. */
async function ask(
	{ origin: address }: TestGateway,
	path: string,
	headers: Headers,
	method = 'GET',
	body?: string,
): Promise<IncomingMessage & { body: string }> {
	const sent = request(`${address}${path}`, { method, headers, agent: false });
	sent.end(body);
	const [response] = (await once(sent, 'response')) as [IncomingMessage];
	return Object.assign(response, { body: await readText(response) });
}

const chat = (gateway: TestGateway, headers: Headers, body: object = {}) =>
	ask(
		gateway,
		'/v1/chat/completions',
		{ 'content-type': 'application/json', ...headers },
		'POST',
		JSON.stringify({ messages, ...body }),
	);

const statusOf = async (gateway: TestGateway, headers: Headers) => (await chat(gateway, headers)).statusCode;

describe('without keys of callers', () => {
	test.each([
		'/v1/models',
		'/v1/models/default',
		'/health',
		'/ready',
		'/metrics',
		'/no/such/path',
		'/v1/no/such/path',
		'/chat/completions',
	])('a name that a stranger can point here is refused, for GET %s', async (path) => {
		const { statusCode, body, headers } = await ask(open, path, { host: 'evil.example' });
		expect(statusCode).toBe(403);
		expect(JSON.parse(body).error).toMatchObject({
			type: 'invalid_request_error',
			code: 'host_not_allowed',
			param: 'Host',
			message: expect.stringContaining('server.hosts'),
		});
		expect(headers['access-control-allow-origin']).toBeUndefined();
	});

	test('nothing of such a request reaches a provider', async () => {
		const before = open.upstream('a').requests.length;
		expect(await statusOf(open, { host: 'evil.example' })).toBe(403);
		expect(await statusOf(open, { origin: 'https://evil.example' })).toBe(403);
		expect(open.upstream('a').requests).toHaveLength(before);
	});

	test.each(['/admin/providers', '/admin'])('%s still wants its own key under every name', async (path) => {
		expect((await ask(open, path, { host: 'evil.example' })).statusCode).toBe(401);
	});

	test.each([
		'localhost',
		'LOCALHOST:4010',
		'127.0.0.1:4010',
		'127.9.9.9',
		'[::1]:4010',
		'[::ffff:127.0.0.1]:1',
		'host.docker.internal:4010',
	])('this machine under the name %s is answered', async (host) => {
		expect(await statusOf(open, { host })).toBe(200);
	});

	test.each([
		'evil.example:4010',
		'localhost.evil.example',
		'127.0.0.1.evil.example',
		'127.0.0.1@evil.example',
		'notlocalhost',
		'gateway.lan',
		'192.168.0.2:4010',
		'[fd00::1]',
		'0.0.0.0:4010',
	])('the name "%s" is not this machine’s', async (host) => {
		expect(await statusOf(open, { host })).toBe(403);
	});

	test.each(['gateway.lan', 'GATEWAY.lan:80', '[fd00::1]:4010', 'localhost'])(
		'%s is, with server.hosts',
		async (host) => {
			expect(await statusOf(named, { host })).toBe(200);
			expect(await statusOf(named, { host: `${host.split(':', 1)}.evil.example` })).toBe(403);
		},
	);

	test('a health check that speaks HTTP/1.0 and sends no name is answered', async () => {
		const socket = connect(Number(new URL(open.origin).port), '127.0.0.1');
		socket.write('GET /ready HTTP/1.0\r\n\r\n');
		expect(await readText(socket)).toMatch(/^HTTP\/1\.\d 200 /);
	});

	test.each([
		['another site', { origin: 'https://evil.example' }],
		['another page of this machine', { origin: 'http://localhost:3000' }],
		['a page without an origin', { origin: 'null' }],
		['a site that sends no origin', { 'sec-fetch-site': 'cross-site' }],
		['another port of this machine that sends no origin', { 'sec-fetch-site': 'same-site' }],
		[
			'a form that is sent',
			{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
		],
	])('a page of %s is refused', async (_name, headers) => {
		const { statusCode, body } = await chat(open, headers as Headers);
		expect(statusCode).toBe(403);
		expect(JSON.parse(body).error).toMatchObject({ code: 'origin_not_allowed', param: 'Origin' });
	});

	test.each([
		['no browser', {}],
		['its own page', { 'sec-fetch-site': 'same-origin' }],
		['an address that was typed', { 'sec-fetch-site': 'none' }],
		['its own page, with its origin', { host: 'localhost:4010', origin: 'http://localhost:4010' }],
		['its own page behind TLS', { host: 'localhost:4010', origin: 'https://LOCALHOST:4010' }],
	])('a request of %s is answered', async (_name, headers) => {
		expect(await statusOf(open, headers as Headers)).toBe(200);
	});

	test('a link on another page may be followed', async () => {
		const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
		expect((await ask(open, '/health', link)).statusCode).toBe(200);
		expect((await ask(open, '/health', { ...link, 'sec-fetch-dest': 'iframe' })).statusCode).toBe(403);
	});

	test('no preflight is granted', async () => {
		const { statusCode, headers } = await ask(
			open,
			'/v1/chat/completions',
			{ origin, 'access-control-request-method': 'POST' },
			'OPTIONS',
		);
		expect(statusCode).toBe(403);
		expect(headers['access-control-allow-origin']).toBeUndefined();
	});
});

test('with keys of callers any name will do', async () => {
	const authorization = `Bearer ${callerKey}`;
	expect(await statusOf(keyed, { host: 'gateway.example', authorization })).toBe(200);
	expect((await ask(keyed, '/health', { host: 'evil.example' })).statusCode).toBe(200);
	expect(await statusOf(keyed, { host: 'gateway.example' })).toBe(401);
});

describe('server.corsOrigins', () => {
	const preflight = {
		origin,
		'access-control-request-method': 'POST',
		'access-control-request-headers': 'authorization,content-type,x-stainless-os',
	};

	test('grants a preflight to such a page, without a key', async () => {
		for (const gateway of [named, keyed]) {
			const { statusCode, headers, body } = await ask(gateway, '/v1/chat/completions', preflight, 'OPTIONS');
			expect([statusCode, body]).toEqual([204, '']);
			expect(headers).toMatchObject({
				'access-control-allow-origin': origin,
				'access-control-allow-methods': 'GET, HEAD, POST',
				'access-control-allow-headers': 'authorization,content-type,x-stainless-os',
				vary: 'Origin, Access-Control-Request-Headers',
			});
		}
	});

	test.each([
		['a whole answer', {}],
		['a stream', { stream: true }],
		['a refusal', { messages: 1 }],
	])('lets such a page read %s', async (_name, body) => {
		named.upstream('a').next(...('stream' in body ? [streams(chunksOf('some words'))] : []));
		const { headers } = await chat(named, { origin, 'sec-fetch-site': 'cross-site' }, body);
		expect(headers).toMatchObject({
			'access-control-allow-origin': origin,
			'access-control-expose-headers': '*',
			vary: 'Origin',
		});
	});

	test('takes schemes other than http', async () => {
		expect(await statusOf(named, { origin: 'vscode-webview://x' })).toBe(200);
	});

	test('lets no other page read or ask', async () => {
		const evil = { origin: 'https://app.example.evil.example' };
		const { statusCode, headers } = await chat(named, evil);
		expect([statusCode, headers['access-control-allow-origin']]).toEqual([403, undefined]);
		const asked = await ask(named, '/v1/chat/completions', { ...preflight, ...evil }, 'OPTIONS');
		expect([asked.statusCode, asked.headers['access-control-allow-origin']]).toEqual([403, undefined]);
	});

	test('does not help a name that a stranger points here', async () => {
		expect(await statusOf(named, { host: 'evil.example', origin })).toBe(403);
	});

	test('opens neither the admin API nor the inspector', async () => {
		for (const path of ['/admin/providers?x', '/inspector/events']) {
			const { statusCode, headers } = await ask(named, path, preflight, 'OPTIONS');
			expect(statusCode).toBeGreaterThanOrEqual(400);
			expect(headers['access-control-allow-origin']).toBeUndefined();
		}
	});
});
