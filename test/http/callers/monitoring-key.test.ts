import { afterAll, beforeAll, expect, test } from 'vitest';
import { failureOf, startGateway, type TestGateway } from '../../helpers/gateway.ts';

const monitoringKey = 'planted-monitoring-key';
const callerKey = 'planted-caller-key-1';

let breakwater: TestGateway;

beforeAll(async () => {
	breakwater = await startGateway({ server: { monitoringKey, clients: { web: { key: callerKey } } } });
});

afterAll(() => breakwater.close());

/** As from another machine: through a proxy on this one, which says whom it speaks for. */
const fromElsewhere = { 'x-forwarded-for': '203.0.113.9' };
const get = (path: string, headers: Record<string, string> = {}) =>
	fetch(`${breakwater.origin}${path}`, { headers: { ...fromElsewhere, ...headers } });

test.each(['/metrics', '/health', '/health/'])('%s is shown to who has the key', async (path) => {
	for (const headers of [{ authorization: `Bearer ${monitoringKey}` }, { 'x-api-key': monitoringKey }]) {
		expect((await get(path, headers as Record<string, string>)).status).toBe(200);
	}
});

test.each(['/metrics', '/health', '/health/'])('%s is shown to this machine without a key', async (path) => {
	expect((await fetch(`${breakwater.origin}${path}`)).status).toBe(200);
});

test.each(['/metrics', '/health', '//metrics', '/health/?x'])('%s is shown to nobody else', async (path) => {
	for (const headers of [{}, { authorization: `Bearer ${callerKey}` }, { authorization: 'Bearer x' }]) {
		const response = await get(path, headers as Record<string, string>);
		expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
		const { error } = await failureOf(response);
		expect(error).toMatchObject({ code: 'invalid_monitoring_key', message: expect.stringContaining('monitoringKey') });
	}
	expect((await fetch(breakwater.origin + path, { method: 'HEAD', headers: fromElsewhere })).status).toBe(401);
});

test('/ready needs none', async () => {
	expect((await get('/ready')).status).toBe(200);
});

test('it is no key of a caller', async () => {
	expect((await get('/v1/models', { authorization: `Bearer ${monitoringKey}` })).status).toBe(401);
});

test('who guesses is slowed down, and the right key is still accepted', async () => {
	const codes = new Set<number>();
	for (let guess = 0; guess < 20; guess++)
		codes.add((await get('/health', { authorization: `Bearer ${guess}` })).status);
	expect(codes).toContain(429);
	expect((await get('/health', { authorization: `Bearer ${monitoringKey}` })).status).toBe(200);
});
