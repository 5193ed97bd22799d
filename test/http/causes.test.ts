import { afterEach, describe, expect, test } from 'vitest';
import { logObserver } from '../../src/observe/log/log.ts';
import { failureOf, type GatewaySetup, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { messagesRequest, postTo } from '../helpers/messages-per-test.ts';
import { type Behaviour, status } from '../helpers/upstream.ts';

let breakwater: TestGateway;

afterEach(() => breakwater.close());

/** What two requests in a row are told, where every target does this, always. */
async function toldTwice(behaviours: readonly Behaviour[], setup: GatewaySetup = {}) {
	breakwater = await startGateway(setup);
	breakwater.upstream('a').always(behaviours[0] ?? status(503));
	breakwater.upstream('b').always(behaviours[1] ?? behaviours[0] ?? status(503));
	const told = [];
	for (const _ of [1, 2]) {
		const response = await breakwater.post();
		const { error } = await failureOf(response);
		told.push({
			status: response.status,
			code: error.code,
			type: error.type,
			message: error.message,
			headers: response.headers,
		});
	}
	return told;
}

const kindOf = ({ status: code, code: name }: { status: number; code: string }) => `${code} ${name}`;
const limited = status(429, undefined, { 'retry-after': '90' });
const busy = status(529, { error: { message: 'Overloaded', type: 'overloaded_error' } });
const broke = status(402, { error: { message: 'Insufficient credits' } });
const noKey = status(401, { error: { message: 'Invalid API key', code: 'invalid_api_key' } });
const noModel = status(404, { error: { message: 'The model does not exist', code: 'model_not_found' } });
const next = { onError: { AUTH_ERROR: { then: ['credential', 'next'] } } };

describe('the second caller is told the cause, and not only that nothing was asked', () => {
	test.each([
		['limits', [limited]],
		['quotas', [broke]],
		['a limit and a quota', [limited, broke]],
	])('%s: 429, as the first', async (_name, behaviours) => {
		const told = await toldTwice(behaviours);
		expect(told.map(kindOf)).toEqual(['429 all_targets_limited', '429 all_targets_limited']);
		expect(told[1]?.type).toBe('rate_limit_error');
		expect(Number(told[1]?.headers.get('retry-after'))).toBeGreaterThan(80);
		expect(told[1]?.message).toMatch(/a\/model-a (asked to wait|is out of quota or credit)/);
	});

	test('an overloaded provider that names a time is no limit', async () => {
		const told = await toldTwice([status(503, undefined, { 'retry-after': '90' })]);
		expect(told.map(kindOf)).toEqual(['502 all_targets_failed', '503 all_targets_unavailable']);
	});

	test.each([
		['overload', [busy]],
		['overload, and a limit', [limited, busy]],
	])('%s: 503, as the first, with a time to come back', async (_name, behaviours) => {
		const trips = { policy: { whenAllDenied: 'fail', breaker: { failureThreshold: 1 } } } as const;
		const told = await toldTwice(behaviours, trips);
		expect(told.map(kindOf)).toEqual(['503 all_targets_overloaded', '503 all_targets_overloaded']);
		for (const { headers } of told) {
			expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
			expect(headers.get('x-should-retry')).toBeNull();
		}
	});

	test('overload and another failure are not overload alone', async () => {
		const trips = { policy: { whenAllDenied: 'fail', breaker: { failureThreshold: 1 } } } as const;
		const told = await toldTwice([busy, status(500)], trips);
		expect(told.map(kindOf)).toEqual(['502 all_targets_failed', '503 all_targets_unavailable']);
	});

	test.each([
		['overload', busy, 529, 'overloaded_error'],
		['limits', limited, 429, 'rate_limit_error'],
		['failures', status(500), 502, 'api_error'],
	])('%s are told to callers of Messages as Anthropic tells them', async (_name, behaviour, told, type) => {
		breakwater = await startGateway();
		for (const name of ['a', 'b']) breakwater.upstream(name).always(behaviour);
		for (const stream of [false, true]) {
			const response = await postTo(breakwater, { ...messagesRequest, stream });
			expect([response.status, await response.json()]).toMatchObject([told, { type: 'error', error: { type } }]);
			expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
		}
	});

	test('a limit and a failure are not limits alone', async () => {
		const trips = { policy: { whenAllDenied: 'fail', breaker: { failureThreshold: 1 } } } as const;
		const [, second] = await toldTwice([limited, status(500)], trips);
		expect(second && kindOf(second)).toBe('503 all_targets_unavailable');
	});

	test('dead keys: which, and what to do', async () => {
		const setup = { providers: { b: { apiKey: ['key-1', 'key-2'] } }, policy: next };
		const told = await toldTwice([noKey], setup);
		expect(told.map(kindOf)).toEqual(['502 provider_auth_failed', '502 provider_auth_failed']);
		for (const { message } of told) {
			expect(message).toContain('Replace providers.a.apiKey, providers.b.apiKey[0], providers.b.apiKey[1]');
			expect(message).toContain('the key you sent is not involved');
		}
	});

	test('a dead key beside a failure is named', async () => {
		const setup = { policy: { ...next, whenAllDenied: 'fail', breaker: { failureThreshold: 1 } } } as const;
		const [, second] = await toldTwice([noKey, status(500)], setup);
		expect(second && kindOf(second)).toBe('503 all_targets_unavailable');
		expect(second?.message).toContain(
			'a/model-a rejected its key (replace providers.a.apiKey), b/model-b is open after failures',
		);
	});

	test('a model that is nowhere: 404, both times', async () => {
		const told = await toldTwice([noModel]);
		expect(told.map(kindOf)).toEqual(['404 model_not_found', '404 model_not_found']);
		expect(told[1]?.message).toContain('a/model-a, b/model-b');
	});

	test('a model that is being loaded is somewhere', async () => {
		const told = await toldTwice([status(503, { error: { message: 'Loading model' } })]);
		expect(told.map(kindOf)).toEqual(['502 all_targets_failed', '503 all_targets_unavailable']);
	});

	test('a model that only one has not: the other failure is told', async () => {
		const [first] = await toldTwice([noModel, status(500)]);
		expect(first && kindOf(first)).toBe('502 all_targets_failed');
	});
});

describe("a caller's mistake", () => {
	const told = async (body: unknown, code = 400) => {
		breakwater = await startGateway();
		breakwater.upstream('a').always(status(code, body));
		const response = await breakwater.post();
		const { status: own } = response;
		return { status: own, ...(await failureOf(response)).error };
	};

	test("keeps the provider's param and code", async () => {
		const error = {
			message: 'Invalid value',
			type: 'invalid_request_error',
			param: 'messages[0].role',
			code: 'invalid_value',
		};
		expect(await told({ error })).toEqual({ status: 400, ...error });
		expect(breakwater.records[0]?.code).toBe('bad_request');
	});

	test('has ours where the provider names none, or what is no name', async () => {
		const error = { message: 'No', type: 'x', param: null, code: 400 };
		expect(await told({ error })).toMatchObject({ param: null, code: 'bad_request' });
	});

	test('keeps our own code where clients build on it', async () => {
		const error = { message: "This model's maximum context length is 9", param: 'messages', code: 'string_too_long' };
		breakwater = await startGateway({ names: ['a'] });
		breakwater.upstream('a').always(status(400, { error }));
		const { error: own } = await failureOf(await breakwater.post());
		expect(own).toMatchObject({ code: 'context_length_exceeded', param: 'messages' });
	});

	test('shows no key that the provider repeats', async () => {
		breakwater = await startGateway({ providers: { a: { apiKey: 'planted-key-8f3a' } } });
		const error = { message: 'No', param: 'planted-key-8f3a', code: 'planted-key-8f3a' };
		breakwater.upstream('a').always(status(400, { error }));
		expect(await (await breakwater.post()).text()).not.toContain('planted');
	});
});

test('a wait that was kept and named again is told, although it would be over by now', async () => {
	const setup = { policy: { onError: { RATE_LIMIT: { retries: 1 } } } };
	breakwater = await startGateway(setup);
	for (const name of ['a', 'b']) breakwater.upstream(name).always(status(429, undefined, { 'retry-after-ms': '300' }));
	const response = await breakwater.post();
	expect(response.status).toBe(429);
	expect(breakwater.upstream('a').requests).toHaveLength(2);
	const waitMs = Number(response.headers.get('retry-after-ms'));
	expect(waitMs).toBeGreaterThan(200);
	expect(waitMs).toBeLessThanOrEqual(300);
});

describe('a model that nobody knows', () => {
	test('is said in a header of the answer, and once in the log', async () => {
		const lines: unknown[] = [];
		const log = { info: () => {}, error: () => {}, warn: (line: object) => lines.push(line) };
		breakwater = await startGateway({ observe: () => logObserver(log as never) });
		for (const model of ['gpt-99', 'gpt-99', 'my secret prompt', 'sk-proj-abcdefghijklmnopqrstuvwxyz']) {
			const response = await breakwater.post({ model });
			expect(response.status).toBe(200);
			expect(response.headers.get('x-breakwater-route-reason')).toBe(`default; unknown model ${model}`);
		}
		expect(lines).toEqual([
			{ model: 'gpt-99', route: 'default' },
			{ model: '(not a name)', route: 'default' },
		]);
	});

	test.each([{}, { model: 'default' }, { model: 'a/model-a' }, { model: '' }])('is none of %j', async (body) => {
		breakwater = await startGateway();
		expect((await breakwater.post(body)).headers.has('x-breakwater-route-reason')).toBe(false);
	});
});
