import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RefusedCall } from '../../src/contract/observer.ts';
import { startGateway, type TestGateway } from '../helpers/gateway.ts';

const key = 'planted-client-key-1';
const adminKey = 'planted-admin-key-01';

let breakwater: TestGateway;
let refused: RefusedCall[];

beforeEach(async () => {
	refused = [];
	breakwater = await startGateway({
		server: { adminKey, bodyLimit: '2KB', clients: { web: { key, requestsPerMinute: 9 } } },
		observe: () => ({ callRefused: (refusal) => void refused.push(refusal) }),
	});
});

afterEach(() => breakwater.close());

const right = { authorization: `Bearer ${key}` };
const wrong = { authorization: 'Bearer planted-wrong-key' };

const cases: [string, () => Promise<Response>, number, string, string | undefined][] = [
	['no key', () => breakwater.post(), 401, 'invalid_api_key', undefined],
	['a wrong key', () => breakwater.post({}, { headers: wrong }), 401, 'invalid_api_key', undefined],
	['no JSON', () => breakwater.post('PLANTED', { headers: right }), 400, 'invalid_json', 'web'],
	['no messages', () => breakwater.post({ messages: 1 }, { headers: right }), 400, 'invalid_request', 'web'],
	[
		'an unknown profile',
		() => breakwater.post({}, { headers: { ...right, 'x-failover-profile': 'PLANTED' } }),
		400,
		'unknown_profile',
		'web',
	],
	['too large a body', () => breakwater.post('x'.repeat(3000), { headers: right }), 413, 'body_too_large', 'web'],
	[
		'a body of another type',
		() => breakwater.post('PLANTED', { headers: { ...right, 'content-type': 'text/plain' } }),
		415,
		'unsupported_media_type',
		'web',
	],
	['an unknown path', () => fetch(`${breakwater.origin}/v1/PLANTED`, { headers: right }), 404, 'not_found', 'web'],
	['a bad escape', () => fetch(`${breakwater.origin}/v1/%zz`), 400, 'invalid_request', undefined],
	[
		'a wrong operator',
		() => fetch(`${breakwater.origin}/admin/x`, { headers: wrong }),
		401,
		'invalid_admin_key',
		undefined,
	],
];

test.each(cases)(
	'%s is told of once, by the id that the caller got, and without a word of theirs',
	async (...given) => {
		const [, ask, status, code, client] = given;
		const response = await ask();
		expect(response.status).toBe(status);
		const id = response.headers.get('x-breakwater-request-id');
		expect(refused).toEqual([{ id, code, status, client, address: '127.0.0.1' }]);
		expect(JSON.stringify(refused)).not.toMatch(/planted/i);
		expect(breakwater.records).toEqual([]);
	},
);

test('a client that comes too often is told of by its name', async () => {
	for (let count = 0; count < 9; count++) await fetch(`${breakwater.origin}/v1/models`, { headers: right });
	expect(refused).toEqual([]);
	expect((await breakwater.post({}, { headers: right })).status).toBe(429);
	expect(refused).toMatchObject([{ code: 'client_rate_limited', status: 429, client: 'web' }]);
});

test('what is not HTTP is told of, too', async () => {
	const socket = connect(Number(new URL(breakwater.origin).port), '127.0.0.1');
	socket.write('hello\r\n\r\n');
	const [, id] = /x-breakwater-request-id: (\S+)/.exec(await readText(socket)) ?? [];
	expect(refused).toEqual([{ id, code: 'invalid_request', status: 400, address: '127.0.0.1' }]);
});

test('a request that is answered, or that every provider fails, is not refused', async () => {
	expect((await breakwater.post({}, { headers: right })).status).toBe(200);
	for (const id of ['a', 'b']) {
		breakwater.gateway.operate(id, { type: 'operator.tripped', now: Date.now(), forMs: 60_000 });
	}
	expect((await breakwater.post({}, { headers: right })).status).toBe(503);
	expect(refused).toEqual([]);
});
