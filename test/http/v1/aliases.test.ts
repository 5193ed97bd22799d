import { afterAll, beforeAll, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../../helpers/gateway.ts';

let breakwater: TestGateway;

beforeAll(async () => {
	breakwater = await startGateway({
		profiles: { cheap: { chain: ['b/tiny'] } },
		aliases: { 'gpt-4o': 'cheap', 'gpt-4o-mini': 'a/model-a', constructor: 'gpt-4o' },
		server: { unknownModel: 'reject' },
	});
});

afterAll(() => breakwater.close());

async function answerTo(body: object, headers: Record<string, string> = {}) {
	const response = await breakwater.post(body, { headers });
	await response.text();
	return [response.status, ...['profile', 'target'].map((name) => response.headers.get(`x-breakwater-${name}`))];
}

it.each([
	[{ model: 'gpt-4o' }, 'cheap', 'b/tiny'],
	[{ model: 'constructor' }, 'cheap', 'b/tiny'],
	[{ model: 'gpt-4o-mini' }, 'a/model-a', 'a/model-a'],
	[{ models: ['gpt-4o-mini', 'b/tiny'] }, 'models', 'a/model-a'],
])('%j goes where its alias leads', async (body, profile, target) => {
	expect(await answerTo(body)).toEqual([200, profile, target]);
});

it('a name that is no alias is still unknown', async () => {
	expect(await answerTo({ model: 'gpt-4' })).toEqual([404, null, null]);
	expect(await answerTo({ model: 'toString' })).toEqual([404, null, null]);
});

it('the header of a profile has the last word', async () => {
	expect(await answerTo({ model: 'gpt-4o' }, { 'x-failover-profile': 'default' })).toEqual([
		200,
		'default',
		'a/model-a',
	]);
});

it('an alias is among the models', async () => {
	const { data } = (await (await fetch(`${breakwater.origin}/v1/models`)).json()) as { data: { id: string }[] };
	expect(data.map(({ id }) => id)).toEqual(
		expect.arrayContaining(['default', 'cheap', 'gpt-4o', 'gpt-4o-mini', 'a/model-a']),
	);
});

it('a caller with profiles of its own sees and may use the aliases that lead to them', async () => {
	const [open, narrow] = ['planted-0123456789abcdef', 'planted-fedcba9876543210'];
	const restricted = await startGateway({
		profiles: { cheap: { chain: ['b/tiny'] } },
		aliases: { small: 'cheap', large: 'default' },
		server: { clients: { anybody: { key: open }, somebody: { key: narrow, profiles: ['cheap'] } } },
	});
	const authorization = (key: string) => ({ authorization: `Bearer ${key}` });
	const idsFor = async (key: string) => {
		const response = await fetch(`${restricted.origin}/v1/models`, { headers: authorization(key) });
		return ((await response.json()) as { data: { id: string }[] }).data.map(({ id }) => id);
	};
	const statusOf = async (model: string) =>
		(await restricted.post({ model }, { headers: authorization(narrow) })).status;
	try {
		expect(await idsFor(narrow)).toEqual(['cheap', 'small', 'b/tiny']);
		expect(await idsFor(open)).toEqual(expect.arrayContaining(['small', 'large']));
		expect([await statusOf('small'), await statusOf('large')]).toEqual([200, 403]);
	} finally {
		await restricted.close();
	}
});
