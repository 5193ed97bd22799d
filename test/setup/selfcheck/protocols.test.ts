import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { selfcheckEmbeddings } from '../../../src/setup/selfcheck/profile.ts';
import { type Behaviour, completes, startUpstream, status, type Upstream } from '../../helpers/upstream.ts';
import { key, nowhere, selfcheckPerTest } from './selfcheck-per-test.ts';

const { check, configFile } = selfcheckPerTest();
let upstream: Upstream;

beforeEach(async () => {
	upstream = await startUpstream();
});

afterEach(async () => {
	await upstream.close();
});

const origin = () => upstream.baseUrl.replace(/\/v1$/, '');
const list = completes({ data: [{ id: 'm' }] });
const embedding = completes({ object: 'list', data: [{ index: 0, embedding: [0.5] }], model: 'm' });
const message = completes({
	id: 'msg_1',
	type: 'message',
	role: 'assistant',
	model: 'm',
	content: [{ type: 'text', text: 'Hi' }],
	stop_reason: 'max_tokens',
	usage: { input_tokens: 1, output_tokens: 1 },
});
const wrongKey = status(401, { error: { message: 'invalid', type: 'authentication_error' } });

/** @param header that the key has to stand in, in small letters */
const withKey =
	(header: string, answer: Behaviour): Behaviour =>
	(exchange) =>
		exchange.request.headers[header] === key ? answer(exchange) : wrongKey(exchange);

/** What is found of one provider `p`, whose model `m` is in a chain. */
async function found(provider: object, profile: object = {}): Promise<string[]> {
	const p = { apiKey: key, ...provider };
	const config = configFile({ providers: { p }, profiles: { default: { chain: ['p/m'], ...profile } } });
	const findings = await check({ url: nowhere, config });
	return findings.flatMap(({ outcome, about, text }) => (about.startsWith('provider') ? `${outcome} ${text}` : []));
}

const paths = () => upstream.requests.map(({ method, path }) => `${method} ${path}`);

describe('Anthropic', () => {
	test('is asked for its models with its own headers', async () => {
		upstream.always(withKey('x-api-key', list));
		expect(await found({ protocol: 'anthropic', baseUrl: origin() })).toEqual([
			expect.stringMatching(/^ok The key works: 1 model/),
		]);
		expect(paths()).toEqual(['GET /v1/models', 'GET /v1/models']);
		expect(upstream.requests[0]?.headers).toMatchObject({ 'anthropic-version': '2023-06-01', 'x-api-key': key });
		expect(upstream.requests[0]?.headers).not.toHaveProperty('authorization');
	});

	test('is asked for a token where the list says nothing of the key', async () => {
		upstream.always((exchange) => (exchange.request.method === 'GET' ? list : withKey('x-api-key', message))(exchange));
		expect(await found({ protocol: 'anthropic', baseUrl: origin(), apiVersion: '2024-01-01' })).toEqual([
			expect.stringMatching(/^ok The key works: m answered in/),
		]);
		expect(upstream.requests.at(-1)).toMatchObject({
			path: '/v1/messages',
			headers: { 'anthropic-version': '2024-01-01' },
			json: { model: 'm', max_tokens: 1 },
		});
	});

	test('a list in pages says of no model that it is missing', async () => {
		upstream.always(withKey('x-api-key', completes({ data: [{ id: 'other' }], has_more: true })));
		expect(await found({ protocol: 'anthropic', baseUrl: origin() })).toHaveLength(1);
	});
});

describe('Azure', () => {
	test.each([
		['2024-10-21', 'GET /openai/models?api-version=2024-10-21'],
		[undefined, 'GET /openai/v1/models'],
	])('with the version %s is asked for its models, which are not its deployments', async (apiVersion, path) => {
		upstream.always(withKey('api-key', completes({ data: [{ id: 'gpt-4o' }] })));
		const version = apiVersion === undefined ? {} : { apiVersion };
		expect(await found({ protocol: 'azure', baseUrl: origin(), ...version })).toEqual([
			expect.stringMatching(/^ok The key works/),
		]);
		expect(paths()[0]).toBe(path);
	});

	test('is asked for a token of the deployment', async () => {
		upstream.always((exchange) => (exchange.request.method === 'GET' ? status(404, 'no') : wrongKey)(exchange));
		expect(await found({ protocol: 'azure', baseUrl: origin(), apiVersion: '2024-10-21' })).toEqual([
			expect.stringMatching(/^fail The key is rejected with 401/),
		]);
		expect(paths().at(-1)).toBe('POST /openai/deployments/m/chat/completions?api-version=2024-10-21');
	});
});

describe('a provider that makes embeddings', () => {
	const onlyEmbeds: Behaviour = (exchange) => {
		if (exchange.request.method === 'GET') return status(404, 'no')(exchange);
		return (exchange.request.path === '/v1/embeddings' ? embedding : status(500, 'no'))(exchange);
	};

	test.each([
		['by its endpoints', { endpoints: ['embeddings'] }, {}],
		['by those of its model', { models: { m: { endpoints: ['embeddings'] } } }, {}],
		['by the profile of its model', {}, { for: 'embeddings' }],
	])('%s is asked for one', async (_what, provider, profile) => {
		upstream.always(onlyEmbeds);
		expect(await found({ baseUrl: upstream.baseUrl, ...provider }, profile)).toEqual([
			expect.stringMatching(/^ok The key works: m answered in/),
		]);
		expect(upstream.requests.at(-1)?.json).toEqual({ model: 'm', input: 'Hi' });
	});
});

test('a model that answers in responses alone is asked there', async () => {
	upstream.always((exchange) => (exchange.request.method === 'GET' ? status(404, 'no') : wrongKey)(exchange));
	const endpoints = ['chat', 'responses'];
	await found({ baseUrl: upstream.baseUrl, endpoints, models: { m: { endpoints: ['responses'] } } });
	expect(paths().at(-1)).toBe('POST /v1/responses');
});

describe('a profile for embeddings', () => {
	const check = () => selfcheckEmbeddings('e', 'p/m', { url: origin(), key, timeoutMs: 60_000 }, String);

	test('is asked for one', async () => {
		upstream.always(embedding);
		expect(await check()).toMatchObject([{ outcome: 'ok', about: 'profile e' }]);
		expect(upstream.requests).toMatchObject([
			{ path: '/v1/embeddings', json: { model: 'e', input: 'Hi' }, headers: { 'x-failover-profile': 'e' } },
		]);
	});

	test('an answer without a vector is none', async () => {
		upstream.always(completes({ object: 'list', data: [] }));
		expect(await check()).toMatchObject([{ outcome: 'fail', text: expect.stringMatching(/no vector in it/) }]);
	});
});
