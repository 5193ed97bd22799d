import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startGateway, type TestGateway } from '../helpers/gateway.ts';
import { status } from '../helpers/upstream.ts';

const hour = 3_600_000;
const missing = status(404, { error: { message: 'The model does not exist', code: 'model_not_found' } });

let breakwater: TestGateway;

beforeEach(async () => {
	breakwater = await startGateway({
		names: ['a'],
		policy: {
			whenAllDenied: 'fail',
			breaker: { failureThreshold: 1, cooldown: '60s', modelCooldown: '60s' },
			timeouts: { request: '9s' },
		},
		server: {
			clients: { app: { key: 'planted-app-key-1', requestsPerMinute: 2 }, free: { key: 'planted-app-key-2' } },
		},
	});
	vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
});

afterEach(async () => {
	vi.useRealTimers();
	await breakwater.close();
});

const leap = (ms: number) => vi.setSystemTime(Date.now() + ms);
const post = (key = 'planted-app-key-2') => breakwater.post({}, { headers: { authorization: `Bearer ${key}` } });
const waitOf = (response: Response) => Number(response.headers.get('retry-after'));

describe('an hour back on the wall clock', () => {
	test('keeps no model unavailable for longer', async () => {
		breakwater.upstream('a').next(missing);
		await post();
		leap(-hour);
		const refused = await post();
		expect(refused.ok).toBe(false);
		expect(waitOf(refused)).toBeLessThanOrEqual(60);
		leap(hour + 10 * 60_000);
		expect((await post()).status).toBe(200);
	});

	test('keeps no breaker open for longer, and is in no time that people are shown', async () => {
		breakwater.upstream('a').next(status(503));
		await post();
		leap(-hour);
		expect(waitOf(await post())).toBeLessThanOrEqual(60);
		const { a } = await breakwater.health();
		const left = Date.parse(a?.retryAt ?? '') - Date.now();
		expect(left).toBeGreaterThan(0);
		expect(left).toBeLessThanOrEqual(60_000);
	});

	test('keeps no caller out for longer', async () => {
		await post('planted-app-key-1');
		await post('planted-app-key-1');
		leap(-hour);
		const refused = await post('planted-app-key-1');
		expect(refused.status).toBe(429);
		expect(waitOf(refused)).toBeLessThanOrEqual(60);
		leap(hour + 10 * 60_000);
		expect((await post('planted-app-key-1')).status).toBe(200);
	});

	test('makes no call last for a negative time', async () => {
		breakwater.upstream('a').next(async ({ end }) => {
			leap(-hour);
			await end('no answer');
		});
		await post();
		expect(breakwater.records[0]?.ms).toBeGreaterThanOrEqual(0);
		expect(breakwater.records[0]?.ms).toBeLessThan(hour);
	});

	test('is what a date in an answer is read by: the provider named it in wall time', async () => {
		leap(-hour);
		breakwater.upstream('a').next(status(429, {}, { 'retry-after': new Date(Date.now() + 30_000).toUTCString() }));
		await post();
		const refused = await post();
		expect(waitOf(refused)).toBeGreaterThan(20);
		expect(waitOf(refused)).toBeLessThanOrEqual(30);
	});
});

describe('an hour ahead on the wall clock, as after a suspend', () => {
	test.each([
		['an open breaker', status(503)],
		['an unavailable model', missing],
	])('%s is over', async (_name, behaviour) => {
		breakwater.upstream('a').next(behaviour);
		await post();
		expect((await post()).ok).toBe(false);
		leap(hour);
		expect((await post()).status).toBe(200);
	});
});
