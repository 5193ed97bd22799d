import { afterAll, beforeAll, expect, test } from 'vitest';
import { failureOf, soon, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { hangs, status } from '../helpers/upstream.ts';

let breakwater: TestGateway;

beforeAll(async () => {
	breakwater = await startGateway();
});

afterAll(() => breakwater.close());

const own = /^req_[0-9a-f-]{36}$/;
const post = (id: string, body: object = {}) => breakwater.post(body, { headers: { 'x-request-id': id } });

test.each(['abc', '3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'a/b+c=:d@e~1.2_3', 'x'.repeat(128)])(
	'%s comes back, and stands in the record beside our own',
	async (id) => {
		for (const stream of [false, true]) {
			const response = await post(id, { stream });
			expect(response.headers.get('x-request-id')).toBe(id);
			expect(response.headers.get('x-breakwater-request-id')).toMatch(own);
			await response.text();
			const record = breakwater.records.at(-1);
			expect(record).toMatchObject({ clientRequestId: id });
			expect(record?.id).toBe(response.headers.get('x-breakwater-request-id'));
		}
	},
);

test.each(['', 'x'.repeat(129), 'two words', '"quoted"', '<b>', 'a,b', 'ünïcode', '{"level":60}'])(
	'%j is replaced by our own',
	async (id) => {
		const response = await post(Buffer.from(id).toString('latin1'));
		expect(response.headers.get('x-request-id')).toMatch(own);
		expect(response.headers.get('x-request-id')).toBe(response.headers.get('x-breakwater-request-id'));
		expect(breakwater.records.at(-1)).not.toHaveProperty('clientRequestId');
	},
);

test.each([
	'/v1/models',
	'/v1/models/default',
	'/health',
	'/ready',
	'/metrics',
	'/admin/providers',
	'/nothing',
	'/%zz',
])('GET %s is answered with both', async (path) => {
	const named = await fetch(breakwater.origin + path, { headers: { 'x-request-id': 'mine' } });
	expect(named.headers.get('x-request-id')).toBe('mine');
	expect(named.headers.get('x-breakwater-request-id')).toMatch(own);
	const plain = await fetch(breakwater.origin + path);
	expect(plain.headers.get('x-request-id')).toBe(plain.headers.get('x-breakwater-request-id'));
});

test('errors carry it, too', async () => {
	const refused = await breakwater.post('{', { headers: { 'x-request-id': 'mine' } });
	expect(refused.headers.get('x-request-id')).toBe('mine');
	for (const name of ['a', 'b']) breakwater.upstream(name).next(status(503));
	const failed = await post('mine');
	expect(failed.headers.get('x-request-id')).toBe('mine');
	expect((await failureOf(failed)).failover?.requestId).toMatch(own);
});

test('many requests with one id at once are still told apart: none comes in on the probe of another', async () => {
	for (const id of ['a', 'b']) {
		breakwater.gateway.operate(id, { type: 'operator.tripped', now: Date.now(), forMs: 60_000 });
		breakwater.gateway.operate(id, { type: 'operator.probed', now: Date.now() });
		breakwater.upstream(id).next(hangs());
	}
	const asked = breakwater.upstream('a').requests.length;
	const controller = new AbortController();
	const denied: Response[] = [];
	const sent = Array.from({ length: 20 }, () =>
		breakwater.post({}, { headers: { 'x-request-id': 'the-same' }, signal: controller.signal }).then(
			(response) => denied.push(response),
			() => {},
		),
	);
	await soon(() => expect(denied).toHaveLength(18));
	expect(denied.map((response) => response.status)).toEqual(Array(18).fill(503));
	expect(new Set(denied.map(({ headers }) => headers.get('x-breakwater-request-id'))).size).toBe(18);
	expect(breakwater.upstream('a').requests).toHaveLength(asked + 1);

	controller.abort();
	await Promise.all(sent);
	await soon(async () => expect((await breakwater.health()).a).toMatchObject({ probesInFlight: 0 }));
	expect((await post('the-same')).status).toBe(200);
});
