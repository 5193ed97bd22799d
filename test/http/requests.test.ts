import { afterEach, describe, expect, it, test } from 'vitest';
import { repairJson } from '../../src/http/v1/repair.ts';
import { cpuMsOf } from '../helpers/cpu-time.ts';
import { failureOf, type GatewaySetup, messages, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { status } from '../helpers/upstream.ts';

let breakwater: TestGateway | undefined;

async function start(setup: GatewaySetup = {}): Promise<TestGateway> {
	breakwater = await startGateway(setup);
	return breakwater;
}

afterEach(async () => {
	expect(breakwater?.crashes ?? []).toEqual([]);
	await breakwater?.close();
	breakwater = undefined;
});

const received = (gateway: TestGateway, name = 'a') => gateway.upstream(name).requests.map(({ text }) => text);

describe('a prompt', () => {
	const asked = '{"messages":[{"role":"user","content":"Hi"}],"model":"model-a"}';

	it.each([
		['a text', '{"prompt":"Hi"}', '{"messages":[{"role":"user","content":"Hi"}],"model":"model-a"}'],
		['a list of one', '{"prompt":["Hi"],"messages":null}', asked],
		['beside no message', '{"messages":[],"prompt":"Hi"}', asked],
		['beside messages', '{"messages":[{"role":"user","content":"Hi"}],"prompt":"other"}', asked],
	])('%s becomes a message, and goes', async (_name, body, json) => {
		const gateway = await start({ names: ['a'] });
		expect((await gateway.post(body)).status).toBe(200);
		expect(received(gateway)).toEqual([json]);
	});

	it('that is no text is the provider’s', async () => {
		const gateway = await start({ names: ['a'] });
		const body = '{"messages":[{"role":"user","content":"Hi"}],"prompt":{"id":"pmpt_1"},"model":"model-a"}';
		expect((await gateway.post(body)).status).toBe(200);
		expect(received(gateway)).toEqual([body]);
	});

	it.each([
		['empty', { prompt: '' }],
		['a list of several', { prompt: ['a', 'b'] }],
		['a list of numbers', { prompt: [[1, 2]] }],
		['an object', { prompt: { id: 'x' } }],
		['a text, beside messages that are no list', { prompt: 'Hi', messages: 'Hello' }],
		['not there', {}],
	])('%s is refused', async (_name, body) => {
		const gateway = await start({ names: ['a'] });
		const response = await gateway.post(JSON.stringify(body));
		expect(response.status).toBe(400);
		expect((await failureOf(response)).error).toMatchObject({ code: 'invalid_request', param: 'messages' });
		expect(received(gateway)).toEqual([]);
	});
});

describe('a body that is not quite JSON', () => {
	const broken = "{'model': 'default', // which\n messages: [{role: 'user', content: 'Hi'},],";

	it('is repaired where that is wanted, and says so', async () => {
		const gateway = await start({ names: ['a'], server: { repairJson: true } });
		const response = await gateway.post(broken);
		expect(response.status).toBe(200);
		expect(response.headers.get('x-breakwater-repaired')).toBe('true');
		expect(gateway.upstream('a').requests.map(({ json }) => json)).toEqual([
			{ model: 'model-a', messages: [{ role: 'user', content: 'Hi' }] },
		]);
		expect(gateway.records).toMatchObject([{ repaired: true }]);
	});

	it('says so of a stream and of a failure too', async () => {
		const gateway = await start({ names: ['a'], server: { repairJson: true } });
		const streamed = await gateway.post(`${broken} stream: true`);
		expect(streamed.headers.get('x-breakwater-repaired')).toBe('true');
		expect(await streamed.text()).toContain('[DONE]');
		gateway.upstream('a').always(status(500));
		const failed = await gateway.post(broken);
		expect([failed.status, failed.headers.get('x-breakwater-repaired')]).toEqual([502, 'true']);
	});

	it('is refused by default', async () => {
		const gateway = await start({ names: ['a'] });
		const response = await gateway.post(broken);
		expect(response.status).toBe(400);
		expect((await failureOf(response)).error.code).toBe('invalid_json');
		expect(response.headers.has('x-breakwater-repaired')).toBe(false);
	});

	it.each([
		['text', 'hello there'],
		['a list', '[{role: user}'],
		['no messages', '{model: x'],
		['nothing', ' '],
		['a bracket a million times', '['.repeat(1_000_000)],
		['a wrong stream', "{messages: [{role: 'user'}], stream: 'yes'"],
	])('is refused still when it holds %s', async (_name, body) => {
		const gateway = await start({ names: ['a'], server: { repairJson: true } });
		const response = await gateway.post(body);
		expect(response.status).toBe(400);
		const { error } = await failureOf(response);
		expect(error.code).toBe('invalid_json');
		expect(error.message).not.toContain('hello');
		expect(received(gateway)).toEqual([]);
	});

	it('is never what is JSON already', async () => {
		const gateway = await start({ names: ['a'], server: { repairJson: true } });
		const body =
			'{"messages":[{"role":"user","content":"\'{a:1,}\' // no"}],"seed":12345678901234567890,"model":"model-a"}';
		const response = await gateway.post(body);
		expect(response.headers.has('x-breakwater-repaired')).toBe(false);
		expect(received(gateway)).toEqual([body]);
		expect(gateway.records[0]).not.toHaveProperty('repaired');
	});

	it('does not hold up the others for long', () => {
		const repair = () => {
			expect(repairJson(`{"messages": "${'"a'.repeat(125_000)}`)).toBeUndefined();
			expect(repairJson(`{a: '${'x'.repeat(300_000)}'}`)).toBeUndefined();
		};
		// A minute without the limit.
		expect(cpuMsOf(repair)).toBeLessThan(10_000);
	});
});

const routing = {
	hints: { taskType: { code: 'code', chat: 'default' }, quality: { high: 'critical', low: 'cheap' } },
	heuristics: { code: 'code', critical: 'critical', cheap: 'cheap' },
};
const profiles = Object.fromEntries(['code', 'critical', 'cheap'].map((name) => [name, { chain: [`b/${name}`] }]));
const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });
const fence = user('Why?\n```ts\nlet x = 1;\n```');

type Hinted = [reason: string, profile: string, body: object, headers?: Record<string, string>];

describe('a route by hints', () => {
	test.each<Hinted>([
		['header', 'cheap', { model: 'code', failover: { taskType: 'code' } }, { 'x-failover-profile': 'cheap' }],
		['failover.profile', 'cheap', { model: 'code', failover: { profile: 'cheap', taskType: 'code' } }],
		['model', 'code', { model: 'code' }, { 'x-task-type': 'chat', 'x-quality': 'high' }],
		['model', 'a/model-a', { model: 'a/model-a', failover: { quality: 'high' } }],
		['hint task-type=code', 'code', { model: 'gpt-4o' }, { 'x-task-type': ' CODE ' }],
		['hint task-type=code', 'code', {}, { 'x-task-type': 'code', 'x-quality': 'high' }],
		['hint quality=high', 'critical', {}, { 'x-quality': 'high' }],
		['hint quality=high', 'critical', {}, { 'x-task-type': 'unheard-of', 'x-quality': 'high' }],
		['hint quality=low', 'cheap', { failover: { quality: 'high' } }, { 'x-quality': 'low' }],
		['hint quality=low', 'cheap', { failover: { taskType: 'code' } }, { 'x-quality': 'low' }],
		['hint task-type=code', 'code', { failover: { taskType: 'code', quality: 'low' } }],
		['hint task-type=code', 'code', { failover: { task_type: 'code' } }],
		['hint task-type=code', 'code', { meta: { task_type: 'code', other: 1 } }],
		['hint quality=low', 'cheap', { metadata: { quality: 'low' } }],
		['hint quality=high', 'critical', { failover: { quality: 'high' }, meta: { quality: 'low' } }],
		['hint task-type=chat', 'default', fence, { 'x-task-type': 'chat' }],
		['heuristic code: code fence in the last message', 'code', fence],
		['heuristic code: code fence in the last message', 'code', fence, { 'x-task-type': 'unheard-of' }],
		['heuristic critical: urgent word in the last message', 'critical', user('This is URGENT: the site is gone')],
		[
			'heuristic cheap: small task in a short message',
			'cheap',
			user([{ type: 'text', text: 'Translate: good morning' }]),
		],
		['default', 'default', user('Tell me about harbours.')],
		['default; hint task-type=unheard-of is not configured', 'default', {}, { 'x-task-type': 'unheard-of' }],
		['default', 'default', { metadata: { quality: 5 }, meta: 'high' }],
	])('%s', async (reason, profile, body, headers) => {
		const gateway = await start({ profiles, routing });
		const response = await gateway.post(body, { headers: headers ?? {} });
		expect(response.status).toBe(200);
		expect(response.headers.get('x-breakwater-profile')).toBe(profile);
		expect(response.headers.get('x-breakwater-route-reason')).toBe(reason);
	});

	test('a word in any script, or half a character, harms nothing', async () => {
		const gateway = await start({ profiles, routing });
		for (const taskType of ['编码', '\ud800', 'x'.repeat(5000), 'a\r\nb', 'constructor', '__proto__']) {
			const response = await gateway.post({ failover: { taskType } });
			expect([response.status, response.headers.get('x-breakwater-profile')]).toEqual([200, 'default']);
			expect(response.headers.get('x-breakwater-route-reason')?.length).toBeLessThan(600);
		}
	});

	test('an unknown model that is to be rejected is, unless a hint helps', async () => {
		const gateway = await start({ profiles, routing, server: { unknownModel: 'reject' } });
		expect((await gateway.post({ model: 'nope', ...fence })).status).toBe(404);
		expect((await gateway.post({ model: 'nope' }, { headers: { 'x-quality': 'low' } })).status).toBe(200);
	});

	test('a failure says the reason too', async () => {
		const gateway = await start({ profiles, routing });
		gateway.upstream('b').always(status(500));
		const response = await gateway.post({}, { headers: { 'x-quality': 'low' } });
		expect([response.status, response.headers.get('x-breakwater-route-reason')]).toEqual([502, 'hint quality=low']);
	});

	test('what is ours never reaches a provider, and what is not does', async () => {
		const gateway = await start({ names: ['a'], routing: { hints: { taskType: { code: 'default' } } } });
		const asked = (more: string) => `{"messages":[{"role":"user","content":"Hi"}]${more},"model":"model-a"}`;
		await gateway.post(asked(',"failover":{"taskType":"code"},"meta":{"task_type":"code","mine":1}'));
		await gateway.post(asked(',"metadata":{"task_type":"code"}'));
		await gateway.post(asked(',"metadata":{"task_type":"nope","trace": "t-1" , "quality":"x"}'));
		await gateway.post(asked(',"metadata":{"trace":"t-1","quality":5}'));
		expect(received(gateway)).toEqual([
			asked(''),
			asked(''),
			asked(',"metadata":{"trace": "t-1"}'),
			asked(',"metadata":{"trace":"t-1","quality":5}'),
		]);
	});

	test('where none are configured, they choose nothing, and metadata stays', async () => {
		const gateway = await start({ names: ['a'] });
		const body = '{"messages":[{"role":"user","content":"Hi"}],"metadata":{"quality":"high"},"model":"model-a"}';
		const response = await gateway.post(body, { headers: { 'x-task-type': 'code' } });
		expect(response.headers.get('x-breakwater-route-reason')).toBe('default; unknown model model-a');
		expect(received(gateway)).toEqual([body]);
	});

	test.each([
		['taskType', 5],
		['task_type', {}],
		['quality', null],
	])('failover.%s must be a text', async (name, value) => {
		const gateway = await start({ profiles, routing });
		const response = await gateway.post({ failover: { [name]: value } });
		expect(response.status).toBe(400);
		expect((await failureOf(response)).error.param).toBe(`failover.${name}`);
	});
});

describe('a chain in models', () => {
	const setup: GatewaySetup = {
		names: ['a', 'b', 'c'],
		profiles: {
			default: { chain: ['a/model-a'], policy: { onError: { BAD_REQUEST: { then: 'next' } } } },
			others: { chain: ['b/vendor/tiny', 'b/shared', 'c/shared', 'c/model-c'] },
		},
	};
	const targets = async (gateway: TestGateway, body: object) => {
		for (const name of ['a', 'b', 'c']) gateway.upstream(name).always(status(500));
		const response = await gateway.post(body);
		const { failover } = await failureOf(response);
		return failover?.attempts.map(({ target }) => target);
	};

	test.each<[string, object, string[]]>([
		['targets', { models: ['c/model-c', 'a/model-a'] }, ['c/model-c', 'a/model-a']],
		['model names', { models: ['vendor/tiny', 'model-c'] }, ['b/vendor/tiny', 'c/model-c']],
		['some that nobody knows', { models: ['x/y', 'model-c', 'shared', 'constructor'] }, ['c/model-c']],
		['the same twice', { models: ['model-c', 'c/model-c', 'model-a'] }, ['c/model-c', 'a/model-a']],
		['a model before it', { model: 'model-a', models: ['model-c'] }, ['a/model-a', 'c/model-c']],
		['an unknown model before it', { model: 'openrouter/auto', models: ['model-c'] }, ['c/model-c']],
		['a profile before it', { model: 'others', models: ['model-c'] }, ['c/model-c']],
		['none', { models: [] }, ['a/model-a']],
		['null', { models: null }, ['a/model-a']],
		['a profile that is named', { models: ['model-c'], failover: { profile: 'default' } }, ['a/model-a']],
	])('of %s', async (_name, body, expected) => {
		expect(await targets(await start(setup), body)).toEqual(expected);
	});

	test('of nothing that is known is refused, even where the model is', async () => {
		const response = await (await start(setup)).post({ model: 'model-a', models: ['x/y'] });
		expect([response.status, (await failureOf(response)).error.param]).toEqual([400, 'models']);
	});

	test('has the policy of the default profile, and never reaches a provider', async () => {
		const gateway = await start(setup);
		gateway.upstream('b').always(status(400, { error: { message: 'no', code: 'bad' } }));
		const response = await gateway.post(
			'{"messages":[{"role":"user","content":"Hi"}],"models":["vendor/tiny","model-c"]}',
		);
		expect([response.status, response.headers.get('x-breakwater-target')]).toEqual([200, 'c/model-c']);
		expect(received(gateway, 'c')).toEqual(['{"messages":[{"role":"user","content":"Hi"}],"model":"model-c"}']);
	});

	test('has one name for those who watch', async () => {
		const gateway = await start(setup);
		const response = await gateway.post({ models: ['model-c'] });
		expect(response.headers.get('x-breakwater-profile')).toBe('models');
		expect(gateway.records.map(({ route }) => route)).toEqual(['models']);
		const metrics = await (await fetch(`${gateway.origin}/metrics`)).text();
		expect(metrics).toMatch(/\{[^}]*route="models"[^}]*outcome="done"[^}]*\} 1/);
	});

	test('works through the SDK, streamed and not', async () => {
		const { openai } = await start(setup);
		const body = { model: 'anything', messages, models: ['c/model-c'] };
		const completion = await openai.chat.completions.create(body);
		expect(completion.model).toBe('model-c');
		const streamed = await openai.chat.completions.stream(body).finalChatCompletion();
		expect([streamed.model, streamed.choices[0]?.message.content]).toEqual(['model-c', 'ok']);
	});

	test.each<[string, unknown, RegExp]>([
		['unknown models', ['x/y', 'shared', 'z'.repeat(500)], /'x\/y', 'shared', 'z{80}…'\) is a configured target/],
		['very many unknown models', Array.from({ length: 90 }, (_, index) => `m${index}`), /'m4', and 85 more\)/],
		['too many', Array.from({ length: 101 }, () => 'a/model-a'), /more than 100/],
		['a text', 'a/model-a', /must be a list/],
		['numbers', [1], /must be a list/],
	])('of %s is refused', async (_name, models, message) => {
		const gateway = await start(setup);
		const response = await gateway.post({ models });
		expect(response.status).toBe(400);
		const { error } = await failureOf(response);
		expect(error.message).toMatch(message);
		expect(error.param).toBe('models');
	});
});
