import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { failureOf, messages, startGateway, type TestGateway } from '../../helpers/gateway.ts';
import { chunksOf, completes, completionOf, status, streams } from '../../helpers/upstream.ts';

let breakwater: TestGateway;

beforeEach(async () => {
	breakwater = await startGateway({
		profiles: { cheap: { chain: ['b/tiny'] }, slashes: { chain: ['a/org/model:free'] } },
	});
});

afterEach(() => breakwater.close());

type Choice = { name: string; body: object; headers?: Record<string, string>; profile: string; target: string };

const choices: Choice[] = [
	{ name: 'nothing', body: {}, profile: 'default', target: 'a/model-a' },
	{ name: 'model: null', body: { model: null }, profile: 'default', target: 'a/model-a' },
	{ name: 'an empty model', body: { model: '' }, profile: 'default', target: 'a/model-a' },
	{ name: 'a model that is a profile', body: { model: 'cheap' }, profile: 'cheap', target: 'b/tiny' },
	{ name: 'a model that is a target', body: { model: 'b/model-b' }, profile: 'b/model-b', target: 'b/model-b' },
	{
		name: 'a target with slashes',
		body: { model: 'a/org/model:free' },
		profile: 'a/org/model:free',
		target: 'a/org/model:free',
	},
	{ name: 'an unknown model', body: { model: 'gpt-4o' }, profile: 'default', target: 'a/model-a' },
	{
		name: 'a model named like a member of every object',
		body: { model: 'constructor' },
		profile: 'default',
		target: 'a/model-a',
	},
	{ name: 'failover.profile', body: { failover: { profile: 'cheap' } }, profile: 'cheap', target: 'b/tiny' },
	{ name: 'failover without a profile', body: { failover: {} }, profile: 'default', target: 'a/model-a' },
	{
		name: 'failover.profile over the model',
		body: { model: 'default', failover: { profile: 'cheap' } },
		profile: 'cheap',
		target: 'b/tiny',
	},
	{ name: 'the header', body: {}, headers: { 'x-failover-profile': 'cheap' }, profile: 'cheap', target: 'b/tiny' },
	{
		name: 'the header over all',
		body: { model: 'b/model-b', failover: { profile: 'default' } },
		headers: { 'X-Failover-Profile': 'cheap' },
		profile: 'cheap',
		target: 'b/tiny',
	},
	{
		name: 'an empty header',
		body: { model: 'cheap' },
		headers: { 'x-failover-profile': '' },
		profile: 'cheap',
		target: 'b/tiny',
	},
];

test.each(choices)('$name leads to $target', async ({ body, headers, profile, target }) => {
	for (const stream of [false, true]) {
		const response = await breakwater.post({ ...body, stream }, headers && { headers });
		await response.arrayBuffer();
		expect(response.status).toBe(200);
		expect(response.headers.get('x-breakwater-profile')).toBe(profile);
		expect(response.headers.get('x-breakwater-target')).toBe(target);
		const [provider = '', ...model] = target.split('/');
		expect(breakwater.upstream(provider).requests.at(-1)?.json).toEqual({ messages, stream, model: model.join('/') });
	}
});

test('with unknownModel: reject an unknown model is refused, and nothing is sent', async () => {
	const strict = await startGateway({ server: { unknownModel: 'reject' } });
	const response = await strict.post({ model: 'gpt-4o' });
	expect(response.status).toBe(404);
	expect((await failureOf(response)).error).toMatchObject({ code: 'model_not_found', param: 'model' });
	expect((await strict.post({ model: 'default' })).status).toBe(200);
	expect((await strict.post({})).status).toBe(200);
	expect(strict.upstream('a').requests).toHaveLength(2);
	await strict.close();
});

test('headers say who answered, under one id a request', async () => {
	breakwater.upstream('a').next(status(503));
	const ids = [];
	for (const stream of [true, false]) {
		const { headers } = await breakwater.post({ stream });
		ids.push(headers.get('x-breakwater-request-id'));
		expect(headers.get('x-breakwater-attempts')).toBe(stream ? '2' : '1');
		expect(headers.get('content-type')).toBe(
			stream ? 'text/event-stream; charset=utf-8' : 'application/json; charset=utf-8',
		);
	}
	expect(new Set(ids).size).toBe(2);
	expect(breakwater.records.map(({ id }) => id)).toEqual(ids);
});

describe('the model in the answer', () => {
	test('is the one that really answered, as the provider names it', async () => {
		breakwater.upstream('a').next(completes(completionOf('x', { model: 'model-a-2026-09-01' })));
		expect(await (await breakwater.post({ model: 'default' })).json()).toMatchObject({ model: 'model-a-2026-09-01' });
	});

	test('is filled in when the provider does not say', async () => {
		breakwater.upstream('a').next(completes(completionOf('x', { model: undefined })));
		expect(await (await breakwater.post({ model: 'default' })).json()).toMatchObject({ model: 'model-a' });
		breakwater.upstream('a').next(streams(chunksOf('x', { fields: { model: undefined } })));
		const text = await (await breakwater.post({ model: 'default', stream: true })).text();
		expect(text.match(/"model":"model-a"/g)).toHaveLength(3);
	});
});

/** What a client sent, and what the provider is to get of it, byte for byte. */
const bytes: [string, string, string][] = [
	[
		'big numbers',
		'{"model":"x","messages":[1],"seed":12345678901234567890,"t":0.10}',
		'{"model":"model-a","messages":[1],"seed":12345678901234567890,"t":0.10}',
	],
	['exponents and signs', '{"messages":[-0,1E+2,1e400],"model":"x"}', '{"messages":[-0,1E+2,1e400],"model":"model-a"}'],
	[
		'odd spacing',
		' {\n\t"messages" :\r\n[ 1 ] ,  "model"\t: "x" } \n',
		' {\n\t"messages" :\r\n[ 1 ] ,  "model"\t: "model-a" } \n',
	],
	[
		'escapes and unicode',
		'{"m\\u006fdel":"x","messages":["\\ud83c\\udf89 🎉 \\/ \\"model\\":1"],"ключ":"日本"}',
		'{"m\\u006fdel":"model-a","messages":["\\ud83c\\udf89 🎉 \\/ \\"model\\":1"],"ключ":"日本"}',
	],
	[
		'nested fields of the same names',
		'{"messages":[{"model":"y","failover":{}}],"model":"x","tools":{"model":1,"failover":2}}',
		'{"messages":[{"model":"y","failover":{}}],"model":"model-a","tools":{"model":1,"failover":2}}',
	],
	['no model', '{"messages":[1]}', '{"messages":[1],"model":"model-a"}'],
	[
		'control fields first',
		'{"failover":{"profile":"default"},"messages":[1],"model":"x"}',
		'{"messages":[1],"model":"model-a"}',
	],
	[
		'control fields in the middle',
		'{"messages":[1], "failover" : {"profile":"default"} , "model":"x"}',
		'{"messages":[1] , "model":"model-a"}',
	],
	['control fields last', '{"model":"x","messages":[1],"failover":null}', '{"model":"model-a","messages":[1]}'],
	[
		'doubled keys',
		'{"model":"x","model":"y","failover":{},"messages":[1],"failover":{},"n":1,"n":2}',
		'{"model":"model-a","messages":[1],"n":1,"n":2}',
	],
];

test.each(bytes)('passed through byte for byte: %s', async (_name, sent, expected) => {
	const response = await breakwater.post(sent);
	expect(response.status).toBe(200);
	expect(breakwater.upstream('a').requests[0]?.text).toBe(expected);
	expect(breakwater.upstream('a').requests[0]?.headers['content-length']).toBe(String(Buffer.byteLength(expected)));
});

test('an answer is passed back byte for byte', async () => {
	const body = JSON.stringify(completionOf('x')).replace('"created":', '"big":12345678901234567890 ,\n "created":');
	breakwater.upstream('a').next(status(200, body, { 'content-type': 'application/json' }));
	expect(await (await breakwater.post()).text()).toBe(body);
});

test("the caller's own headers and key stay here", async () => {
	await breakwater.post(
		{},
		{
			headers: {
				authorization: 'Bearer sk-of-the-caller',
				cookie: 'c=1',
				'x-failover-profile': 'default',
				'x-task-type': 'code',
			},
		},
	);
	const { headers } = breakwater.upstream('a').requests[0] ?? { headers: {} };
	expect(Object.keys(headers).sort()).toEqual([
		'accept',
		'accept-encoding',
		'connection',
		'content-length',
		'content-type',
		'host',
		'user-agent',
		'x-breakwater-via',
	]);
});
