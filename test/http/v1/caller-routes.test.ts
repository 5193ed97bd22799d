import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failureOf, startGateway, type TestGateway } from '../../helpers/gateway.ts';

const keys = { web: 'planted-web-key-0001', all: 'planted-all-key-0001' };
const bearer = (name: keyof typeof keys) => ({ authorization: `Bearer ${keys[name]}` });

let breakwater: TestGateway;

beforeAll(async () => {
	breakwater = await startGateway({
		names: ['a', 'b', 'c'],
		profiles: {
			cheap: { chain: ['b/model-b'] },
			small: { chain: ['c/model-c', 'b/model-b'] },
			vectors: { for: 'embeddings', chain: ['a/text-embedding-3-small'] },
		},
		routing: { hints: { taskType: { hard: 'default' } } },
		server: { clients: { web: { key: keys.web, profiles: ['cheap', 'vectors'] }, all: { key: keys.all } } },
	});
});

afterAll(() => breakwater.close());

const ask = (body: object, headers: Record<string, string> = {}) =>
	breakwater.post(body, { headers: { ...bearer('web'), ...headers } });

describe('a caller that has profiles of its own', () => {
	test.each([
		['its profile', { model: 'cheap' }],
		['a target of its chain', { model: 'b/model-b' }],
		['a chain of such targets', { models: ['b/model-b'] }],
		['nothing', {}],
		['a model that nobody knows', { model: 'gpt-99' }],
	])('goes there when it names %s', async (_name, body) => {
		const response = await ask(body);
		expect([response.status, response.headers.get('x-breakwater-target')]).toEqual([200, 'b/model-b']);
	});

	test('goes to its own first profile where it names none', async () => {
		expect((await ask({})).headers.get('x-breakwater-profile')).toBe('cheap');
	});

	test.each([
		['another profile', { model: 'small' }, {}, 'small'],
		['one in a header', {}, { 'x-failover-profile': 'small' }, 'small'],
		['one in its body', { failover: { profile: 'default' } }, {}, 'default'],
		['a target of another chain', { model: 'a/model-a' }, {}, 'a/model-a'],
		['such a target in a chain of its own', { models: ['b/model-b', 'c/model-c'] }, {}, 'c/model-c'],
		['a hint that leads elsewhere', {}, { 'x-task-type': 'hard' }, 'default'],
	])('is refused when it names %s', async (_name, body, headers, barred) => {
		const before = breakwater.records.length;
		const response = await ask(body, headers);
		expect(response.status).toBe(403);
		const { error } = await failureOf(response);
		expect(error).toMatchObject({ type: 'invalid_request_error', code: 'profile_not_allowed' });
		expect(error.message).toContain(`The client 'web' may not use '${barred}'`);
		expect(error.message).toContain('it may use the profiles cheap, vectors and the targets in their chains');
		expect(breakwater.records).toHaveLength(before);
	});

	test('sees only these among the models', async () => {
		const list = async (path: string, headers: Record<string, string>) => {
			const { data } = (await (await fetch(breakwater.origin + path, { headers })).json()) as {
				data: { id: string }[];
			};
			return data.map(({ id }) => id);
		};
		const own = ['cheap', 'vectors', 'a/text-embedding-3-small', 'b/model-b'];
		expect((await list('/v1/models', bearer('web'))).sort()).toEqual(own.sort());
		const anthropic = { 'anthropic-version': '2023-06-01' };
		expect((await list('/v1/models', { ...bearer('web'), ...anthropic })).sort()).toEqual(own.sort());
		expect(await list('/v1/models', bearer('all'))).toContain('a/model-a');
		const one = await fetch(`${breakwater.origin}/v1/models/a/model-a`, { headers: bearer('web') });
		expect(one.status).toBe(404);
	});

	test('asks for vectors where it has a profile for them', async () => {
		const response = await fetch(`${breakwater.origin}/v1/embeddings`, {
			method: 'POST',
			headers: { ...bearer('web'), 'content-type': 'application/json' },
			body: JSON.stringify({ input: 'Hi' }),
		});
		await response.text();
		expect(breakwater.records.at(-1)?.route).toBe('vectors');
	});

	test('bars nobody else', async () => {
		for (const model of ['small', 'a/model-a']) {
			expect((await breakwater.post({ model }, { headers: bearer('all') })).status).toBe(200);
		}
	});
});
