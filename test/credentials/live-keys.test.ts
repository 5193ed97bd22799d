import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LiveKey } from '../../src/credentials/live-key.ts';
import { liveKeysOf } from '../../src/credentials/live-keys.ts';
import { noProxies, type Proxies } from '../../src/upstream/proxies.ts';
import { read } from '../config/read.ts';
import { startForwardProxy } from '../helpers/forward-proxy.ts';
import { loopbackCertificate } from '../helpers/loopback-certificate.ts';

const ca = Buffer.from(loopbackCertificate.cert);
let server: Server;
let keys: ReadonlyMap<string, LiveKey>;
let told: string[];
beforeEach(async () => {
	told = [];
	server = createServer(loopbackCertificate, (_incoming, response) => {
		response.setHeader('content-type', 'application/json');
		response.end(JSON.stringify({ access_token: 'token-1', token_type: 'bearer', expires_in: 60 }));
	});
	await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterEach(async () => {
	await Promise.all([...keys.values()].map((key) => key.stop()));
	server.closeAllConnections();
	await new Promise((closed) => server.close(closed));
});

const port = () => (server.address() as AddressInfo).port;

async function fetchedWith(proxies: Proxies, tls: ReadonlyMap<string, object>): Promise<string | undefined> {
	const config = read(`
providers:
  a:
    baseUrl: https://a.example/v1
    apiKey: { oauth: { tokenUrl: "https://127.0.0.1:${port()}/token", clientId: who, clientSecret: secret } }
  b: { baseUrl: https://b.example/v1, apiKey: written }
profiles:
  default: { chain: [a/m, b/m] }
`);
	keys = liveKeysOf(config, {
		listenerOf: (id, source) => ({
			onFound: () => told.push(`${id} at ${source}`),
			onFetched: () => {},
			onTrouble: ({ what }) => told.push(what),
			onDoubt: (what) => told.push(what),
		}),
		proxies,
		tls,
	});
	expect([...keys.keys()]).toEqual(['a']);
	const key = keys.get('a');
	await key?.start();
	return key?.present;
}

test('an OAuth server is believed with the certificates of its provider, and with those of nobody else', async () => {
	expect(await fetchedWith(noProxies, new Map([['a', { ca }]]))).toBe('token-1');
	expect(told).toEqual(['a at providers.a.apiKey']);
	await keys.get('a')?.stop();
	told = [];
	expect(await fetchedWith(noProxies, new Map([['b', { ca }]]))).toBeUndefined();
	expect(told).toEqual([expect.stringMatching(/^the OAuth server cannot be reached \(\w+\)$/)]);
});

test('it is reached through the proxy that leads to it', async () => {
	const proxy = await startForwardProxy(port);
	const proxies: Proxies = () => ({ variable: 'HTTPS_PROXY', origin: proxy.address, authorization: undefined });
	expect(await fetchedWith(proxies, new Map([['a', { ca }]]))).toBe('token-1');
	expect(proxy.asked).toEqual([`CONNECT 127.0.0.1:${port()}`]);
	await keys.get('a')?.stop();
	await proxy.close();
});
