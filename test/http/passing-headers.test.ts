import { afterEach, describe, expect, test } from 'vitest';
import { traceLine } from '../../src/observe/trace-text.ts';
import { contentOf, type GatewaySetup, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, type Behaviour, status } from '../helpers/upstream.ts';

let breakwater: TestGateway;

async function start(setup: GatewaySetup = {}): Promise<TestGateway> {
	breakwater = await startGateway(setup);
	return breakwater;
}

afterEach(() => breakwater.close());

/** A behaviour whose response has these headers, too. */
function withHeaders(headers: Record<string, string>, behaviour: Behaviour = answers('ok')): Behaviour {
	return (exchange) => {
		for (const [name, value] of Object.entries(headers)) exchange.response.setHeader(name, value);
		return behaviour(exchange);
	};
}

const upstreamId = 'x-breakwater-upstream-request-id';

describe('the provider’s own request id', () => {
	test.each([
		['x-request-id', { 'x-request-id': 'req_1' }, 'req_1'],
		['request-id (Anthropic)', { 'request-id': 'req_011' }, 'req_011'],
		['x-amzn-requestid (Bedrock)', { 'x-amzn-requestid': '7d8' }, '7d8'],
		['apim-request-id (Azure)', { 'apim-request-id': 'a-1' }, 'a-1'],
		['cf-ray, where there is nothing better', { 'cf-ray': '8f0-FRA' }, '8f0-FRA'],
		['x-request-id before cf-ray', { 'cf-ray': '8f0-FRA', 'x-request-id': 'req_2' }, 'req_2'],
		['none that is not fit for a log', { 'x-request-id': 'two words' }, null],
	])('is %s', async (_name, headers, id) => {
		const { post, upstream, records } = await start();
		for (const stream of [false, true]) {
			upstream('a').next(withHeaders(headers));
			const response = await post({ stream });
			expect(response.headers.get(upstreamId)).toBe(id);
			expect(response.headers.get('x-request-id')).toBe(response.headers.get('x-breakwater-request-id'));
			expect(await contentOf(response)).toBe('ok');
		}
		for (const { trace } of records) {
			expect(trace).toEqual([expect.objectContaining(id === null ? {} : { upstreamRequestId: id })]);
			expect(traceLine(trace).endsWith(` [${id}]`)).toBe(id !== null);
		}
	});

	test('is that of each attempt in the trace, and of the failure where there is no answer', async () => {
		const { post, upstream, records } = await start();
		upstream('a').next(withHeaders({ 'x-request-id': 'req_a' }, status(503)));
		upstream('b').next(withHeaders({ 'x-request-id': 'req_b' }, status(500)));
		expect((await post()).headers.get(upstreamId)).toBe('req_b');
		expect(records[0]?.trace.map(({ upstreamRequestId }) => upstreamRequestId)).toEqual(['req_a', 'req_b']);
	});

	test('is the first rejection’s where the other provider gave no answer either', async () => {
		const { post, upstream } = await start();
		const unsupported = { error: { message: 'Unknown parameter.', code: 'unknown_parameter' } };
		upstream('a').next(withHeaders({ 'x-request-id': 'req_a' }, status(400, unsupported)));
		upstream('b').next(withHeaders({ 'x-request-id': 'req_b' }, status(500)));
		expect((await post()).headers.get(upstreamId)).toBe('req_a');
	});
});

test('limits and the processing time come down, and nothing else', async () => {
	const { post, upstream } = await start();
	const told = {
		'x-ratelimit-remaining-tokens': '149',
		'x-ratelimit-reset-tokens': '6ms',
		'openai-processing-ms': '310',
	};
	for (const stream of [false, true]) {
		upstream('a').next(withHeaders({ ...told, 'set-cookie': 'a=b', 'openai-organization': 'org-ours', server: 'x' }));
		const { headers } = await post({ stream });
		expect(Object.fromEntries(headers)).toMatchObject(told);
		for (const name of ['set-cookie', 'openai-organization', 'server']) expect(headers.has(name)).toBe(false);
	}
});

describe('headers of the caller', () => {
	const passed = {
		'OpenAI-Beta': 'assistants=v2',
		'OpenAI-Organization': 'org-1',
		'OpenAI-Project': 'proj-1',
		'Idempotency-Key': 'key-1',
		traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
	};

	test('of the list go up, and no other does', async () => {
		const { post, upstream } = await start({ providers: { a: { apiKey: 'sk-ours' } } });
		const others = { authorization: 'Bearer sk-callers', cookie: 'a=b', 'x-api-key': 'k', 'x-other': '1' };
		await contentOf(await post({}, { headers: { ...passed, ...others } }));
		const headers = upstream('a').requests[0]?.headers ?? {};
		for (const [name, value] of Object.entries(passed)) expect(headers[name.toLowerCase()]).toBe(value);
		expect(headers.authorization).toBe('Bearer sk-ours');
		for (const name of ['cookie', 'x-api-key', 'x-other']) expect(headers).not.toHaveProperty(name);
	});

	test('do not win over the configuration', async () => {
		const { post, upstream } = await start({ providers: { a: { headers: { 'OpenAI-Organization': 'org-ours' } } } });
		await contentOf(await post({}, { headers: passed }));
		expect(upstream('a').requests[0]?.headers['openai-organization']).toBe('org-ours');
	});

	test('go to every provider, but an Idempotency-Key not to another model of the same one', async () => {
		const { post, upstream } = await start({
			profiles: { default: { chain: ['a/one', 'a/two', 'b/model-b'] } },
		});
		upstream('a').next(status(503), status(503));
		await contentOf(await post({}, { headers: passed }));
		const keysAt = (name: string) => upstream(name).requests.map(({ headers }) => headers['idempotency-key']);
		expect([keysAt('a'), keysAt('b')]).toEqual([['key-1', undefined], ['key-1']]);
		expect(upstream('a').requests.map(({ headers }) => headers.traceparent)).toEqual(Array(2).fill(passed.traceparent));
	});
});
