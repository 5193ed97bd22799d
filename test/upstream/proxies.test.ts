import { request } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readProxies } from '../../src/upstream/proxies.ts';
import { AttemptBench } from '../helpers/attempt.ts';
import { type ForwardProxy, startForwardProxy, testCertificate } from '../helpers/forward-proxy.ts';
import { soon } from '../helpers/gateway.ts';
import { chunksOf, hangs, startUpstream, streams, type Upstream } from '../helpers/upstream.ts';

describe('which proxy leads to an address', () => {
	const proxy = 'http://proxy.corp:3128';

	it.each<[Record<string, string>, string, string | undefined]>([
		[{ HTTPS_PROXY: proxy }, 'https://api.openai.com/v1', proxy],
		[{ https_proxy: proxy }, 'https://api.openai.com/v1', proxy],
		[{ https_proxy: proxy, HTTPS_PROXY: 'http://other:1' }, 'https://api.openai.com/v1', proxy],
		[{ HTTPS_PROXY: 'proxy.corp:3128' }, 'https://api.openai.com/v1', proxy],
		[{ HTTPS_PROXY: proxy }, 'http://models.lan/v1', undefined],
		[{ HTTP_PROXY: proxy }, 'http://models.lan/v1', proxy],
		[{ HTTP_PROXY: proxy }, 'https://api.openai.com/v1', undefined],
		[{ ALL_PROXY: proxy }, 'https://api.openai.com/v1', proxy],
		[{ ALL_PROXY: 'socks5://x:1', HTTPS_PROXY: proxy }, 'https://api.openai.com/v1', proxy],
		[{ HTTPS_PROXY: ' ' }, 'https://api.openai.com/v1', undefined],
	])('%j, for %s', (environment, url, origin) => {
		expect(readProxies(environment)(url)?.origin).toBe(origin);
	});

	it.each([
		'http://127.0.0.1:1/v1',
		'http://127.8.0.1/v1',
		'http://localhost:11434',
		'http://[::1]:1',
		'http://a.localhost',
		'http://0.0.0.0:8',
	])('none, for what is on this machine: %s', (url) => {
		expect(readProxies({ ALL_PROXY: 'socks5://x:1', HTTP_PROXY: proxy })(url)).toBeUndefined();
	});

	it.each([
		['*', 'https://api.openai.com', true],
		['openai.com', 'https://api.openai.com', true],
		['.openai.com', 'https://api.openai.com', true],
		['*.openai.com', 'https://api.openai.com', true],
		['OPENAI.com', 'https://api.OpenAI.com', true],
		['ai.com', 'https://api.openai.com', false],
		['api.openai.com:443', 'https://api.openai.com', true],
		['api.openai.com:8443', 'https://api.openai.com', false],
		['other.org, api.openai.com', 'https://api.openai.com', true],
		['other.org api.openai.com', 'https://api.openai.com', true],
		['10.0.0.0/8', 'https://10.2.3.4:8000', true],
		['10.0.0.0/8', 'https://11.2.3.4:8000', false],
		['10.2.3.4', 'https://10.2.3.4', true],
		['fd00::/8', 'https://[fd00::1]', true],
		['[fd00::1]:443', 'https://[fd00::1]', true],
		['fd00::1', 'https://[fd00::1]', true],
		['10.0.0.0/99', 'https://10.0.0.1', false],
		['', 'https://api.openai.com', false],
	])('NO_PROXY=%s, for %s', (noProxy, url, isExempt) => {
		expect(readProxies({ HTTPS_PROXY: proxy, NO_PROXY: noProxy })(url) === undefined).toBe(isExempt);
	});

	it.each([
		[
			{ ALL_PROXY: 'socks5://user:secret@x:1080' },
			/ALL_PROXY names a socks5 proxy, and providers are reached through HTTP proxies only/,
		],
		[{ HTTPS_PROXY: 'http://user:secret@' }, /HTTPS_PROXY is no address of a proxy/],
	])('refuses what it cannot use, in words, without the password: %j', (environment, message) => {
		expect(() => readProxies(environment)('https://api.openai.com')).toThrow(message);
		expect(() => readProxies(environment)('https://api.openai.com')).not.toThrow(/secret/);
	});

	it('keeps name and password out of its address', () => {
		expect(readProxies({ HTTPS_PROXY: 'http://me:p%40ss@proxy.corp:3128' })('https://api.openai.com')).toEqual({
			variable: 'HTTPS_PROXY',
			origin: proxy,
			authorization: `Basic ${btoa('me:p@ss')}`,
		});
	});
});

describe('an attempt through a proxy', () => {
	let upstream: Upstream;
	let secure: ReturnType<typeof createTlsServer>;
	let proxy: ForwardProxy;
	let bench: AttemptBench;
	const trusted = getCACertificates('default');

	beforeAll(() => setDefaultCACertificates([...trusted, testCertificate.cert]));
	afterAll(() => setDefaultCACertificates([...trusted]));

	beforeEach(async () => {
		upstream = await startUpstream();
		// TLS in front of the upstream, so that the proxy sees what a real one would see.
		secure = createTlsServer(testCertificate, (incoming, response) => {
			const options = {
				host: '127.0.0.1',
				port: portOf(upstream.baseUrl),
				path: incoming.url,
				method: incoming.method,
				headers: incoming.headers,
			};
			incoming.pipe(
				request(options, (answer) => {
					response.writeHead(answer.statusCode ?? 500, answer.headers);
					answer.pipe(response);
				}).on('error', () => response.destroy()),
			);
		});
		await new Promise<void>((listening) => secure.listen(0, '127.0.0.1', listening));
		proxy = await startForwardProxy(() => (secure.address() as AddressInfo).port);
		bench = benchFor({ HTTPS_PROXY: proxy.address.replace('//', '//me:secret@') });
	});

	afterEach(async () => {
		await bench.close();
		await proxy.close();
		secure.closeAllConnections();
		await new Promise((closed) => secure.close(closed));
		await upstream.close();
	});

	const benchFor = (environment: Record<string, string>) =>
		new AttemptBench(1_000_000, { proxies: readProxies(environment) });

	it('is a tunnel to an https address, kept for the next attempt; the key goes to the provider alone', async () => {
		const endpoint = { apiKey: 'sk-provider' };
		expect((await bench.start('https://api.test/v1', { endpoint }).over).is).toBe('completed');
		await new Promise((resolve) => setTimeout(resolve, 20));
		upstream.next(streams(chunksOf('a stream of words')));
		expect((await bench.start('https://api.test/v1', { endpoint, stream: true }).over).is).toBe('completed');
		expect(proxy.asked).toEqual(['CONNECT api.test:443']);
		expect(proxy.authorizations).toEqual([`Basic ${btoa('me:secret')}`]);
		expect(upstream.requests.map(({ headers }) => [headers.host, headers.authorization])).toEqual([
			['api.test', 'Bearer sk-provider'],
			['api.test', 'Bearer sk-provider'],
		]);
		expect(upstream.requests[0]?.headers['proxy-authorization']).toBeUndefined();
	});

	it('names another port', async () => {
		await bench.start('https://api.test:8443/v1').over;
		expect(proxy.asked).toEqual(['CONNECT api.test:8443']);
	});

	it('checks the certificate of the provider', async () => {
		expect((await bench.start('https://other.test/v1').over).is).toBe('NETWORK_ERROR.tls');
	});

	it('is passed on to an http address, which is asked for whole', async () => {
		const plain = await startForwardProxy(() => portOf(upstream.baseUrl));
		const over = benchFor({ HTTP_PROXY: plain.address.replace('//', '//me:secret@') });
		expect((await over.start('http://models.lan/v1', { endpoint: { apiKey: 'k' } }).over).is).toBe('completed');
		expect(plain.asked).toEqual(['POST http://models.lan/v1/chat/completions']);
		expect(plain.authorizations).toEqual([`Basic ${btoa('me:secret')}`]);
		expect(upstream.requests[0]?.headers).toMatchObject({ host: 'models.lan', authorization: 'Bearer k' });
		plain.refuse(407);
		expect((await over.start('http://models.lan/v1').over).is).toBe('UNKNOWN_TRANSIENT.intermediary');
		await over.close();
		await plain.close();
	});

	it.each(['https://api.test/v1', 'http://models.lan/v1'])(
		'goes through a proxy that speaks TLS itself: %s',
		async (url) => {
			const port = url.startsWith('https')
				? () => (secure.address() as AddressInfo).port
				: () => portOf(upstream.baseUrl);
			const safe = await startForwardProxy(port, true);
			// The certificate is of `proxy.test`, and the address is not.
			const over = benchFor({ ALL_PROXY: safe.address });
			expect((await over.start(url).over).is).toMatch(/NETWORK_ERROR\.(proxy|tls)/);
			expect(safe.asked).toEqual([]);
			await over.close();
			await safe.close();
		},
	);

	it.each([407, 403, 502])(
		'that it refuses with %i is a failure of the network, and names the proxy',
		async (status) => {
			proxy.refuse(status);
			const outcome = await bench.start('https://api.test/v1').over;
			expect(outcome.is).toBe('NETWORK_ERROR.proxy');
			expect(JSON.stringify(outcome)).toContain(`PROXY_${status} 127.0.0.1:${portOf(proxy.address)}`);
			expect(JSON.stringify(outcome)).not.toContain('secret');
		},
	);

	it('that is not there is a failure of the network, and names the proxy', async () => {
		await proxy.close();
		const outcome = await bench.start('https://api.test/v1').over;
		expect(outcome.is).toBe('NETWORK_ERROR.proxy');
		expect(JSON.stringify(outcome)).toContain('PROXY_ECONNREFUSED');
		proxy = await startForwardProxy(() => 1);
	});

	it('that hangs is given up in time, and leaves no connection', async () => {
		proxy.refuse(0);
		expect((await bench.start('https://api.test/v1', { timeouts: { connect: 60 } }).over).is).toBe('TIMEOUT.connect');
		await soon(() => expect(proxy.openSockets).toBe(0));
	});

	it('whose tunnel leads to silence is given up in time, and leaves no connection', async () => {
		const silent = createTcpServer();
		await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
		const port = (silent.address() as AddressInfo).port;
		const deaf = await startForwardProxy(() => port);
		const over = benchFor({ HTTPS_PROXY: deaf.address });
		expect((await over.start('https://api.test/v1', { timeouts: { connect: 60 } }).over).is).toBe('TIMEOUT.connect');
		await soon(() => expect(deaf.openSockets).toBe(0));
		await over.close();
		await deaf.close();
		silent.close();
	});

	it('ends when it is stopped', async () => {
		upstream.next(hangs());
		const attempt = bench.start('https://api.test/v1');
		await soon(() => expect(upstream.requests).toHaveLength(1));
		attempt.stop();
		await soon(() => expect(proxy.openSockets).toBe(0));
	});

	it('is not made to an address on this machine', async () => {
		const over = benchFor({ HTTP_PROXY: proxy.address });
		expect((await over.start(upstream.baseUrl).over).is).toBe('completed');
		expect(proxy.asked).toEqual([]);
		await over.close();
	});
});

function portOf(url: string): number {
	return Number(new URL(url).port);
}
