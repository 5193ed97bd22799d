import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { clockFollowsDate } from '../../helpers/fake-clock.ts';
import { failureOf, messages, startGateway, type TestGateway } from '../../helpers/gateway.ts';

const keys = { web: 'planted-web-key-0001', old: 'planted-app-key-0001', young: 'planted-app-key-0002' };

let breakwater: TestGateway;

beforeAll(async () => {
	breakwater = await startGateway({
		providers: { a: { apiKey: 'the-key-of-provider-a' } },
		server: {
			clients: { web: { key: keys.web, requestsPerMinute: 3 }, app: { key: [keys.old, keys.young] } },
		},
	});
});

afterAll(() => breakwater.close());

afterEach(() => {
	vi.useRealTimers();
	expect(breakwater.crashes).toEqual([]);
});

const models = (headers: Record<string, string> = {}) => fetch(`${breakwater.origin}/v1/models`, { headers });
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe('a key lets its client in', () => {
	test.each([
		['as a bearer token', { authorization: `Bearer ${keys.old}` }],
		['whatever the case of the scheme', { authorization: `bearer ${keys.old}` }],
		['the second one of two', { authorization: `Bearer ${keys.young}` }],
		['in x-api-key', { 'x-api-key': keys.old }],
		['in api-key', { 'api-key': keys.old }],
		['alone in Authorization', { authorization: keys.old }],
		['in api-key beside an empty bearer token', { authorization: 'Bearer ', 'api-key': keys.old }],
		[
			'in x-api-key beside credentials for someone else',
			{ authorization: 'Basic dXNlcjpwYXNz', 'x-api-key': keys.old },
		],
	])('%s', async (_name, headers) => {
		const response = await breakwater.post({}, { headers });
		expect(response.status).toBe(200);
		expect(breakwater.records.at(-1)).toMatchObject({ client: 'app', outcome: 'done' });
	});

	test('of the official SDK', async () => {
		const openai = new OpenAI({ baseURL: `${breakwater.origin}/v1`, apiKey: keys.old, maxRetries: 0 });
		const completion = await openai.chat.completions.create({ model: 'default', messages });
		expect(completion.model).toBe('model-a');
		await expect(
			new OpenAI({ baseURL: `${breakwater.origin}/v1`, apiKey: 'wrong', maxRetries: 0 }).models.list(),
		).rejects.toThrow(OpenAI.AuthenticationError);
	});

	test('and never goes on to a provider', async () => {
		await breakwater.post({}, { headers: { ...bearer(keys.young), 'x-api-key': keys.young, 'api-key': keys.young } });
		const request = breakwater.upstream('a').requests.at(-1);
		expect(request?.headers.authorization).toBe('Bearer the-key-of-provider-a');
		expect(JSON.stringify(request)).not.toContain('planted');
	});
});

let skippedMs = 0;

/** The wrong keys of the tests before do not count any more. */
function skipMinute(): void {
	skippedMs += 60_001;
	vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + skippedMs });
	clockFollowsDate();
}

describe('wrong keys', () => {
	test('are told so ten times a minute, and then refused; the right one of others at that address is not', async () => {
		skipMinute();
		for (let count = 0; count < 10; count++) expect((await models(bearer(`wrong-${count}`))).status).toBe(401);
		expect((await models()).status).toBe(401);
		const refused = await breakwater.post({}, { headers: { 'x-api-key': 'wrong-again' } });
		expect(refused.status).toBe(429);
		expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
		expect(refused.headers.get('x-should-retry')).toBe('false');
		expect((await failureOf(refused)).error).toMatchObject({ code: 'too_many_wrong_keys', type: 'rate_limit_error' });
		for (let count = 0; count < 20; count++) expect((await models(bearer(keys.old))).status).toBe(200);
		expect((await models(bearer('wrong-still'))).status).toBe(429);
		vi.setSystemTime(Date.now() + 60_001);
		expect((await models(bearer('wrong-later'))).status).toBe(401);
	});

	test('beside a right one in another header are refused, and it is said which header counted', async () => {
		skipMinute();
		const { error } = await failureOf(await models({ ...bearer('foreign'), 'x-api-key': keys.old }));
		expect(error.message).toMatch(/^The API key in Authorization is not .* x-api-key was not looked at: Authorization/);
		const other = await failureOf(await models({ 'x-api-key': 'foreign', authorization: 'Basic dXNlcjpwYXNz' }));
		expect(other.error.message).toMatch(/^The API key in x-api-key is not .* or api-key\.$/);
	});

	test('beside a right one, in two Authorization headers, are refused, whichever comes first', async () => {
		const { hostname, port } = new URL(breakwater.origin);
		for (const pair of [
			[keys.old, 'wrong'],
			['wrong', keys.old],
			[keys.old, keys.old],
		]) {
			const socket = connect(Number(port), hostname);
			const lines = pair.map((key) => `authorization: Bearer ${key}\r\n`).join('');
			socket.write(`GET /v1/models HTTP/1.1\r\nhost: x\r\n${lines}connection: close\r\n\r\n`);
			const answer = await readText(socket);
			expect(answer).toMatch(/^HTTP\/1.1 400 /);
			expect(answer).toContain('more than one Authorization header');
			expect(answer).not.toContain('planted');
		}
	});
});

describe('nobody gets in', () => {
	const refused: [string, Record<string, string>][] = [
		['without a key', {}],
		['with an empty one', { authorization: 'Bearer ' }],
		['with an empty x-api-key', { 'x-api-key': '' }],
		['with a wrong one', bearer('planted-app-key-0003')],
		['with the beginning of one', bearer(keys.old.slice(0, -1))],
		['with more than one', bearer(`${keys.old}x`)],
		['with two in one header', bearer(`${keys.old} ${keys.young}`)],
		['with another scheme', { authorization: `Basic ${keys.old}` }],
		['with no scheme, and more behind it', { authorization: `${keys.old} x` }],
		['with the name of a client', bearer('app')],
		['with a word of the prototype', bearer('__proto__')],
		['with the key of a provider', bearer('the-key-of-provider-a')],
	];

	test.each(refused)('%s', async (_name, headers) => {
		skipMinute();
		const asked = breakwater.upstream('a').requests.length;
		for (const response of [
			await breakwater.post({}, { headers }),
			await models(headers),
			await fetch(`${breakwater.origin}/v1/models/default`, { headers }),
			await fetch(`${breakwater.origin}/v1/embeddings`, { method: 'POST', headers }),
			await fetch(`${breakwater.origin}/v1/models`, { method: 'HEAD', headers }),
		]) {
			expect(response.status).toBe(401);
			expect(response.headers.get('www-authenticate')).toBe('Bearer');
			const text = await response.text();
			expect(text).not.toContain('planted');
			if (text !== '') expect(JSON.parse(text)).toMatchObject({ error: { code: 'invalid_api_key', param: null } });
		}
		expect(breakwater.upstream('a').requests).toHaveLength(asked);
	});

	test('before a body has been sent', async () => {
		const { hostname, port } = new URL(breakwater.origin);
		const socket = connect(Number(port), hostname);
		socket.write(
			'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n',
		);
		socket.write('content-length: 1000000\r\n\r\n{');
		expect(await readText(socket)).toMatch(/^HTTP\/1.1 401 /);
	});

	test('but load balancers, who learn no secret', async () => {
		for (const path of ['/health', '/ready']) {
			const response = await fetch(breakwater.origin + path);
			expect(response.status).toBe(200);
			expect(await response.text()).not.toMatch(/planted|the-key-of/);
		}
	});
});

test('a client that comes too often is told when to come back, and costs no provider anything; others come as they like', async () => {
	vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
	clockFollowsDate();
	const left: (string | null)[] = [];
	for (let count = 0; count < 3; count++) {
		const response = await breakwater.post({ stream: count === 1 }, { headers: bearer(keys.web) });
		expect(response.status).toBe(200);
		expect(response.headers.get('x-ratelimit-limit')).toBe('3');
		left.push(response.headers.get('x-ratelimit-remaining'));
		await response.text();
	}
	expect(left).toEqual(['2', '1', '0']);
	const asked = breakwater.upstream('a').requests.length;

	const refused = await breakwater.post({}, { headers: bearer(keys.web) });
	expect(refused.status).toBe(429);
	expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
	expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
	expect(await failureOf(refused)).toEqual({
		error: {
			message: expect.stringContaining("'web' may make 3"),
			type: 'rate_limit_error',
			param: null,
			code: 'client_rate_limited',
		},
	});
	expect(breakwater.upstream('a').requests).toHaveLength(asked);
	const free = await models(bearer(keys.old));
	expect(free.status).toBe(200);
	expect(free.headers.get('x-ratelimit-limit')).toBeNull();

	vi.setSystemTime(Date.now() + 60_001);
	expect((await models(bearer(keys.web))).status).toBe(200);
});

test('without clients in the configuration any key is as good as none', async () => {
	const open = await startGateway();
	try {
		expect((await open.post()).status).toBe(200);
		expect((await open.post({}, { headers: bearer('anything') })).status).toBe(200);
		expect(open.upstream('a').requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
		expect(open.records[0]).not.toHaveProperty('client');
	} finally {
		await open.close();
	}
});
