import { afterEach, describe, expect, test } from 'vitest';
import { openaiChatClient } from '../../../src/dialects/openai-chat/openai-chat.ts';
import { type GatewaySetup, soon, startGateway, type TestGateway } from '../../helpers/gateway.ts';
import { model } from '../../helpers/model.ts';
import { answers, chunksOf, completes, completionOf, hangs, resets, status, streams } from '../../helpers/upstream.ts';
import { kindsOf, type Scrape, scrape, seriesOf, valuesOf } from './scrape.ts';

let breakwater: TestGateway;

afterEach(() => breakwater.close());

async function start(setup: GatewaySetup = {}): Promise<void> {
	breakwater = await startGateway(setup);
}

/** Posts and waits for the whole answer. */
async function call(body: object = {}, init: RequestInit = {}): Promise<Response> {
	const response = await breakwater.post(body, init);
	await response.text().catch(() => '');
	return response;
}

/** Once the gateway has seen so many calls end. */
async function scrapeAfter(calls: number): Promise<Scrape> {
	await soon(() => expect(breakwater.records).toHaveLength(calls));
	return scrape(breakwater.origin);
}

/** What Node tells of itself differs from moment to moment. */
const isOwn = (series: string) => !/^breakwater_(nodejs|process)_/.test(series);

const a = 'gen_ai_provider_name="a",gen_ai_request_model="model-a"';
const b = 'gen_ai_provider_name="b",gen_ai_request_model="model-b"';

describe('what happened is what is counted', () => {
	test('failures of many kinds, the moves that they lead to, and who answered', async () => {
		await start({ policy: { breaker: { failureThreshold: 9 }, timeouts: { response: '1s' } } });
		breakwater.upstream('a').next(answers('ok'), status(503), resets(), resets(), hangs(), status(429));
		for (let calls = 0; calls < 5; calls += 1) await call();
		const scraped = await scrapeAfter(5);
		expect(valuesOf(scraped, 'breakwater_attempts_total')).toEqual({
			[`{${a},outcome="succeeded",provider="a"}`]: 1,
			[`{error_type="SERVER_ERROR",${a},outcome="failed",provider="a"}`]: 1,
			[`{error_type="NETWORK_ERROR",${a},outcome="failed",provider="a",reason="reset"}`]: 1,
			[`{error_type="TIMEOUT",${a},outcome="failed",provider="a",reason="response"}`]: 1,
			[`{error_type="RATE_LIMIT",${a},outcome="failed",provider="a"}`]: 1,
			[`{${b},outcome="succeeded",provider="b"}`]: 4,
		});
		const move = (why: string) => `{from="a/model-a",to="b/model-b",why="${why}"}`;
		expect(valuesOf(scraped, 'breakwater_failovers_total')).toEqual({
			[move('SERVER_ERROR')]: 1,
			[move('NETWORK_ERROR')]: 1,
			[move('TIMEOUT')]: 1,
			[move('RATE_LIMIT')]: 1,
		});
		expect(valuesOf(scraped, 'breakwater_requests_total')).toEqual({
			'{outcome="done",route="default",stream="false"}': 5,
		});
		expect(scraped.get('breakwater_request_duration_seconds_count{route="default",stream="false"}')).toBe(5);
		expect(scraped.get('breakwater_overhead_seconds_count{}')).toBe(5);
		expect(scraped.get('breakwater_request_duration_seconds_sum{route="default",stream="false"}')).toBeGreaterThan(0.2);
	});

	test('a retry on the same target is an attempt more, and no failover', async () => {
		await start({ policy: { onError: { SERVER_ERROR: { retries: 1 } } } });
		breakwater.upstream('a').next(status(503), answers('ok'), status(503), status(503));
		await call();
		await call();
		const scraped = await scrapeAfter(2);
		expect(valuesOf(scraped, 'breakwater_attempts_total')).toEqual({
			[`{error_type="SERVER_ERROR",${a},outcome="failed",provider="a"}`]: 3,
			[`{${a},outcome="succeeded",provider="a"}`]: 1,
			[`{${b},outcome="succeeded",provider="b"}`]: 1,
		});
		expect(valuesOf(scraped, 'breakwater_failovers_total')).toEqual({
			'{from="a/model-a",to="b/model-b",why="SERVER_ERROR"}': 1,
		});
	});

	test('how requests end: answered, failed with a code, left by their client', async () => {
		await start({ names: ['a'], policy: { whenAllDenied: 'fail', breaker: { failureThreshold: 2 } } });
		breakwater.upstream('a').next(answers('ok'), status(400), status(503), status(503), hangs());
		for (const model of ['default', 'a/model-a', 'default', 'default', 'default']) await call({ model });
		const leaving = new AbortController();
		breakwater.gateway.operate('a', { type: 'operator.reset', now: Date.now() });
		const left = breakwater.post({}, { signal: leaving.signal }).catch(() => 'left');
		await soon(() => expect(breakwater.upstream('a').requests).toHaveLength(5));
		expect((await scrape(breakwater.origin)).get('breakwater_open_requests{stream="false"}')).toBe(1);
		leaving.abort();
		await left;
		const scraped = await scrapeAfter(6);
		const ended = (outcome: string, code: string, route = 'default') =>
			`{${code === '' ? '' : `code="${code}",`}outcome="${outcome}",route="${route}",stream="false"}`;
		expect(valuesOf(scraped, 'breakwater_requests_total')).toEqual({
			[ended('done', '')]: 1,
			[ended('failed', 'bad_request', 'a/model-a')]: 1,
			[ended('failed', 'all_targets_failed')]: 2,
			[ended('failed', 'all_targets_unavailable')]: 1,
			[ended('aborted', '')]: 1,
		});
		expect(valuesOf(scraped, 'breakwater_permits_denied_total')).toEqual({
			'{gen_ai_provider_name="a",provider="a",reason="failures"}': 1,
		});
		expect(valuesOf(scraped, 'breakwater_admin_actions_total')).toEqual({
			'{action="reset",gen_ai_provider_name="a",provider="a"}': 1,
		});
		expect(scraped.get('breakwater_open_requests{stream="false"}')).toBe(0);
	});

	test('streams: open ones, their first token, their tokens', async () => {
		await start({ names: ['a'] });
		const usage = { prompt_tokens: 12, completion_tokens: 34, total_tokens: 46 };
		breakwater
			.upstream('a')
			.next(
				streams(chunksOf('some words on their way'), { delayMs: 30 }),
				completes({ ...completionOf('whole'), usage }),
			);
		const response = await breakwater.post({ stream: true });
		expect((await scrape(breakwater.origin)).get('breakwater_open_requests{stream="true"}')).toBe(1);
		await response.text();
		await call();
		const scraped = await scrapeAfter(2);
		expect(scraped.get('breakwater_open_requests{stream="true"}')).toBe(0);
		expect(scraped.get('breakwater_time_to_first_token_seconds_count{route="default"}')).toBe(1);
		expect(scraped.get('breakwater_request_duration_seconds_count{route="default",stream="true"}')).toBe(1);
		expect(scraped.get(`breakwater_tokens_total{${a},gen_ai_token_type="input"}`)).toBe(12);
		expect(scraped.get(`breakwater_tokens_total{${a},gen_ai_token_type="output"}`)).toBe(34);
	});

	test('an absurd count of tokens, and one that is none, drown no others', async () => {
		await start({ names: ['a'] });
		const usages = [1e308, 1e308, -5, 'many', null, 7].map((completion_tokens) => ({ completion_tokens }));
		for (const usage of usages) breakwater.upstream('a').next(completes({ ...completionOf('x'), usage }));
		for (const _ of usages) await call();
		const scraped = await scrapeAfter(6);
		expect(scraped.get(`breakwater_tokens_total{${a},gen_ai_token_type="output"}`)).toBe(2e9 + 7);
	});

	test('continued streams: rescued, and interrupted', async () => {
		await start();
		const answer = 'an answer of some length, long enough to be broken';
		breakwater.upstream('a').always(model({ answer, breaksAfter: 12 }));
		breakwater.upstream('b').always(model({ answer }));
		await call({ stream: true });
		breakwater.upstream('b').always(status(503));
		await call({ stream: true });
		const scraped = await scrapeAfter(2);
		expect(valuesOf(scraped, 'breakwater_continuations_total')).toEqual({
			'{outcome="rescued",route="default"}': 1,
			'{outcome="interrupted",route="default"}': 1,
		});
	});
});

describe('providers', () => {
	test('one with two keys is two actors; a dead key is told by its state, its reason and an alarm', async () => {
		await start({ names: ['a', 'b'], providers: { a: { apiKey: ['key-of-one', 'key-of-two'] } } });
		breakwater.upstream('a').always(status(401));
		for (let calls = 0; calls < 3; calls += 1) await call();
		const scraped = await scrapeAfter(3);
		const at = (number: number) => `gen_ai_provider_name="a",provider="a#${number}"`;
		expect(valuesOf(scraped, 'breakwater_provider_state')).toEqual({
			[`{${at(1)},state="open"}`]: 1,
			[`{${at(2)},state="open"}`]: 1,
			'{gen_ai_provider_name="b",provider="b",state="closed"}': 1,
		});
		expect(valuesOf(scraped, 'breakwater_provider_unavailable')).toEqual({
			[`{${at(1)},reason="auth"}`]: 1,
			[`{${at(2)},reason="auth"}`]: 1,
		});
		expect(valuesOf(scraped, 'breakwater_alarms_total')).toEqual({
			[`{alarm="auth",${at(1)}}`]: 1,
			[`{alarm="auth",${at(2)}}`]: 1,
		});
		expect(valuesOf(scraped, 'breakwater_failovers_total')).toEqual({
			'{from="a/model-a",to="a/model-a",why="AUTH_ERROR"}': 1,
			'{from="a/model-a",to="a/model-a",why="auth"}': 2,
			'{from="a/model-a",to="b/model-b",why="auth"}': 2,
		});
		const retryAt = scraped.get(`breakwater_provider_retry_timestamp_seconds{${at(1)}}`);
		expect(retryAt).toBeGreaterThan(Date.now() / 1000 + 800);
	});

	test('unavailable models, and their return', async () => {
		await start();
		const gone = { error: { message: 'The model does not exist', code: 'model_not_found' } };
		breakwater.upstream('a').next(status(404, gone));
		await call();
		const scraped = await scrapeAfter(1);
		expect(valuesOf(scraped, 'breakwater_unavailable_models')).toEqual({ [`{${a},provider="a"}`]: 1 });
		breakwater.gateway.operate('a', { type: 'operator.reset', now: Date.now() });
		expect(valuesOf(await scrape(breakwater.origin), 'breakwater_unavailable_models')).toEqual({});
	});

	test('probes that are out', async () => {
		await start({ names: ['a'], policy: { breaker: { failureThreshold: 1, cooldown: '20ms' } } });
		breakwater.upstream('a').next(status(503), hangs());
		await call();
		await soon(async () => expect((await breakwater.health()).a?.state).toBe('half-open'));
		const probe = breakwater.post().catch(() => 'cut');
		await soon(() => expect(breakwater.upstream('a').requests).toHaveLength(2));
		const scraped = await scrape(breakwater.origin);
		expect(valuesOf(scraped, 'breakwater_provider_probes_in_flight')).toEqual({
			'{gen_ai_provider_name="a",provider="a"}': 1,
		});
		breakwater.gateway.interrupt();
		await probe;
	});

	test('the time in each state goes on between scrapes, and only in the present state', async () => {
		const startedAt = performance.now();
		await start({ names: ['a'] });
		const before = await scrape(breakwater.origin);
		breakwater.gateway.operate('a', { type: 'operator.tripped', now: Date.now(), forMs: 60_000 });
		const secondsIn = (scraped: Scrape, state: string) =>
			scraped.get(`breakwater_provider_state_seconds_total{gen_ai_provider_name="a",provider="a",state="${state}"}`) ??
			Number.NaN;
		expect(secondsIn(before, 'closed')).toBeGreaterThan(0);
		expect(secondsIn(before, 'open')).toBe(0);
		const tripped = await scrape(breakwater.origin);
		const later = await soon(async () => {
			const scraped = await scrape(breakwater.origin);
			expect(secondsIn(scraped, 'open')).toBeGreaterThan(secondsIn(tripped, 'open') + 0.02);
			return scraped;
		});
		expect(secondsIn(later, 'closed')).toBe(secondsIn(tripped, 'closed'));
		const elapsedSeconds = (performance.now() - startedAt) / 1000;
		expect(secondsIn(later, 'closed') + secondsIn(later, 'open')).toBeLessThan(elapsedSeconds);
	});
});

describe('every scrape', () => {
	test('has only names that begin with breakwater_, and counters that end in _total', async () => {
		await start();
		await call();
		const text = await (await fetch(`${breakwater.origin}/metrics`)).text();
		const kinds = Object.entries(kindsOf(text));
		expect(kinds.filter(([name]) => !/^breakwater_[a-z0-9_]+$/.test(name))).toEqual([]);
		expect(kinds.filter(([name, kind]) => (kind === 'COUNTER') !== name.endsWith('_total'))).toEqual([]);
		expect(kinds.filter(([name]) => /_(ms|milliseconds|kb|minutes)\b/.test(name))).toEqual([]);
		for (const name of ['event_loop_lag_seconds', 'process_resident_memory_bytes', 'build_info'])
			expect(kinds.map(([known]) => known)).toContain(`breakwater_${name}`);
	});

	test('has the series that it had, whatever clients make up', async () => {
		await start({ server: { unknownModel: 'default' }, names: ['a'] });
		await call({ model: 'made-up' });
		await call({ failover: { profile: 'made-up' } });
		const before = new Set((await scrape(breakwater.origin)).keys());
		const bombs = Array.from({ length: 300 }, (_, number) => `made-up-${number}"\n{}\\`);
		const calls = bombs.map((name, number) => () => {
			if (number % 3 === 0) return call({ model: name, stream: false });
			if (number % 3 === 1) return call({ failover: { profile: name } });
			return call({}, { headers: { 'x-failover-profile': encodeURIComponent(name), 'x-request-id': String(number) } });
		});
		await Promise.all(
			Array.from({ length: 20 }, async () => {
				for (let next = calls.pop(); next !== undefined; next = calls.pop()) await next();
			}),
		);
		const after = await scrape(breakwater.origin);
		expect([...after.keys()].filter((series) => isOwn(series) && !before.has(series))).toEqual([]);
		expect(after.get('breakwater_requests_total{outcome="done",route="default",stream="false"}')).toBe(101);
		expect([...after.keys()].join('')).not.toContain('made-up');
	});

	test('under load is whole, and no counter goes down from one to the next', async () => {
		await start({ policy: { breaker: { cooldown: '5ms' } } });
		const kinds = kindsOf(await (await fetch(`${breakwater.origin}/metrics`)).text());
		let calls = 0;
		let isOver = false;
		const callers = Array.from({ length: 8 }, async () => {
			while (!isOver) {
				const isBad = Math.floor(calls / 10) % 2 === 1;
				breakwater.upstream('a').always(isBad ? status(503) : answers('ok'));
				calls += 1;
				await call({ stream: calls % 2 === 0 });
			}
		});
		let last: Scrape = new Map();
		let compared = 0;
		for (let scrapes = 0; scrapes < 30; scrapes += 1) {
			const pair = await Promise.all([scrape(breakwater.origin), scrape(breakwater.origin)]);
			for (const scraped of pair) {
				for (const [series, value] of last) {
					const name = series.slice(0, series.indexOf('{'));
					const family = name.replace(/_(bucket|sum|count)$/, '');
					if (kinds[name] !== 'COUNTER' && kinds[family] !== 'HISTOGRAM') continue;
					compared += 1;
					if (!((scraped.get(series) ?? -1) >= value)) throw new Error(`${series} went down from ${value}`);
				}
			}
			last = pair[1];
		}
		isOver = true;
		await Promise.all(callers);
		const ended = valuesOf(await scrapeAfter(calls), 'breakwater_requests_total');
		expect(Object.values(ended).reduce((total, value) => total + value, 0)).toBe(calls);
		expect(compared).toBeGreaterThan(1000);
	});

	test('holds no key, no prompt and no answer', async () => {
		const secrets = ['planted-key-4711', 'PLANTED-PROMPT', 'PLANTED-ANSWER', 'PLANTED-ERROR'];
		const [key = '', prompt = '', answer = '', words = ''] = secrets;
		await start({ providers: { a: { apiKey: key } } });
		const echo = { error: { message: `${words} ${key}`, code: words, type: `${words}.${prompt}` } };
		for (const code of [400, 401, 402, 404, 418, 429, 500, 503]) {
			breakwater.upstream('a').next(status(code, echo), answers(answer));
			for (let calls = 0; calls < 2; calls += 1) await call({ messages: [{ role: 'user', content: prompt }] });
			breakwater.gateway.operate('a', { type: 'operator.reset', now: Date.now() });
		}
		const text = await (await fetch(`${breakwater.origin}/metrics`)).text();
		for (const secret of secrets) expect(text).not.toContain(secret);
		expect(valuesOf(seriesOf(text), 'breakwater_requests_total')).not.toEqual({});
	});
});

describe('what alerts look at is there before anything happens', () => {
	const clients = { web: { key: 'key-of-web-0123456789' }, cron: { key: 'key-of-cron-0123456789' } };
	const routeEnds = (scraped: Scrape, route: string) =>
		['done', 'failed', 'denied', 'rejected', 'aborted'].map((outcome) =>
			scraped.get(`breakwater_route_requests_total{outcome="${outcome}",route="${route}"}`),
		);

	test.each([undefined, clients])('by route, whether callers have names or not: %j', async (given) => {
		await start({ names: ['a'], ...(given && { server: { clients: given } }) });
		const scraped = await scrape(breakwater.origin);
		for (const route of ['default', 'models', 'target']) expect(routeEnds(scraped, route)).toEqual([0, 0, 0, 0, 0]);
		expect(scraped.get('breakwater_requests_refused_total{code="invalid_api_key"}')).toBe(0);
	});

	test('and tells what is denied from what failed, what was rejected and what was answered', async () => {
		await start({ names: ['a'], policy: { whenAllDenied: 'fail', breaker: { failureThreshold: 2 } } });
		breakwater.upstream('a').next(answers('ok'), status(400), answers('ok'), status(503), status(503));
		for (const model of ['default', 'default', 'a/model-a', 'default', 'a/model-a']) await call({ model });
		await call({ model: 'default' });
		await call({ model: 'a/model-a' });
		const scraped = await scrapeAfter(7);
		expect(routeEnds(scraped, 'default')).toEqual([1, 1, 1, 1, 0]);
		expect(routeEnds(scraped, 'target')).toEqual([1, 1, 1, 0, 0]);
	});

	test('a limit that every target has met is a denial too', async () => {
		await start({ names: ['a'] });
		breakwater.upstream('a').always(status(429, '', { 'retry-after': '30' }));
		const codes: string[] = [];
		for (let calls = 0; calls < 2; calls += 1) {
			const { error } = JSON.parse(await (await breakwater.post()).text());
			codes.push(error.code);
		}
		expect(codes).toContain('all_targets_limited');
		const scraped = await scrapeAfter(2);
		expect(routeEnds(scraped, 'default')).toEqual([0, 0, 2, 0, 0]);
	});
});

test('targets share the histograms of one route, so that a scrape does not grow with them', async () => {
	const ofModels = async (count: number) => {
		const models = Object.fromEntries(Array.from({ length: count }, (_, number) => [`m-${number}`, {}]));
		await start({ names: ['a'], providers: { a: { models } } });
		const size = [...(await scrape(breakwater.origin)).keys()].filter(isOwn).length;
		await call({ model: 'a/m-0' });
		const scraped = await scrapeAfter(1);
		await breakwater.close();
		expect(scraped.get('breakwater_request_duration_seconds_count{route="target",stream="false"}')).toBe(1);
		expect(scraped.get('breakwater_requests_total{outcome="done",route="a/m-0",stream="false"}')).toBe(1);
		return size;
	};
	const growth = (await ofModels(101)) - (await ofModels(1));
	// Its tokens, both ways and as estimated, its successes, and whether it is closed.
	expect(growth).toBeLessThanOrEqual(100 * 5 + 1);
	await start();
});

test('refusals are counted by their code and, where one is known, their caller', async () => {
	await start({ names: ['a'], server: { clients: { web: { key: 'key-of-web-0123456789', requestsPerMinute: 2 } } } });
	const headers = { authorization: 'Bearer key-of-web-0123456789' };
	await call({}, { headers: { authorization: 'Bearer made-up' } });
	await call();
	for (const body of ['{', '{}']) await (await breakwater.post(body, { headers })).text();
	await call({}, { headers });
	const scraped = await scrape(breakwater.origin);
	expect(valuesOf(scraped, 'breakwater_requests_refused_total')).toEqual({
		'{code="invalid_api_key"}': 2,
		'{client="web",code="invalid_json"}': 1,
		'{client="web",code="invalid_request"}': 1,
		'{client="web",code="client_rate_limited"}': 1,
	});
});

test('callers with keys are counted by their names', async () => {
	const keyOf = { web: 'key-of-web-0123456789', cron: 'key-of-cron-0123456789' };
	await start({ names: ['a'], server: { clients: { web: { key: keyOf.web }, cron: { key: keyOf.cron } } } });
	const post = (key: string) =>
		breakwater.gateway.call(
			{
				id: crypto.randomUUID(),
				route: 'default',
				request: openaiChatClient.read('{"messages":[{}]}').request,
				dialect: openaiChatClient,
				client: key,
			},
			{ answer() {}, fail() {}, begin() {}, write: () => true, end() {}, breakOff() {} },
		);
	for (const name of ['web', 'web', 'cron', 'made-up']) post(name);
	const ended = valuesOf(await scrapeAfter(4), 'breakwater_requests_total');
	expect(ended).toEqual({
		'{client="web",outcome="done",route="default",stream="false"}': 2,
		'{client="cron",outcome="done",route="default",stream="false"}': 1,
		'{client="other",outcome="done",route="default",stream="false"}': 1,
	});
});
