import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OperationResult } from '../../../src/contract/service.ts';
import { clockFollowsDate } from '../../helpers/fake-clock.ts';
import { failureOf, startGateway, type TestGateway } from '../../helpers/gateway.ts';
import { answers, status } from '../../helpers/upstream.ts';

const adminKey = 'planted-admin-key-01';

let breakwater: TestGateway;

beforeEach(async () => {
	breakwater = await startGateway({
		server: { adminKey },
		providers: { a: { apiKey: ['planted-key-1', 'planted-key-2'] } },
	});
});

afterEach(async () => {
	vi.useRealTimers();
	await breakwater.close();
});

function admin(path: string, init: RequestInit = {}): Promise<Response> {
	const headers = { authorization: `Bearer ${adminKey}`, ...(init.headers as Record<string, string>) };
	return fetch(`${breakwater.origin}/admin${path}`, { ...init, headers });
}

const order = (path: string, body?: unknown) =>
	admin(path, {
		method: 'POST',
		...(body === undefined
			? {}
			: {
					body: typeof body === 'string' ? body : JSON.stringify(body),
					headers: { 'content-type': 'application/json' },
				}),
	});

const jsonOf = async (response: Response) => (await response.json()) as Record<string, unknown>;

describe('GET /admin/providers', () => {
	test('shows each actor with what the configuration says of it, and no key', async () => {
		const response = await admin('/providers');
		const text = await response.text();
		const { providers } = JSON.parse(text);
		expect(providers).toMatchObject([
			{ id: 'a#1', provider: 'a', source: 'providers.a.apiKey[0]', state: 'closed', lastAction: null },
			{ id: 'a#2', provider: 'a', source: 'providers.a.apiKey[1]', state: 'closed' },
			{
				id: 'b',
				provider: 'b',
				protocol: 'openai',
				source: 'providers.b.apiKey',
				origin: new URL(breakwater.upstream('b').baseUrl).origin,
			},
		]);
		expect(text).not.toMatch(/planted/);
	});
});

describe('actions', () => {
	test('a trip keeps requests away until a reset, and both are seen in the state', async () => {
		const tripped = await order('/providers/b/trip');
		expect(tripped.status).toBe(200);
		const trip = await jsonOf(tripped);
		expect(trip).toMatchObject({
			provider: 'b',
			action: 'trip',
			changed: true,
			before: { state: 'closed' },
			after: { state: 'open', reason: 'operator' },
		});
		const { retryAt } = trip.after as { retryAt: string };
		expect(Date.parse(retryAt) - Date.now()).toBeGreaterThan(23 * 24 * 3600_000);

		breakwater.upstream('a').always(status(503));
		expect((await breakwater.post({ model: 'b/model-b' })).status).toBe(503);
		expect(breakwater.upstream('b').requests).toHaveLength(0);
		const { providers } = await jsonOf(await admin('/providers'));
		expect(providers).toContainEqual(
			expect.objectContaining({
				id: 'b',
				state: 'open',
				lastAction: { action: 'trip', at: expect.any(String), by: '127.0.0.1' },
			}),
		);

		expect(await jsonOf(await order('/providers/b/reset'))).toMatchObject({
			changed: true,
			after: { state: 'closed', retryAt: null },
		});
		expect((await breakwater.post({ model: 'b/model-b' })).status).toBe(200);
	});

	test('an actor with a # in its id alone', async () => {
		expect((await order('/providers/a%231/trip', { for: '30m' })).status).toBe(200);
		const health = await breakwater.health();
		expect(health['a#1']).toMatchObject({ state: 'open', reason: 'operator' });
		expect(Date.parse(health['a#1']?.retryAt ?? '') - Date.now()).toBeLessThanOrEqual(30 * 60_000);
		expect(health['a#2']).toMatchObject({ state: 'closed' });
		expect((await breakwater.post()).status).toBe(200);
		expect(breakwater.upstream('a').requests[0]?.headers.authorization).toBe('Bearer planted-key-2');
	});

	test('a probe lets the next request through', async () => {
		await order('/providers/b/trip');
		expect(await jsonOf(await order('/providers/b/probe'))).toMatchObject({
			changed: true,
			after: { state: 'half-open' },
		});
		expect((await breakwater.post({ model: 'b/model-b' })).status).toBe(200);
		expect((await breakwater.health()).b).toMatchObject({ state: 'closed' });
	});

	test('what changes nothing says so', async () => {
		expect(await jsonOf(await order('/providers/b/reset'))).toMatchObject({ changed: false });
		expect(await jsonOf(await order('/providers/b/probe'))).toMatchObject({ changed: false });
		await order('/providers/b/trip', { for: '1h' });
		expect(await jsonOf(await order('/providers/b/trip', { for: '1h' }))).toMatchObject({ changed: false });
	});

	test('a trip of a tripped one sets its new end, sooner or later, and it is out since the first', async () => {
		const trip = async (body?: object) =>
			(await jsonOf(await order('/providers/b/trip', body))) as unknown as OperationResult;
		const { after: first } = await trip({ for: '1h' });
		vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10_000 });
		clockFollowsDate();
		for (const [body, changed] of [
			[{ for: '1h' }, false],
			[{ for: '1m' }, true],
			[{ for: '1m' }, false],
			[{ for: '2h' }, true],
			[undefined, true],
			[undefined, false],
			[{ for: '1s' }, true],
		] as const) {
			const result = await trip(body);
			expect(result).toMatchObject({ changed, after: { state: 'open', reason: 'operator', since: first.since } });
		}
		const end = Date.parse((await breakwater.health()).b?.retryAt ?? '');
		expect(end - Date.now()).toBeLessThanOrEqual(1000);
	});

	test('a reset of a closed one leaves since when it is closed', async () => {
		const { b: before } = await breakwater.health();
		vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10_000 });
		clockFollowsDate();
		expect(await jsonOf(await order('/providers/b/reset'))).toMatchObject({ changed: false, after: before });
	});

	test('a reset of a provider whose failures were counted changes something', async () => {
		breakwater.upstream('b').next(status(503));
		await breakwater.post({ model: 'b/model-b' });
		expect(await jsonOf(await order('/providers/b/reset'))).toMatchObject({
			changed: true,
			before: { state: 'closed', consecutiveFailures: 1 },
			after: { consecutiveFailures: 0 },
		});
	});

	test('a reset of a provider with a unavailable model changes something', async () => {
		breakwater.upstream('b').next(status(404, { error: { message: 'no such model', code: 'model_not_found' } }));
		await breakwater.post({ model: 'b/model-b' });
		expect((await breakwater.post({ model: 'b/model-b' })).status).toBe(404);
		expect(await jsonOf(await order('/providers/b/reset'))).toMatchObject({
			changed: true,
			before: { state: 'closed', unavailableModels: { 'model-b': expect.any(String) } },
			after: { unavailableModels: {} },
		});
		expect((await breakwater.post({ model: 'b/model-b' })).status).toBe(200);
	});

	test('of many trips at once exactly one changes something', async () => {
		const results = await Promise.all(Array.from({ length: 20 }, () => order('/providers/b/trip').then(jsonOf)));
		expect(results.filter(({ changed }) => changed)).toHaveLength(1);
	});

	const wrong: [string, string, unknown, number, string, RegExp][] = [
		['an unknown provider', '/providers/c/trip', undefined, 404, 'unknown_provider', /the providers are a#1, a#2, b/],
		['a name without its number', '/providers/a/trip', undefined, 404, 'unknown_provider', /%23/],
		['a name of the prototype', '/providers/__proto__/trip', undefined, 404, 'unknown_provider', /__proto__/],
		['a very long name', `/providers/${'x'.repeat(900)}/trip`, undefined, 404, 'unknown_provider', /^.{0,200}$/],
		['an unknown action', '/providers/b/kill', undefined, 404, 'unknown_action', /trip, reset, probe/],
		['no action', '/providers/b', undefined, 404, 'not_found', /nothing here/],
		[
			'a duration without a unit',
			'/providers/b/trip',
			{ for: '30' },
			400,
			'invalid_request',
			/'for' is a number without a unit/,
		],
		['a duration that is a number', '/providers/b/trip', { for: 30 }, 400, 'invalid_request', /in quotes/],
		['no time at all', '/providers/b/trip', { for: '0s' }, 400, 'invalid_request', /no time at all/],
		['too long a time', '/providers/b/trip', { for: '400d' }, 400, 'invalid_request', /at most `24d`/],
		['null', '/providers/b/trip', { for: null }, 400, 'invalid_request', /'for'/],
		['a list', '/providers/b/trip', [], 400, 'invalid_request', /JSON object/],
		['no JSON', '/providers/b/trip', '{"for"', 400, 'invalid_json', /not valid JSON/],
		['an unknown field', '/providers/b/trip', { until: '30m' }, 400, 'invalid_request', /'until' is not known/],
		['a reset with a field', '/providers/b/reset', { for: '30m' }, 400, 'invalid_request', /a reset has no fields/],
	];

	test.each(wrong)('%s is refused, and does nothing', async (_name, path, body, code, error, message) => {
		const response = await order(path, body);
		expect(response.status).toBe(code);
		expect(await failureOf(response)).toMatchObject({
			error: { code: error, message: expect.stringMatching(message) },
		});
		for (const { state } of Object.values(await breakwater.health())) expect(state).toBe('closed');
	});

	test.each(['', '{}', ' \n'])('a body that is %j is none', async (body) => {
		expect((await order('/providers/b/trip', body)).status).toBe(200);
	});

	test('nothing with the type of a form is none', async () => {
		const headers = { 'content-type': 'application/x-www-form-urlencoded' };
		expect((await admin('/providers/b/trip', { method: 'POST', headers, body: '' })).status).toBe(200);
	});

	test('a body without a type is JSON', async () => {
		const { hostname, port } = new URL(breakwater.origin);
		const head = `POST /admin/providers/b/trip HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${adminKey}\r\nconnection: close\r\n`;
		const bodies: [string, number][] = [
			['content-length: 13\r\n\r\n{"for":"30m"}', 200],
			['transfer-encoding: chunked\r\n\r\nd\r\n{"for":"30m"}\r\n0\r\n\r\n', 200],
			['content-length: 7\r\n\r\nfor=30m', 400],
			['\r\n', 200],
		];
		for (const [body, status] of bodies) {
			const socket = connect(Number(port), hostname);
			socket.write(head + body);
			expect(await readText(socket)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
		}
	});

	test('an address that is none names those of the admin API, to whoever has its key', async () => {
		for (const path of ['', '/', '/provider', '/providers/b']) {
			const { error } = await failureOf(await admin(path));
			expect(error).toMatchObject({ code: 'not_found' });
			expect(error.message).toContain('POST /admin/providers/{id}/{action}');
		}
		expect((await failureOf(await fetch(`${breakwater.origin}/admins`))).error.message).not.toContain('/admin');
	});

	test('a body that does not say what it is', async () => {
		const response = await admin('/providers/b/trip', { method: 'POST', body: 'for=30m' });
		expect(response.status).toBe(415);
		expect((await breakwater.health()).b).toMatchObject({ state: 'closed' });
	});

	test.each([
		['GET', '/providers/b/trip', 'POST'],
		['DELETE', '/providers', 'GET, HEAD'],
		['POST', '/requests', 'GET, HEAD'],
		['PUT', '/requests/x', 'GET, HEAD'],
	])('%s %s is the wrong method', async (method, path, allow) => {
		const response = await admin(path, { method });
		expect(response.status).toBe(405);
		expect(response.headers.get('allow')).toBe(allow);
	});

	test.each(['/providers/%zz/trip', '/requests/%'])('%s is no address', async (path) => {
		expect((await order(path)).status).toBe(400);
	});
});

describe('GET /admin/requests', () => {
	async function call(body: object): Promise<string> {
		const response = await breakwater.post(body);
		await response.text();
		return response.headers.get('x-breakwater-request-id') ?? '';
	}

	const idsOf = async (query: string) => {
		const { requests } = (await (await admin(`/requests${query}`)).json()) as { requests: { id: string }[] };
		return requests.map(({ id }) => id);
	};

	test('newest first, with their traces, filtered by profile, outcome and provider', async () => {
		breakwater.upstream('a').next(status(503));
		breakwater.upstream('b').next(answers('PLANTED-ANSWER'), status(400, { error: { message: 'PLANTED-ERROR' } }));
		const over = await call({});
		const failed = await call({ model: 'b/model-b' });
		const plain = await call({ messages: [{ role: 'user', content: 'PLANTED-PROMPT' }] });

		expect(await idsOf('')).toEqual([plain, failed, over]);
		expect(await idsOf('?limit=1')).toEqual([plain]);
		expect(await idsOf('?profile=default')).toEqual([plain, over]);
		expect(await idsOf('?profile=b%2Fmodel-b')).toEqual([failed]);
		expect(await idsOf('?outcome=failed')).toEqual([failed]);
		expect(await idsOf('?outcome=done&provider=b')).toEqual([over]);
		expect(await idsOf('?provider=a%231')).toEqual([plain, over]);
		expect(await idsOf('?provider=nobody')).toEqual([]);

		const text = await (await admin(`/requests/${over}`)).text();
		expect(JSON.parse(text)).toMatchObject({
			id: over,
			route: 'default',
			outcome: 'done',
			target: 'b/model-b',
			trace: expect.stringMatching(/^a\/model-a \(#1\) SERVER_ERROR 503.* → .*b\/model-b ok/),
			startedAt: expect.stringMatching(/Z$/),
		});
		expect(text + (await (await admin('/requests')).text())).not.toMatch(/PLANTED|planted/);
	});

	test('one that is not there', async () => {
		const response = await admin('/requests/req_unknown');
		expect(response.status).toBe(404);
		expect((await failureOf(response)).error.code).toBe('unknown_request');
	});

	test.each([
		['limit=0', 'limit'],
		['limit=-1', 'limit'],
		['limit=1e2', 'limit'],
		['limit=99999999999999999999', 'limit'],
		['limit=', 'limit'],
		['limit=1&limit=2', 'limit'],
		['outcome=DONE', 'outcome'],
		['outcome=toString', 'outcome'],
		['profile=a&profile=b', 'profile'],
		['profil=x', 'profil'],
		['__proto__=x', '__proto__'],
		['constructor=x', 'constructor'],
		['=x', ''],
	])('?%s is refused', async (query, param) => {
		const response = await admin(`/requests?${query}`);
		expect(response.status).toBe(400);
		expect((await failureOf(response)).error).toMatchObject({ code: 'invalid_request', param });
	});

	test('hostile filters find nothing and break nothing', async () => {
		await call({});
		for (const query of ['profile=%00', 'provider=%F0%9F%92%A9', 'profile=%ff', `provider=${'('.repeat(5000)}`]) {
			expect(await idsOf(`?${query}`)).toEqual([]);
		}
		expect(breakwater.crashes).toEqual([]);
	});
});
