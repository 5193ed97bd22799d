import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createServer, type ServerOptions } from '../../../src/http/server.ts';
import { RecentRequests } from '../../../src/observe/recent-requests.ts';
import { clockFollowsDate } from '../../helpers/fake-clock.ts';
import { startGateway, type TestGateway } from '../../helpers/gateway.ts';

const adminKey = 'planted-admin-key-01';
const clientKey = 'planted-client-key-1';

let breakwater: TestGateway;

beforeEach(async () => {
	breakwater = await startGateway({ server: { adminKey, clients: { web: { key: clientKey } } } });
});

afterEach(async () => {
	vi.useRealTimers();
	await breakwater.close();
});

const withKey = (key: string) => ({ authorization: `Bearer ${key}` });
const ask = (headers: Record<string, string> = {}, path = '/admin/providers') =>
	fetch(breakwater.origin + path, { headers });

const wrongHeaders: [string, Record<string, string>][] = [
	['no key', {}],
	['a wrong key', withKey('planted-admin-key-02')],
	['part of the key', withKey(adminKey.slice(0, 10))],
	['the key of a client', withKey(clientKey)],
	['the key where clients may put theirs', { 'x-api-key': adminKey }],
	['the key with another scheme', { authorization: `Basic ${adminKey}` }],
	['the key in the query', {}],
];

test.each(wrongHeaders)('401 with %s, on every path', async (name, headers) => {
	const query = name.includes('query') ? `?key=${adminKey}` : '';
	for (const path of ['/admin/providers', '/admin/requests', '/admin/requests/x', '/admin/nothing']) {
		const response = await ask(headers, path + query);
		expect(response.status).toBe(401);
		expect(response.headers.get('www-authenticate')).toBe('Bearer');
		const text = await response.text();
		expect(JSON.parse(text)).toMatchObject({ error: { code: 'invalid_admin_key' } });
		expect(text).not.toContain('planted');
	}
	const trip = await fetch(`${breakwater.origin}/admin/providers/a/trip`, { method: 'POST', headers });
	expect(trip.status).toBe(401);
	expect((await breakwater.health()).a).toMatchObject({ state: 'closed' });
});

test('401 that names the option, where no key is configured', async () => {
	const shut = await startGateway();
	try {
		const response = await fetch(`${shut.origin}/admin/providers`, { headers: withKey('undefined') });
		expect(response.status).toBe(401);
		expect(await response.text()).toContain('needs server.adminKey in the configuration');
	} finally {
		await shut.close();
	}
});

test('the key of the operator is none for /v1', async () => {
	expect((await ask(withKey(adminKey), '/v1/models')).status).toBe(401);
});

describe('wrong keys', () => {
	test('are told so ten times a minute, and then refused; the right one is always heard', async () => {
		vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
		clockFollowsDate();
		for (let count = 0; count < 10; count++) expect((await ask(withKey(`wrong-${count}`))).status).toBe(401);
		expect((await ask(withKey(adminKey))).status).toBe(200);
		const refused = await ask(withKey('wrong-again'));
		expect(refused.status).toBe(429);
		expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
		expect((await ask(withKey(adminKey))).status).toBe(200);
		expect((await ask({})).status).toBe(401);

		vi.setSystemTime(Date.now() + 60_001);
		expect((await ask(withKey('wrong-later'))).status).toBe(401);
	});

	test('that come all at once are told so no more than ten times, and the right one among them is heard', async () => {
		const { hostname, port } = new URL(breakwater.origin);
		const guess = (key: string) => `GET /admin/providers HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n`;
		const guesses = Array.from(
			{ length: 100 },
			(_, count) => `${guess(count === 50 ? adminKey : `wrong-${count}`)}\r\n`,
		);
		const socket = connect(Number(port), hostname);
		socket.write(`${guesses.join('')}${guess('last')}connection: close\r\n\r\n`);
		const statuses = [...(await readText(socket)).matchAll(/HTTP\/1.1 (\d+)/g)].map(([, code]) => code);
		expect(statuses).toHaveLength(101);
		const times = (code: string) => statuses.filter((one) => one === code).length;
		expect([times('200'), times('401') + times('429')]).toEqual([1, 100]);
		expect(times('401')).toBeLessThanOrEqual(10);
	});

	test('beside the right one, in two Authorization headers, are refused', async () => {
		const { hostname, port } = new URL(breakwater.origin);
		const socket = connect(Number(port), hostname);
		const keys = [adminKey, 'wrong'].map((key) => `authorization: Bearer ${key}\r\n`).join('');
		socket.write(`GET /admin/providers HTTP/1.1\r\nhost: x\r\n${keys}connection: close\r\n\r\n`);
		expect(await readText(socket)).toMatch(/^HTTP\/1.1 400 [\s\S]*more than one Authorization header/);
	});

	test('a right key as often as one likes', async () => {
		for (let count = 0; count < 30; count++) expect((await ask(withKey(adminKey))).status).toBe(200);
	});
});

describe('from another machine', () => {
	function serverFor(options: Partial<ServerOptions>) {
		const admin = { providers: [], requests: new RecentRequests(), readDuration: () => ({ value: 1 }) };
		return createServer(breakwater.gateway, {
			bodyLimit: 1024,
			unknownModel: 'default',
			version: '0',
			adminKey,
			admin,
			...options,
		});
	}

	const addresses = ['192.0.2.7', '10.0.0.1', '2001:db8::1', '::ffff:192.0.2.7', 'fe80::1%eth0', '0.0.0.0', '::'];

	test.each(addresses)('403 for %s, with the right key and whatever its headers say', async (remoteAddress) => {
		const headers = {
			...withKey(adminKey),
			'x-forwarded-for': '127.0.0.1',
			forwarded: 'for=127.0.0.1',
			host: 'localhost',
		};
		const response = await serverFor({}).inject({ url: '/admin/providers', headers, remoteAddress });
		expect(response.statusCode).toBe(403);
		expect(response.json()).toMatchObject({ error: { code: 'admin_not_local' } });
	});

	test.each(['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])('%s is this machine', async (remoteAddress) => {
		const response = await serverFor({}).inject({ url: '/admin/providers', headers: withKey(adminKey), remoteAddress });
		expect(response.statusCode).toBe(200);
	});

	test.each(addresses)('%s with adminFrom: anywhere, and the key', async (remoteAddress) => {
		const told: string[] = [];
		const server = serverFor({ adminFrom: 'anywhere', onWrongAdminKey: (address) => told.push(address) });
		const asked = (key: string) => server.inject({ url: '/admin/providers', headers: withKey(key), remoteAddress });
		expect((await asked(adminKey)).statusCode).toBe(200);
		expect((await asked('wrong')).statusCode).toBe(401);
		expect(told).toEqual([remoteAddress]);
	});

	test('one address that guesses slows down no other', async () => {
		const server = serverFor({ adminFrom: 'anywhere' });
		const asked = (key: string, remoteAddress: string) =>
			server.inject({ url: '/admin/providers', headers: withKey(key), remoteAddress });
		for (let count = 0; count < 12; count++) await asked('wrong', '192.0.2.7');
		expect((await asked('wrong', '192.0.2.7')).statusCode).toBe(429);
		expect((await asked('wrong', '192.0.2.8')).statusCode).toBe(401);
	});
});
