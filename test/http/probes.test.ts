import { afterEach, describe, expect, test } from 'vitest';
import { createServer } from '../../src/http/server.ts';
import { startGateway, type TestGateway } from '../helpers/gateway.ts';
import { hangs, status } from '../helpers/upstream.ts';

let breakwater: TestGateway;

afterEach(() => breakwater.close());

async function ready(): Promise<{ code: number; body: unknown }> {
	const response = await fetch(`${breakwater.origin}/ready`);
	return { code: response.status, body: await response.json() };
}

const trip = (id: string) =>
	breakwater.gateway.operate(id, { type: 'operator.tripped', now: Date.now(), forMs: 60_000 });

describe('/ready', () => {
	test('as long as any target of any profile would grant, and it says which profiles', async () => {
		breakwater = await startGateway({ profiles: { only: { chain: ['a/model-a'] } } });
		expect(await ready()).toEqual({ code: 200, body: { status: 'ready', profiles: { default: true, only: true } } });
		trip('a');
		expect(await ready()).toEqual({ code: 200, body: { status: 'ready', profiles: { default: true, only: false } } });
		trip('b');
		expect(await ready()).toEqual({
			code: 503,
			body: { status: 'unavailable', profiles: { default: false, only: false } },
		});
		expect((await breakwater.post()).status).toBe(503);
		breakwater.gateway.operate('a', { type: 'operator.probed', now: Date.now() });
		expect((await ready()).code).toBe(200);
		expect((await breakwater.post()).status).toBe(200);
	});

	test('not while the only probe is out', async () => {
		breakwater = await startGateway({ names: ['a'] });
		trip('a');
		breakwater.gateway.operate('a', { type: 'operator.probed', now: Date.now() });
		breakwater.upstream('a').next(hangs());
		const controller = new AbortController();
		const probe = breakwater.post({}, { signal: controller.signal });
		await expect.poll(async () => (await ready()).code).toBe(503);
		controller.abort();
		await expect(probe).rejects.toThrow();
		await expect.poll(async () => (await ready()).code).toBe(200);
	});

	test('not for a model that is unavailable, though its provider is well', async () => {
		breakwater = await startGateway({ names: ['a'], profiles: { other: { chain: ['a/other'] } } });
		breakwater.upstream('a').next(status(404, { error: { message: 'no such model', code: 'model_not_found' } }));
		await breakwater.post();
		expect(await breakwater.health()).toMatchObject({
			a: { state: 'closed', unavailableModels: { 'model-a': expect.any(String) } },
		});
		expect((await ready()).body).toMatchObject({ profiles: { default: false, other: true } });
		const { gateway } = breakwater;
		expect([gateway.grants('a', 'model-a'), gateway.grants('a', 'another')]).toEqual([false, true]);
	});

	test.each(['try-soonest', 'fail'] as const)(
		'not while its only provider cools, whenAllDenied: %s',
		async (whenAllDenied) => {
			breakwater = await startGateway({
				names: ['a'],
				policy: { whenAllDenied, breaker: { failureThreshold: 1, cooldown: '60s' } },
			});
			breakwater.upstream('a').next(status(503));
			await breakwater.post();
			expect(await ready()).toMatchObject({ code: 503, body: { status: 'unavailable' } });
			// What is tried all the same, rather than nobody, is no reason to send requests here.
			expect((await breakwater.post()).status).toBe(whenAllDenied === 'fail' ? 503 : 200);
		},
	);

	test('not while it drains, though everything could be served', async () => {
		breakwater = await startGateway();
		let isDraining = false;
		const server = createServer(breakwater.gateway, {
			bodyLimit: 1024,
			unknownModel: 'default',
			version: '0',
			isDraining: () => isDraining,
		});
		expect((await server.inject('/ready')).statusCode).toBe(200);
		isDraining = true;
		const response = await server.inject('/ready');
		expect(response.statusCode).toBe(503);
		expect(response.json()).toEqual({ status: 'draining', profiles: { default: true } });
		expect((await server.inject('/health')).statusCode).toBe(200);
	});

	test('leaves the actors as they are', async () => {
		breakwater = await startGateway();
		trip('a');
		const before = await breakwater.health();
		for (let count = 0; count < 3; count++) await ready();
		expect(await breakwater.health()).toEqual(before);
	});
});

describe('/health', () => {
	const health = async () =>
		(await (await fetch(`${breakwater.origin}/health`)).json()) as { profiles: Record<string, boolean> };

	test('is ok while nothing is held against any provider, and says which profiles can be served', async () => {
		breakwater = await startGateway();
		expect(await health()).toMatchObject({ status: 'ok', profiles: { default: true } });
		trip('a');
		expect(await health()).toMatchObject({ status: 'degraded', profiles: { default: true } });
	});

	test.each([
		['goes on', {}, { default: true }],
		['is dead', { only: { chain: ['a/model-a'] } }, { default: true, only: false }],
	])('is degraded for a model that has vanished: a profile %s', async (_name, more, profiles) => {
		breakwater = await startGateway({ profiles: more });
		breakwater.upstream('a').next(status(404, { error: { message: 'no such model', code: 'model_not_found' } }));
		expect((await breakwater.post()).status).toBe(200);
		const body = await health();
		expect(body).toMatchObject({ status: 'degraded', providers: { a: { state: 'closed' } } });
		expect(body.profiles).toEqual(profiles);
	});

	test('is degraded while a profile could not be served though every provider is closed', async () => {
		breakwater = await startGateway();
		const server = createServer(
			{ ...breakwater.gateway, servable: () => ({ default: false }) },
			{ bodyLimit: 1024, unknownModel: 'default', version: '0' },
		);
		expect((await server.inject('/health')).json()).toMatchObject({ status: 'degraded' });
	});
});

test.each(['/health', '/ready', '/metrics'])('HEAD %s has the status and no body', async (path) => {
	breakwater = await startGateway();
	const response = await fetch(breakwater.origin + path, { method: 'HEAD' });
	expect(response.status).toBe(200);
	expect(await response.text()).toBe('');
});
