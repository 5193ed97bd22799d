import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Service } from '../../../src/contract/service.ts';
import { clientDialects } from '../../../src/dialects/dialects.ts';
import { createServer } from '../../../src/http/server.ts';

const service: Service = {
	profiles: ['default', 'cheap'],
	targets: ['a/one', 'a/two', 'b/team/three'].map((target) => ({ target, provider: target.slice(0, 1) })),
	defaultProfile: 'default',
	chains: { default: ['a/one', 'b/team/three'], cheap: ['a/two'] },
	embeddings: [],
	call: () => ({ leave: () => undefined, resume: () => undefined }),
	health: () => ({}),
	servable: () => ({}),
	grants: () => false,
	operate: () => {
		throw new Error('nothing is operated');
	},
};

const server = createServer(service, {
	bodyLimit: 1000,
	unknownModel: 'default',
	version: '0.0.0',
	hosts: ['localhost'],
});
beforeAll(async () => void (await server.ready()));
afterAll(() => server.close());

const anthropic = { 'anthropic-version': '2023-06-01' };

async function get(url: string, headers: Record<string, string> = {}) {
	const response = await server.inject({ url, headers: { host: 'localhost', ...headers } });
	return { status: response.statusCode, body: response.json() };
}

const ids = (body: { data: { id: string }[] }) => body.data.map(({ id }) => id);
const all = ['default', 'cheap', 'a/one', 'a/two', 'b/team/three'];

describe('the models, for clients of OpenAI', () => {
	it('are the profiles and the targets', async () => {
		const { body } = await get('/v1/models');
		expect([body.object, ids(body)]).toEqual(['list', all]);
		expect(body.data[0]).toEqual({
			id: 'default',
			object: 'model',
			created: expect.any(Number),
			owned_by: 'breakwater',
		});
		expect(body.data[4]).toMatchObject({ owned_by: 'b' });
	});

	it('are told one by one', async () => {
		expect((await get('/v1/models/b/team/three')).body).toMatchObject({ id: 'b/team/three', object: 'model' });
		expect(await get('/v1/models/nobody')).toMatchObject({ status: 404, body: { error: { code: 'model_not_found' } } });
	});
});

describe('the models, for clients of Anthropic', () => {
	it.each([
		['their version', anthropic],
		['their key', { 'x-api-key': 'k' }],
		['both keys and their version', { ...anthropic, authorization: 'Bearer k' }],
	])('known by %s, are in its shape', async (_name, headers) => {
		const { body } = await get('/v1/models', headers);
		expect(body).toMatchObject({ has_more: false, first_id: 'default', last_id: 'b/team/three' });
		expect(ids(body)).toEqual(all);
		const { created_at: createdAt, ...model } = body.data[0];
		expect(model).toEqual({ type: 'model', id: 'default', display_name: 'default' });
		expect(new Date(createdAt).toISOString()).toBe(createdAt);
		expect((await get('/v1/models/a/one', headers)).body).toMatchObject({ type: 'model', id: 'a/one' });
	});

	it('are not for a client of OpenAI that sends its key twice', async () => {
		expect((await get('/v1/models', { 'x-api-key': 'k', authorization: 'Bearer k' })).body.object).toBe('list');
	});

	it.each([
		['limit=2', ['default', 'cheap'], true],
		['limit=2&after_id=cheap', ['a/one', 'a/two'], true],
		['limit=2&after_id=a/two', ['b/team/three'], false],
		['after_id=b/team/three', [], false],
		['limit=2&before_id=a/two', ['cheap', 'a/one'], true],
		['limit=9&before_id=a/two', ['default', 'cheap', 'a/one'], false],
		['limit=1000', all, false],
	])('come in pages: %s', async (query, page, hasMore) => {
		const { body } = await get(`/v1/models?${query}`, anthropic);
		expect([ids(body), body.has_more]).toEqual([page, hasMore]);
		expect([body.first_id, body.last_id]).toEqual([page[0] ?? null, page.at(-1) ?? null]);
	});

	it.each([
		['limit=0', 400],
		['limit=1001', 400],
		['limit=x', 400],
		['after_id=nobody', 400],
		['before_id=nobody', 400],
	])('are refused in its shape, where there is no such page: %s', async (query, status) => {
		const answer = await get(`/v1/models?${query}`, anthropic);
		expect(answer).toMatchObject({ status, body: { type: 'error', error: { type: 'invalid_request_error' } } });
	});

	it('are refused in its shape where there is none, as is every path that is not there', async () => {
		for (const path of ['/v1/models/nobody', '/v1/nothing']) {
			expect(await get(path, anthropic)).toMatchObject({ status: 404, body: { type: 'error' } });
		}
		expect((await get('/v1/nothing')).body).toMatchObject({ error: { code: 'not_found' } });
	});
});

it('the paths of all dialects are named where there is nothing', async () => {
	const { error } = (await get('/v1/nothing')).body;
	for (const { path } of clientDialects) expect(error.message).toContain(`POST ${path}`);
	expect((await get('/v1/embeddings')).body.error).toMatchObject({ code: 'method_not_allowed' });
});
