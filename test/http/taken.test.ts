import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { brotliCompress, gzip, zstdCompress } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failureOf, messages, startGateway, type TestGateway } from '../helpers/gateway.ts';

const callerKey = 'planted-caller-key-1';
const bodyLimit = 64 * 1024;
const json = JSON.stringify({ messages });

let open: TestGateway;
let keyed: TestGateway;

beforeAll(async () => {
	open = await startGateway({ server: { bodyLimit: '64KB', adminKey: 'planted-admin-key-01' } });
	keyed = await startGateway({ server: { clients: { web: { key: callerKey } } } });
});

afterAll(async () => {
	expect(open.crashes).toEqual([]);
	await open.close();
	await keyed.close();
});

/** What the provider gets for a request that is taken. */
async function expectTaken(response: Response): Promise<void> {
	expect([response.status, response.headers.get('x-breakwater-target')]).toEqual([200, 'a/model-a']);
	await response.text();
	const { json: got, headers } = open.upstream('a').requests.at(-1) ?? {};
	expect(got).toEqual({ messages, model: 'model-a' });
	expect(headers?.['content-encoding']).toBeUndefined();
}

type Bytes = Uint8Array<ArrayBuffer>;

const send = (body: Bytes | string, headers: Record<string, string>) =>
	fetch(`${open.origin}/v1/chat/completions`, {
		method: 'POST',
		headers: { 'content-type': 'application/json', ...headers },
		body,
	});

const encoders: [string, (bytes: Buffer) => Promise<Buffer>][] = [
	['gzip', promisify(gzip)],
	['x-gzip', promisify(gzip)],
	['GZIP', promisify(gzip)],
	['br', promisify(brotliCompress)],
	['zstd', promisify(zstdCompress)],
];

describe.each(encoders)('a body in %s', (encoding, encode) => {
	const encoded = async (text: string) => new Uint8Array(await encode(Buffer.from(text)));
	const headers = { 'content-encoding': encoding };

	test('is decoded', async () => {
		await expectTaken(await send(await encoded(json), headers));
		await expectTaken(await send(await encoded(`\uFEFF${json}`), headers));
	});

	test('is held to the limit when it is decoded, too: a bomb is refused', async () => {
		const bomb = await encoded(`{"messages":"${' '.repeat(20_000_000)}"}`);
		expect(bomb.length).toBeLessThan(bodyLimit);
		const response = await send(bomb, headers);
		expect(response.status).toBe(413);
		expect((await failureOf(response)).error.code).toBe('body_too_large');
	});

	test.each([
		['cut off', (bytes: Bytes) => bytes.slice(0, -6)],
		['not of that kind', () => new TextEncoder().encode(json)],
	])('that is %s is not called broken JSON', async (_name, change) => {
		const response = await send(change(await encoded(json)), headers);
		expect(response.status).toBe(400);
		expect((await failureOf(response)).error).toMatchObject({
			code: 'invalid_request',
			message: expect.stringMatching(/not whole \S+, as its Content-Encoding says/),
		});
	});
});

test.each(['identity', ''])('a body whose encoding is "%s" is taken as it is', async (encoding) => {
	await expectTaken(await send(json, { 'content-encoding': encoding }));
});

test.each(['compress', 'gzip, br', 'rot13'])('a body in %s is refused with what would be right', async (encoding) => {
	const response = await send(json, { 'content-encoding': encoding });
	expect([response.status, response.headers.get('accept-encoding')]).toEqual([415, 'gzip, br, zstd']);
	expect((await failureOf(response)).error).toMatchObject({
		code: 'unsupported_media_type',
		param: 'Content-Encoding',
	});
});

test('a byte-order mark is left out', async () => {
	await expectTaken(await send(`\uFEFF${json}`, {}));
});

test.each(['text/json', 'text/json; charset=utf-8', 'text/plain', 'text/plain;charset=UTF-8', 'APPLICATION/JSON'])(
	'the type %s is taken for JSON',
	async (type) => {
		await expectTaken(await send(json, { 'content-type': type }));
	},
);

/** Without the type that fetch adds. */
async function sendUntyped({ origin }: TestGateway, headers: Record<string, string> = {}): Promise<IncomingMessage> {
	const sent = request(`${origin}/v1/chat/completions`, { method: 'POST', headers, agent: false });
	sent.end(json);
	const [response] = (await once(sent, 'response')) as [IncomingMessage];
	response.resume();
	return response;
}

test('a body without a type is taken for JSON', async () => {
	expect((await sendUntyped(open)).statusCode).toBe(200);
});

test('where callers have keys no page is checked, so a type that every page may send is refused', async () => {
	const authorization = `Bearer ${callerKey}`;
	expect((await sendUntyped(keyed, { authorization })).statusCode).toBe(415);
	const post = (type: string) => keyed.post({}, { headers: { authorization, 'content-type': type } });
	const plain = await post('text/plain');
	expect(plain.status).toBe(415);
	expect((await failureOf(plain)).error.message).toContain('Content-Type: application/json');
	expect((await post('text/json')).status).toBe(200);
});

test('a page of another site cannot use these types to get in', async () => {
	const before = open.upstream('a').requests.length;
	expect((await sendUntyped(open, { origin: 'https://evil.example' })).statusCode).toBe(403);
	expect((await sendUntyped(open, { 'content-type': 'text/plain', 'sec-fetch-site': 'cross-site' })).statusCode).toBe(
		403,
	);
	expect(open.upstream('a').requests).toHaveLength(before);
});

async function ask(gateway: TestGateway, path: string, method = 'GET', headers = {}): Promise<IncomingMessage> {
	const sent = request(gateway.origin, { path, method, headers, agent: false });
	sent.end(method === 'POST' ? json : undefined);
	const [response] = (await once(sent, 'response')) as [IncomingMessage];
	response.resume();
	return response;
}

describe('paths', () => {
	test.each([
		'/v1/chat/completions/',
		'/chat/completions',
		'//chat/completions',
		'/v1//chat/completions',
		'//v1/chat//completions/',
		'/v1/v1/chat/completions',
		'/chat/completions/?api-version=2024-10-21',
	])('POST %s is a chat completion', async (path) => {
		expect((await ask(open, path, 'POST')).statusCode).toBe(200);
	});

	test.each([
		'/models',
		'/models/',
		'/v1/models/',
		'//v1//models',
		'/models?x=/',
		'/models/default',
		'/models/a/model-a',
		'/v1/models/a/model-a/',
		'/health/',
		'//metrics',
		'/ready/?x',
	])('GET %s is found', async (path) => {
		expect((await ask(open, path)).statusCode).toBe(200);
	});

	test.each(['/v2/chat/completions', '/chat', '/v1', '/', '//', '/v1/models/nobody', '/v1/health'])(
		'GET %s is not there',
		async (path) => {
			expect((await ask(open, path)).statusCode).toBe(404);
		},
	);

	test('none of them is a way past a key', async () => {
		for (const path of ['/models', '//v1/models', '/v1/models/', '/models/default', '/v1/v1/models']) {
			expect(`${path} ${(await ask(keyed, path)).statusCode}`).toBe(`${path} 401`);
		}
		for (const path of ['//admin/providers', '/admin//providers', '/admin/providers/', '/admin/']) {
			expect(`${path} ${(await ask(open, path)).statusCode}`).toBe(`${path} 401`);
		}
	});

	test('of an unknown one with the query, nothing is shown', async () => {
		const sent = request(open.origin, { path: '//nothing/?key=planted', agent: false });
		sent.end();
		const [response] = (await once(sent, 'response')) as [IncomingMessage];
		expect(await readText(response)).not.toContain('planted');
	});
});
