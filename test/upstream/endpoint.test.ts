import { describe, expect, it } from 'vitest';
import { openaiChatProvider } from '../../src/dialects/openai-chat/openai-chat.ts';
import { openai } from '../../src/dialects/protocols/openai.ts';
import { Connections, type EndpointOptions } from '../../src/upstream/endpoint.ts';
import type { AttemptTestOptions } from '../helpers/attempt.ts';
import { attemptPerTest } from '../helpers/attempt-per-test.ts';
import { answers, type ReceivedRequest } from '../helpers/upstream.ts';

const perTest = attemptPerTest();

/** The request as the upstream got it. */
async function sent(options: AttemptTestOptions = {}): Promise<ReceivedRequest> {
	expect((await perTest.start(options).over).is).toBe('completed');
	const request = perTest.upstream.requests.at(-1);
	if (request === undefined) throw new Error('no request came');
	return request;
}

describe('the path', () => {
	const connections = new Connections(1000);

	it.each([
		['http://h/v1', '/v1/chat/completions'],
		['http://h/v1/', '/v1/chat/completions'],
		['http://h/v1///', '/v1/chat/completions'],
		['http://h', '/chat/completions'],
		['http://h/', '/chat/completions'],
		[
			'https://h/openai/deployments/gpt?api-version=2026-01-01',
			'/openai/deployments/gpt/chat/completions?api-version=2026-01-01',
		],
		['https://h/v1/?a=1&b=%20x', '/v1/chat/completions?a=1&b=%20x'],
		['https://h/v1?', '/v1/chat/completions'],
		['https://h/v1#part', '/v1/chat/completions'],
	])('of %s is %s', (baseUrl, path) => {
		const options = { provider: 'p', protocol: openai, dialect: openaiChatProvider, baseUrl, headers: {} };
		expect(connections.endpoint(options).address.path('m')).toBe(path);
	});

	it('is what is asked for', async () => {
		const baseUrl = `${perTest.upstream.baseUrl}/?api-version=7`;
		expect(await sent({ endpoint: { baseUrl } })).toMatchObject({
			method: 'POST',
			path: '/v1/chat/completions?api-version=7',
		});
	});
});

describe('the request', () => {
	it('carries the JSON as it is, its length in bytes', async () => {
		const json = '{ "model":"m", "stream":false, "n":12345678901234567890, "messages":[{"content":"né 漢 👩‍👧"}] }';
		const { text, headers } = await sent({ json });
		expect(text).toBe(json);
		expect(headers['content-length']).toBe(String(Buffer.byteLength(json)));
		expect(headers['transfer-encoding']).toBeUndefined();
		expect(headers['content-type']).toBe('application/json');
	});

	it('may be large', async () => {
		const json = JSON.stringify({ model: 'm', messages: [{ content: 'é'.repeat(3_000_000) }] });
		expect((await sent({ json })).text).toBe(json);
	});

	it.each<[string, boolean, string, string]>([
		['document', false, 'application/json', 'gzip, deflate, br'],
		['stream', true, 'text/event-stream', 'identity'],
	])('for a %s says what it accepts', async (_name, stream, accept, encoding) => {
		const { headers } = await sent({ stream });
		expect([headers.accept, headers['accept-encoding']]).toEqual([accept, encoding]);
		expect(headers.host).toBe(new URL(perTest.upstream.baseUrl).host);
		expect(headers['user-agent']).toBe('breakwater');
	});

	it('carries the key of its own endpoint', async () => {
		expect((await sent({ endpoint: { apiKey: 'key-one' } })).headers.authorization).toBe('Bearer key-one');
		expect((await sent({ endpoint: { apiKey: 'key-two' } })).headers.authorization).toBe('Bearer key-two');
		expect((await sent()).headers.authorization).toBeUndefined();
	});

	it.each(['document', 'stream'])('for a %s carries custom headers, which win, once each', async (kind) => {
		const headers = {
			'x-custom': 'yes',
			authorization: 'Token t',
			accept: '*/*',
			'accept-encoding': 'br',
			'user-agent': 'me',
			'content-type': 'application/json; charset=utf-8',
		};
		const endpoint: Partial<EndpointOptions> = { apiKey: 'key', headers };
		expect((await sent({ endpoint, stream: kind === 'stream' })).headers).toMatchObject(headers);
	});
});

describe('connections', () => {
	it('are shared by the endpoints of an origin', async () => {
		await sent({ endpoint: { provider: 'a', apiKey: 'key-a' } });
		await new Promise((resolve) => setTimeout(resolve, 10));
		await sent({ endpoint: { provider: 'b', baseUrl: perTest.upstream.baseUrl.replace('/v1', '/other') } });
		expect(perTest.upstream.openSockets).toBe(1);
	});

	it('are as many as there are attempts at once', async () => {
		const arrived = Promise.withResolvers<void>();
		perTest.upstream.always(async (exchange) => {
			if (perTest.upstream.requests.length === 50) arrived.resolve();
			await arrived.promise;
			await answers('ok')(exchange);
		});
		await Promise.all(Array.from({ length: 50 }, () => sent()));
		expect(perTest.upstream.openSockets).toBe(50);
	});

	it('end with what runs over them when they are closed', async () => {
		perTest.upstream.always(() => undefined);
		const attempt = perTest.start();
		await new Promise((resolve) => setTimeout(resolve, 20));
		await perTest.bench.close();
		expect((await attempt.over).is).toBe('NETWORK_ERROR.closed');
	});

	it('that are closed take no more', async () => {
		await sent();
		await perTest.bench.close();
		expect((await perTest.start().over).is).toBe('NETWORK_ERROR.closed');
	});
});
