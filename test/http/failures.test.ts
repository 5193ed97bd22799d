import { afterEach, describe, expect, test } from 'vitest';
import { contentOf, failureOf, type GatewaySetup, soon, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, hangs, status } from '../helpers/upstream.ts';

let breakwater: TestGateway;

async function start(setup: GatewaySetup = {}): Promise<TestGateway> {
	breakwater = await startGateway(setup);
	return breakwater;
}

afterEach(() => breakwater.close());

const error = (message: string, code: string | null = null) => ({ error: { message, type: null, param: null, code } });

describe('when every target failed', () => {
	test('the failure is told of the target that failed, not of one that only said no after it', async () => {
		const { post, upstream, gateway } = await start();
		upstream('a').next(status(503));
		gateway.operate('b', { type: 'operator.tripped', now: Date.now(), forMs: 60_000 });
		const { error: told } = await failureOf(await post());
		expect(told.message).toMatch(/SERVER_ERROR from a\/model-a/);
	});

	test('the error names each attempt, and says what the last provider said', async () => {
		const { post, upstream } = await start();
		upstream('a').next(status(503));
		upstream('b').next(status(529, error('Overloaded, sorry')));
		const response = await post();
		const { error: told, failover } = await failureOf(response);
		expect(response.status).toBe(502);
		expect(told).toMatchObject({ type: 'server_error', code: 'all_targets_failed', param: null });
		expect(told.message).toMatch(/'default'.*SERVER_ERROR\.overloaded from b\/model-b.*Overloaded, sorry/);
		expect(failover).toEqual({
			requestId: response.headers.get('x-breakwater-request-id'),
			profile: 'default',
			attempts: [
				{
					target: 'a/model-a',
					credential: 'a',
					category: 'SERVER_ERROR',
					reason: null,
					status: 503,
					milliseconds: expect.any(Number),
				},
				{
					target: 'b/model-b',
					credential: 'b',
					category: 'SERVER_ERROR',
					reason: 'overloaded',
					status: 529,
					milliseconds: expect.any(Number),
				},
			],
			denied: [],
			retryAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
		});
	});

	test('by timeouts it is a 504, whose milliseconds are the wait', async () => {
		const { post, upstream } = await start({ policy: { timeouts: { response: '60ms' } } });
		upstream('a').next(hangs());
		upstream('b').next(hangs());
		const response = await post();
		expect(response.status).toBe(504);
		const { error: told, failover } = await failureOf(response);
		expect(told.code).toBe('all_targets_timed_out');
		for (const attempt of failover?.attempts ?? []) {
			expect(attempt).toMatchObject({ category: 'TIMEOUT', reason: 'response', status: null });
			expect(attempt.milliseconds).toBeGreaterThanOrEqual(58);
			expect(attempt.milliseconds).toBeLessThan(30_000);
		}
		expect(failover?.attempts).toHaveLength(2);
	});

	test('by limits it is a 429 that says when to come back', async () => {
		const { post, upstream } = await start();
		upstream('a').next(status(429, undefined, { 'retry-after': '90' }));
		upstream('b').next(status(429, undefined, { 'retry-after': '30' }));
		const response = await post();
		expect(response.status).toBe(429);
		expect((await failureOf(response)).error).toMatchObject({ code: 'all_targets_limited', type: 'rate_limit_error' });
		expect(response.headers.get('retry-after')).toBe('30');
	});

	test('the deadline ends it, whatever the attempts are allowed', async () => {
		const { post, upstream, health } = await start({ policy: { timeouts: { response: '5s', request: '500ms' } } });
		upstream('a').next(hangs());
		const response = await post();
		expect(response.status).toBe(504);
		const { error: told, failover } = await failureOf(response);
		expect(told.code).toBe('deadline_exceeded');
		expect(failover?.attempts).toMatchObject([{ target: 'a/model-a', category: 'TIMEOUT', reason: 'deadline' }]);
		await soon(() => expect(upstream('a').aborted).toBe(1));
		expect((await health()).a).toMatchObject({ state: 'closed', consecutiveFailures: 0 });
	});
});

describe('when every target is denied', () => {
	const breaker = { failureThreshold: 1, cooldown: '1500ms', cooldownJitter: 0 };
	const trips = { policy: { whenAllDenied: 'fail', breaker } } as const;

	test.each([false, true])('a 503 says honestly when to come back (stream: %s)', async (stream) => {
		const { post, upstream, health } = await start(trips);
		upstream('a').next(status(503));
		upstream('b').next(status(503));
		await post();
		const before = Date.now();
		const response = await post({ stream });
		const after = Date.now();
		expect(response.status).toBe(503);
		expect([upstream('a').requests.length, upstream('b').requests.length]).toEqual([1, 1]);

		const { error: told, failover } = await failureOf(response);
		expect(told).toMatchObject({ code: 'all_targets_unavailable', type: 'server_error' });
		expect(told.message).toMatch(/a\/model-a is open after failures, b\/model-b is open after failures/);
		const opensAt = (await health()).a?.retryAt ?? '';
		expect(failover).toMatchObject({ attempts: [], retryAt: opensAt });
		expect(failover?.denied).toMatchObject([
			{ target: 'a/model-a', credential: 'a', state: 'open', reason: 'failures', retryAt: opensAt },
			{ target: 'b/model-b', credential: 'b', state: 'open', reason: 'failures' },
		]);
		const waitMs = Number(response.headers.get('retry-after')) * 1000;
		expect(after + waitMs).toBeGreaterThanOrEqual(Date.parse(opensAt));
		expect(before + waitMs).toBeLessThanOrEqual(Date.parse(opensAt) + 1000);
		const exactMs = Number(response.headers.get('retry-after-ms'));
		expect(after + exactMs).toBeGreaterThanOrEqual(Date.parse(opensAt));
		expect(before + exactMs).toBeLessThanOrEqual(Date.parse(opensAt));
	});

	test('who comes back at that time is served', async () => {
		const { post, upstream } = await start({ names: ['a'], ...trips });
		upstream('a').next(status(503));
		const first = await post();
		expect(first.status).toBe(502);
		await new Promise((resolve) => setTimeout(resolve, Number(first.headers.get('retry-after-ms'))));
		expect((await post()).status).toBe(200);
	});

	test('whenAllDenied: try-soonest asks the one that would open first', async () => {
		const { post, upstream, records } = await start({
			policy: { breaker: { failureThreshold: 1, cooldown: '60s' }, whenAllDenied: 'try-soonest' },
			providers: { b: { policy: { breaker: { cooldown: '30s' } } } },
		});
		upstream('a').next(status(503));
		upstream('b').next(status(503));
		await post();
		const response = await post();
		expect(response.headers.get('x-breakwater-target')).toBe('b/model-b');
		expect(records[1]?.trace).toMatchObject([
			{ did: 'deny', target: 'a/model-a' },
			{ did: 'deny', target: 'b/model-b' },
			{ did: 'attempt', target: 'b/model-b', probe: true, outcome: 'succeeded' },
		]);
	});
});

test('a target that is asked twice, early the second time, is told once', async () => {
	const { post, upstream } = await start({ policy: { whenAllDenied: 'try-soonest' } });
	for (const name of ['a', 'b']) upstream(name).always(status(503, undefined, { 'retry-after': '60' }));
	await post();
	const { failover } = await failureOf(await post());
	expect(failover?.attempts).toEqual([]);
	expect(failover?.denied.map(({ target }) => target)).toEqual(['a/model-a', 'b/model-b']);
});

test('/health is degraded while a provider is not closed, and never an error', async () => {
	const { origin, post, upstream } = await start({ policy: { breaker: { failureThreshold: 1 } } });
	const health = async () => {
		const response = await fetch(`${origin}/health`);
		return [response.status, ((await response.json()) as { status: string }).status];
	};
	expect(await health()).toEqual([200, 'ok']);
	upstream('a').next(status(503));
	await post();
	expect(await health()).toEqual([200, 'degraded']);
});

test('/v1/models/… tells of one profile or target', async () => {
	const { origin } = await start();
	const get = async (id: string) => fetch(`${origin}/v1/models/${id}`);
	expect(await (await get('a/model-a')).json()).toMatchObject({ id: 'a/model-a', object: 'model', owned_by: 'a' });
	expect(await failureOf(await get('nothing'))).toMatchObject({ error: { code: 'model_not_found' } });
});

describe('when the policy says fail', () => {
	test.each([
		[400, 'bad_request', error('temperature must be at most 2')],
		[422, 'bad_request', error('temperature must be at most 2')],
		[400, 'content_policy_violation', error('temperature must be at most 2', 'content_policy_violation')],
	])("a mistake of the caller's passes on the provider's words: %s, %s", async (code, expected, body) => {
		const { post, upstream, health } = await start();
		upstream('a').next(status(code, body));
		const response = await post();
		expect(response.status).toBe(code);
		expect(response.headers.get('x-should-retry')).toBe('false');
		expect((await failureOf(response)).error).toEqual({
			message: 'temperature must be at most 2',
			type: 'invalid_request_error',
			param: null,
			code: expected,
		});
		expect(upstream('b').requests).toHaveLength(0);
		expect((await health()).a).toMatchObject({ state: 'closed', consecutiveFailures: 0 });
	});

	test('a rejected key is a 502, and the next request goes to the fallback', async () => {
		const { post, upstream, health } = await start({ providers: { a: { apiKey: 'a-key-that-is-dead' } } });
		upstream('a').always(status(401, error('Incorrect API key provided: a-key-that-is-dead', 'invalid_api_key')));
		const response = await post();
		expect(response.status).toBe(502);
		const { error: told } = await failureOf(response);
		expect(told).toMatchObject({ code: 'provider_auth_failed', type: 'server_error' });
		expect(told.message).toMatch(/provider 'a'.*apiKey/);
		expect(upstream('b').requests).toHaveLength(0);

		const { a } = await health();
		expect(a).toMatchObject({ state: 'open', reason: 'auth' });
		expect(Date.parse(a?.retryAt ?? '') - Date.now()).toBeGreaterThan(14 * 60_000);
		expect((await post()).headers.get('x-breakwater-target')).toBe('b/model-b');
		expect(upstream('a').requests).toHaveLength(1);
	});
});

describe('a prompt that is too long', () => {
	const tooLong = status(400, error("This model's maximum context length is 1000 tokens", 'context_length_exceeded'));
	const windows = (a: number, b: number) => ({
		names: ['a', 'b', 'c'],
		providers: {
			a: { models: { 'model-a': { contextWindow: a } } },
			b: { models: { 'model-b': { contextWindow: b } } },
		},
	});

	test('goes to the next larger window', async () => {
		const { post, upstream, health } = await start(windows(1000, 2000));
		upstream('a').next(tooLong);
		expect((await post()).headers.get('x-breakwater-target')).toBe('b/model-b');
		expect((await health()).a).toMatchObject({ state: 'closed', consecutiveFailures: 0 });
	});

	test('skips one that is no larger, and tries one that is not known', async () => {
		const { post, upstream } = await start(windows(1000, 1000));
		upstream('a').next(tooLong);
		expect((await post()).headers.get('x-breakwater-target')).toBe('c/model-c');
		expect(upstream('b').requests).toHaveLength(0);
	});

	test('fails when it is too long for all', async () => {
		const { post, upstream } = await start(windows(1000, 2000));
		for (const name of ['a', 'b', 'c']) upstream(name).next(tooLong);
		const response = await post();
		expect(response.status).toBe(400);
		const { error: told, failover } = await failureOf(response);
		expect(told).toMatchObject({ code: 'context_length_exceeded', type: 'invalid_request_error' });
		expect(told.message).toMatch(/maximum context length/);
		expect(failover?.attempts.map(({ target, reason }) => [target, reason])).toEqual([
			['a/model-a', 'context_length'],
			['b/model-b', 'context_length'],
			['c/model-c', 'context_length'],
		]);
	});
});

test('an exhausted quota cools down until the time that the provider names', async () => {
	const { post, upstream, health } = await start();
	const limit = {
		error: { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 7200 },
	};
	upstream('a').next(status(429, limit));
	const before = Date.now();
	expect(await contentOf(await post())).toBe('ok');
	const { a } = await health();
	expect(a).toMatchObject({ state: 'quota-cooldown', reason: 'quota', lastFailure: { category: 'QUOTA_EXCEEDED' } });
	const resetsAt = Date.parse(a?.retryAt ?? '');
	expect(resetsAt).toBeGreaterThanOrEqual(before + 7_200_000);
	expect(resetsAt).toBeLessThanOrEqual(Date.now() + 7_200_000);
	await post();
	expect(upstream('a').requests).toHaveLength(1);
});

test('a model that is not available is left alone, and the other models of its provider are not', async () => {
	const { post, upstream, health } = await start({ profiles: { other: { chain: ['a/other'] } } });
	upstream('a').next(status(404, error('The model does not exist', 'model_not_found')));
	expect((await post()).headers.get('x-breakwater-target')).toBe('b/model-b');
	expect((await post()).headers.get('x-breakwater-target')).toBe('b/model-b');
	expect((await post({ model: 'other' })).headers.get('x-breakwater-target')).toBe('a/other');
	expect(upstream('a').requests).toHaveLength(2);
	const { a } = await health();
	expect(a?.state).toBe('closed');
	expect(Object.keys(a?.unavailableModels ?? {})).toEqual(['model-a']);
});

describe('several credentials', () => {
	const keys = { providers: { a: { apiKey: ['first-key', 'second-key'] } } };
	const sentKeys = () => breakwater.upstream('a').requests.map(({ headers }) => headers.authorization);

	test('then: credential tries the next key of the same provider', async () => {
		const { post, upstream, health } = await start({
			...keys,
			policy: { onError: { AUTH_ERROR: { then: 'credential' } } },
		});
		upstream('a').next(status(401), answers('with the second key'));
		const response = await post();
		expect(response.headers.get('x-breakwater-target')).toBe('a/model-a');
		expect(await contentOf(response)).toBe('with the second key');
		expect(sentKeys()).toEqual(['Bearer first-key', 'Bearer second-key']);
		expect(await health()).toMatchObject({ 'a#1': { state: 'open', reason: 'auth' }, 'a#2': { state: 'closed' } });
		await post();
		expect(sentKeys()).toEqual(['Bearer first-key', 'Bearer second-key', 'Bearer second-key']);
	});

	test.each([
		['401', status(401)],
		['429', status(429, error('Slow down'), { 'retry-after': '30' })],
		['402', status(402, error('Insufficient credits'))],
	])('after %s on the first two of three keys the third one answers by default', async (_, behaviour) => {
		const { post, upstream } = await start({ providers: { a: { apiKey: ['key-1', 'key-2', 'key-3'] } } });
		upstream('a').next(behaviour, behaviour, answers('with the third key'));
		expect(await contentOf(await post())).toBe('with the third key');
		expect(sentKeys()).toEqual(['Bearer key-1', 'Bearer key-2', 'Bearer key-3']);
	});

	test('with every key rejected the request fails, and does not go to the next provider', async () => {
		const { post, upstream } = await start(keys);
		upstream('a').always(status(401));
		const response = await post();
		expect(response.status).toBe(502);
		expect((await failureOf(response)).error.code).toBe('provider_auth_failed');
		expect(sentKeys()).toEqual(['Bearer first-key', 'Bearer second-key']);
	});

	test('without it a failure goes to the next target, not to the other key', async () => {
		const { post, upstream } = await start(keys);
		upstream('a').next(status(503));
		expect((await post()).headers.get('x-breakwater-target')).toBe('b/model-b');
		expect(sentKeys()).toEqual(['Bearer first-key']);
	});

	test('after the last key it goes on with the next target', async () => {
		const { post, upstream } = await start({
			...keys,
			policy: { onError: { QUOTA_EXCEEDED: { then: ['credential', 'next'] } } },
		});
		upstream('a').always(status(402, error('Insufficient credits')));
		expect((await post()).headers.get('x-breakwater-target')).toBe('b/model-b');
		expect(sentKeys()).toEqual(['Bearer first-key', 'Bearer second-key']);
	});
});
