import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../../helpers/gateway.ts';
import { completes, status } from '../../helpers/upstream.ts';

const vector = (index: number) => ({ object: 'embedding', index, embedding: [0.1, -0.25] });
const vectors = (count: number) => ({
	object: 'list',
	data: Array.from({ length: count }, (_, index) => vector(index)),
	model: 'embed-1',
	usage: { prompt_tokens: 4, total_tokens: 4 },
});

let setup: TestGateway;
beforeAll(async () => {
	const request = { defaults: { temperature: 0.2, dimensions: 256 } };
	setup = await startGateway({
		names: ['a', 'b', 'c'],
		providers: {
			a: { request },
			b: { models: { 'their-embed': { sameAs: 'embed-1' }, 'embed-3': {}, voyage: { endpoints: ['embeddings'] } } },
			c: { endpoints: ['chat'] },
		},
		profiles: {
			vectors: { for: 'embeddings', chain: ['a/embed-1', 'b/their-embed'] },
			mixed: { chain: ['a/model-a', 'b/embed-2', 'a/embed-1'] },
			lies: { for: 'embeddings', chain: ['a/embed-1', 'b/embed-2'] },
			chat: { chain: ['c/model-c'] },
			nameless: { chain: ['a/model-a', 'b/voyage'] },
			answers: { chain: ['a/model-a', 'b/model-b'] },
		},
		policy: { breaker: { failureThreshold: 1000 } },
	});
});
afterAll(() => setup.close());
afterEach(() => expect(setup.crashes).toEqual([]));

const ask = (body: object) =>
	fetch(`${setup.origin}/v1/embeddings`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ model: 'vectors', input: 'Hello', ...body }),
	});

const askedOf = (name: string) => setup.upstream(name).requests.at(-1);

describe('embeddings', () => {
	it('fail over to the same model under its other name, and come back byte for byte', async () => {
		setup.upstream('a').next(status(503));
		setup.upstream('b').next(completes(vectors(2)));
		const response = await ask({ input: ['One', 'Two'], encoding_format: 'float' });
		expect(await response.text()).toBe(JSON.stringify(vectors(2)));
		expect(response.headers.get('x-breakwater-target')).toBe('b/their-embed');
		expect(askedOf('b')).toMatchObject({
			path: '/v1/embeddings',
			json: { model: 'their-embed', input: ['One', 'Two'], encoding_format: 'float' },
		});
		expect(setup.records.at(-1)).toMatchObject({ outcome: 'done', tokens: [{ input: 4, output: 0 }] });
	});

	it('of a profile for answers are asked of its first model for them alone', async () => {
		const before = setup.upstream('a').requests.length;
		setup.upstream('b').next(status(503));
		const response = await ask({ model: 'mixed' });
		expect(response.status).toBe(502);
		expect(askedOf('b')?.json).toMatchObject({ model: 'embed-2' });
		expect(setup.upstream('a').requests).toHaveLength(before);
	});

	it('never come from another model than the first', async () => {
		const before = setup.upstream('b').requests.length;
		setup.upstream('a').next(status(503));
		expect((await ask({ model: 'lies' })).status).toBe(502);
		expect(setup.upstream('b').requests).toHaveLength(before);
	});

	it('are asked for with what is set for vectors, not with what is set for answers', async () => {
		setup.upstream('a').next(completes(vectors(1)));
		await ask({});
		expect(askedOf('a')?.json).toEqual({ model: 'embed-1', input: 'Hello', dimensions: 256 });
	});

	it.each([
		['too few', vectors(1)],
		['too many', vectors(3)],
		['none', { ...vectors(2), data: [] }],
		['an empty one', { ...vectors(2), data: [vector(0), { ...vector(1), embedding: [] }] }],
		['an error', { error: { message: 'No', type: 'server_error' } }],
		['an answer of a chat', { choices: [{ message: { content: 'Hello' } }] }],
	])('that are %s are no answer', async (_name, wrong) => {
		setup.upstream('a').next(completes(wrong));
		setup.upstream('b').next(completes(vectors(2)));
		const response = await ask({ input: ['One', 'Two'] });
		expect([response.status, response.headers.get('x-breakwater-target')]).toEqual([200, 'b/their-embed']);
	});

	it.each([
		[[1, 2, 3], 1],
		[[[1], [2, 3]], 2],
		['Hello', 1],
	])('are made of tokens, too: %j', async (input, count) => {
		setup.upstream('a').next(completes(vectors(count)));
		expect((await ask({ input })).status).toBe(200);
		expect(askedOf('a')?.json).toMatchObject({ input });
	});

	it('as base64 are vectors', async () => {
		setup.upstream('a').next(completes({ ...vectors(1), data: [{ ...vector(0), embedding: 'AAAAPw==' }] }));
		expect((await ask({ encoding_format: 'base64' })).status).toBe(200);
	});

	it.each([
		['input', { input: undefined }],
		['input', { input: '' }],
		['input', { input: [] }],
		['input', { input: ['a', 7] }],
		['input', { input: [[]] }],
		['stream', { stream: true }],
		['model', { model: 7 }],
	])('are refused where nobody could make them: %s %j', async (param, body) => {
		const response = await ask(body);
		expect(response.status).toBe(400);
		expect(((await response.json()) as { error: { param: string } }).error.param).toBe(param);
	});

	it('are not what messages are for, which is told', async () => {
		expect(await (await ask({ input: undefined, messages: [] })).json()).toMatchObject({
			error: { param: 'input', message: expect.stringMatching(/belongs to POST \/v1\/chat\/completions/) },
		});
	});

	it('are refused where no provider makes any', async () => {
		const response = await ask({ model: 'chat' });
		expect(response.status).toBe(400);
		expect(await response.json()).toMatchObject({ error: { code: 'endpoint_not_available' } });
	});

	it.each([
		['no model', undefined, 'vectors', 'a/embed-1'],
		['the model of nothing', 'text-embedding-3-small', 'vectors', 'a/embed-1'],
		['a model of a profile for embeddings', 'their-embed', 'vectors', 'a/embed-1'],
		['the model of just one target', 'embed-3', 'b/embed-3', 'b/embed-3'],
	])('of %s go to what is for embeddings, never to the default profile', async (_name, model, profile, target) => {
		setup.upstream(target.slice(0, 1)).next(completes(vectors(1)));
		const { headers } = await ask({ model });
		expect(headers.get('x-breakwater-profile')).toBe(profile);
		expect(headers.get('x-breakwater-target')).toBe(target);
	});

	it('are never asked of a model that writes, unless it is named as a target', async () => {
		const before = setup.upstream('a').requests.length;
		const response = await ask({ model: 'answers' });
		expect([response.status, await response.json()]).toMatchObject([
			400,
			{ error: { code: 'endpoint_not_available', message: expect.stringContaining("'for: embeddings'") } },
		]);
		expect(setup.upstream('a').requests).toHaveLength(before);
		setup.upstream('a').next(completes(vectors(1)));
		expect((await ask({ model: 'a/model-a' })).status).toBe(200);
	});

	it('of a model that answers in nothing else need no name that tells', async () => {
		setup.upstream('b').next(completes(vectors(1)));
		expect((await ask({ model: 'nameless' })).headers.get('x-breakwater-target')).toBe('b/voyage');
	});

	it('that a model does not make say nothing of its key', async () => {
		const message = 'You are not allowed to generate embeddings from this model';
		setup.upstream('a').next(status(403, { error: { message, type: 'invalid_request_error', code: null } }));
		const response = await ask({ model: 'a/model-a' });
		expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining(message) } });
		expect((await setup.health()).a).toMatchObject({ state: 'closed', unavailableModels: {} });
	});

	it('are all that a profile for embeddings can be asked for', async () => {
		const before = setup.upstream('a').requests.length;
		const response = await setup.post({ model: 'vectors' });
		expect([response.status, await response.json()]).toMatchObject([
			400,
			{ error: { code: 'endpoint_not_available', message: expect.stringContaining('/v1/embeddings') } },
		]);
		expect(setup.upstream('a').requests).toHaveLength(before);
	});

	it('reach the official client', async () => {
		setup.upstream('a').next(completes(vectors(1)));
		const { data } = await setup.openai.embeddings.create({
			model: 'vectors',
			input: 'Hello',
			encoding_format: 'float',
		});
		expect(data[0]?.embedding).toEqual([0.1, -0.25]);
	});
});
