import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BudgetNews } from '../../../src/contract/budget-figures.ts';
import { joinObservers } from '../../../src/contract/observer.ts';
import { createLog, logObserver } from '../../../src/observe/log/log.ts';
import { clockFollowsDate } from '../../helpers/fake-clock.ts';
import { failureOf, type GatewaySetup, startGateway, type TestGateway } from '../../helpers/gateway.ts';
import { answers, chunksOf, hangs, status, streams } from '../../helpers/upstream.ts';
import { scrape, valuesOf } from '../../observe/metrics/scrape.ts';

const key = 'planted-web-key-0001';
const otherKey = 'planted-app-key-0001';
const web = { headers: { authorization: `Bearer ${key}` } };
const other = { headers: { authorization: `Bearer ${otherKey}` } };

const HOUR = 3_600_000;
const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
const costAtA = 0.12;
const costAtB = 0.0012;

let breakwater: TestGateway;
let news: BudgetNews[];
let lines: Record<string, unknown>[];

beforeEach(() => {
	vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-27T00:00:00Z') });
	clockFollowsDate();
});

afterEach(async () => {
	expect(breakwater.crashes).toEqual([]);
	await breakwater.close();
	vi.useRealTimers();
});

/** `default` is a then b, `cheap` is b, `free` is c, of which nobody knows what it costs. */
async function start(setup: GatewaySetup): Promise<void> {
	news = [];
	lines = [];
	const log = createLog('info', undefined, { shown: { write: (line) => void lines.push(JSON.parse(line)) } });
	breakwater = await startGateway({
		names: ['a', 'b', 'c'],
		observe: () => joinObservers([logObserver(log), { budgetReached: (one) => void news.push(one) }]),
		...setup,
		providers: {
			a: { models: { 'model-a': { price: { input: 100, output: 200 } } } },
			b: { models: { 'model-b': { price: { input: 1, output: 2 } } } },
		},
		profiles: {
			default: { chain: ['a/model-a', 'b/model-b'] },
			cheap: { chain: ['b/model-b'] },
			free: { chain: ['c/model-c'] },
			...setup.profiles,
		},
	});
	for (const name of ['a', 'b', 'c']) breakwater.upstream(name).always(answers('Hi', { usage }));
}

const clients = (limits: object) => ({ clients: { web: { key, ...limits }, app: { key: otherKey } } });

async function ask(body: object = {}, init: RequestInit = web) {
	const response = await breakwater.post(body, init);
	const { headers } = response;
	await response.clone().text();
	return {
		response,
		status: response.status,
		target: headers.get('x-breakwater-target'),
		profile: headers.get('x-breakwater-profile'),
		spent: headers.get('x-breakwater-spent-budgets'),
	};
}

describe('the budget of a caller', () => {
	test('when it is spent: 402 until it begins anew, and for nobody else', async () => {
		await start({ server: clients({ budget: { usd: 0.3 } }) });
		for (let count = 0; count < 3; count += 1) expect((await ask()).status).toBe(200);
		vi.setSystemTime(Date.now() + 22 * HOUR);

		const { response } = await ask();
		expect([response.status, response.headers.get('retry-after')]).toEqual([402, String(2 * 3600)]);
		expect(await failureOf(response)).toEqual({
			error: {
				message:
					"The budget of the client 'web' is spent (server.clients.web.budget, 0.3 USD); it begins anew at 2026-11-28T00:00:00.000Z.",
				type: 'insufficient_quota',
				param: null,
				code: 'budget_spent',
			},
		});
		expect((await ask({}, other)).status).toBe(200);

		vi.setSystemTime(Date.now() + 2 * HOUR - 1);
		expect((await ask()).status).toBe(402);
		vi.setSystemTime(Date.now() + 1);
		expect((await ask()).status).toBe(200);
	});

	test('in the words of Messages', async () => {
		await start({ server: clients({ budget: { usd: 0.1 } }) });
		await ask();
		const response = await fetch(`${breakwater.origin}/v1/messages`, {
			method: 'POST',
			headers: { 'x-api-key': key, 'content-type': 'application/json' },
			body: JSON.stringify({ model: 'default', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] }),
		});
		expect(response.status).toBe(402);
		expect(await response.json()).toMatchObject({
			type: 'error',
			error: { type: 'billing_error', code: 'budget_spent' },
		});
	});

	test('leads to a cheaper profile, says so, and goes on counting', async () => {
		await start({ server: clients({ budget: { usd: 0.2, then: 'cheap' } }) });
		await ask();
		expect(await ask()).toMatchObject({ target: 'a/model-a', spent: null });
		expect(await ask()).toMatchObject({ target: 'b/model-b', profile: 'cheap', spent: "client 'web'" });
		// A target, or a chain, that the caller names is not asked either.
		expect(await ask({ model: 'a/model-a' })).toMatchObject({ target: 'b/model-b', profile: 'cheap' });
		expect(await ask({ models: ['a/model-a', 'b/model-b'] })).toMatchObject({ target: 'b/model-b', profile: 'cheap' });
		// Whoever asks for the cheaper profile gets what was asked for.
		expect(await ask({ model: 'cheap' })).toMatchObject({ target: 'b/model-b', spent: null });
		const [used] = breakwater.gateway.budgets;
		expect(used?.usedUsd).toBeCloseTo(2 * costAtA + 4 * costAtB, 9);
		expect(await ask({}, other)).toMatchObject({ target: 'a/model-a', spent: null });
	});

	test('does not lead requests for vectors elsewhere', async () => {
		await start({
			server: clients({ budget: { usd: 0.1, then: 'cheap' } }),
			profiles: { vectors: { for: 'embeddings', chain: ['a/text-embedding-3-small'] } },
		});
		await ask();
		const response = await fetch(`${breakwater.origin}/v1/embeddings`, {
			method: 'POST',
			headers: { ...web.headers, 'content-type': 'application/json' },
			body: JSON.stringify({ input: 'Hi' }),
		});
		expect(response.status).toBe(402);
	});

	test('is not needed to count tokens', async () => {
		await start({ server: clients({ budget: { usd: 0.1 } }) });
		await ask();
		const response = await fetch(`${breakwater.origin}/v1/messages/count_tokens`, {
			method: 'POST',
			headers: { 'x-api-key': key, 'content-type': 'application/json' },
			body: JSON.stringify({ model: 'default', messages: [{ role: 'user', content: 'Hi' }] }),
		});
		expect(response.status).toBe(200);
	});
});

describe('several budgets', () => {
	test('a profile leads on to a profile whose own is spent, too, and that one refuses', async () => {
		await start({
			profiles: {
				default: { chain: ['a/model-a'], budget: { usd: 0.1, then: 'cheap' } },
				cheap: { chain: ['b/model-b'], budget: { usd: 0.002 } },
			},
		});
		expect(await ask()).toMatchObject({ target: 'a/model-a' });
		expect(await ask()).toMatchObject({ target: 'b/model-b', spent: "profile 'default'" });
		expect(await ask()).toMatchObject({ target: 'b/model-b' });
		const { response } = await ask();
		expect(response.status).toBe(402);
		expect((await failureOf(response)).error.message).toContain(
			"The budget of the profile 'cheap' is spent (profiles.cheap.budget",
		);
		// A target that is named is no request to a profile.
		expect(await ask({ model: 'a/model-a' })).toMatchObject({ status: 200, target: 'a/model-a' });
	});

	test('the one of all requests is the last to say where they go, and any that refuses refuses', async () => {
		await start({
			budget: { usd: 0.3, then: 'free' },
			server: clients({ budget: { usd: 0.1, then: 'cheap' } }),
		});
		await ask();
		expect(await ask()).toMatchObject({ profile: 'cheap', spent: "client 'web'" });
		await ask({}, other);
		await ask({}, other);
		expect(await ask()).toMatchObject({ profile: 'free', spent: "client 'web'; all requests" });
		expect(await ask({}, other)).toMatchObject({ profile: 'free', spent: 'all requests' });
	});

	test('one that refuses goes before one that leads', async () => {
		await start({ budget: { usd: 0.1, then: 'cheap' }, server: clients({ budget: { usd: 0.1, then: 'refuse' } }) });
		await ask();
		expect((await ask()).status).toBe(402);
		expect(await ask({}, other)).toMatchObject({ profile: 'cheap' });
	});
});

describe('what is told', () => {
	test('that it is to be warned of, and that it is spent, once for each period', async () => {
		await start({ budget: { usd: 0.5, per: '8h', warnAt: 0.5, then: 'cheap' } });
		for (let count = 0; count < 7; count += 1) await ask();
		expect(news).toMatchObject([
			{ is: 'warned', scope: 'all', name: '', place: 'budget', limitUsd: 0.5, usedUsd: 3 * costAtA },
			{ is: 'spent', usedUsd: expect.closeTo(5 * costAtA, 9), until: Date.parse('2026-11-27T08:00:00Z') },
		]);
		const said = lines.filter(({ msg }) => String(msg).startsWith('the budget'));
		expect(said.map(({ level, msg }) => [level, msg])).toEqual([
			[40, 'the budget at budget has used 72 % of its 0.5 USD'],
			[50, 'the budget at budget is spent: requests go to the profile cheap until it begins anew'],
		]);
		vi.setSystemTime(Date.now() + 8 * HOUR);
		for (let count = 0; count < 3; count += 1) await ask();
		expect(news).toHaveLength(3);
		expect(news[2]).toMatchObject({ is: 'warned', usedUsd: 3 * costAtA });
	});

	test('in the metrics, with what is not known', async () => {
		await start({
			budget: { usd: 10 },
			server: clients({ budget: { usd: 5 } }),
			profiles: { free: { chain: ['c/model-c'], budget: { usd: 1 } } },
		});
		await ask();
		await ask({ model: 'free' });
		await ask({ model: 'free' }, other);
		const scraped = await scrape(breakwater.origin);
		expect(valuesOf(scraped, 'breakwater_budget_limit_usd')).toEqual({
			'{name="",scope="all"}': 10,
			'{name="web",scope="client"}': 5,
			'{name="free",scope="profile"}': 1,
		});
		expect(valuesOf(scraped, 'breakwater_budget_used_usd')).toEqual({
			'{name="",scope="all"}': costAtA,
			'{name="web",scope="client"}': costAtA,
		});
		expect(valuesOf(scraped, 'breakwater_budget_unknown_costs')).toEqual({
			'{name="",scope="all"}': 2,
			'{name="web",scope="client"}': 1,
			'{name="free",scope="profile"}': 2,
		});
	});

	test('without budgets there are none of these', async () => {
		await start({});
		const names = [...(await scrape(breakwater.origin)).keys()];
		expect(names.filter((name) => name.startsWith('breakwater_budget'))).toEqual([]);
	});
});

describe('requests in flight', () => {
	test('what their prompts are estimated to cost is held, and given back where nothing was used', async () => {
		await start({ budget: { usd: 0.05 } });
		breakwater.upstream('a').next(hangs());
		// About 700 tokens at 100 USD a million.
		const long = { messages: [{ role: 'user', content: 'Seven ferries leave the harbour today. '.repeat(100) }] };
		const leaving = new AbortController();
		const left = breakwater.post(long, { signal: leaving.signal }).catch(() => 'left');
		await vi.waitFor(() => expect(breakwater.upstream('a').requests).toHaveLength(1));
		expect((await ask()).status).toBe(402);
		expect(news).toEqual([]);
		leaving.abort();
		await left;
		await vi.waitFor(() => expect(breakwater.records).toHaveLength(1));
		expect((await ask()).status).toBe(200);
	});

	test('a request that fails everywhere costs nothing', async () => {
		await start({ budget: { usd: 0.1 } });
		breakwater.upstream('a').next(status(500));
		breakwater.upstream('b').next(status(500));
		expect((await ask()).status).toBe(502);
		expect(breakwater.gateway.budgets[0]).toMatchObject({ usedUsd: 0, unknownCosts: 0 });
	});

	test('a stream without usage is counted as not known, and for its prompt', async () => {
		await start({ budget: { usd: 0.1 } });
		breakwater.upstream('a').next(streams(chunksOf('some words')));
		await ask({ stream: true });
		const [budget] = breakwater.gateway.budgets;
		expect(budget?.unknownCosts).toBe(1);
		expect(budget?.usedUsd).toBeGreaterThan(0.0003);
		expect(budget?.usedUsd).toBeLessThan(0.003);
	});
});

test('a day of traffic: 480 requests that would cost 57.60 USD cost 20.29 under a budget of 20 with a cheaper profile behind it', async () => {
	await start({
		budget: { usd: 20, per: 'day', then: 'cheap', warnAt: 0.8 },
		profiles: { cheap: { chain: ['b/model-b'], budget: { usd: 0.25, per: 'day' } } },
	});
	const answered: Record<string, number> = {};
	let firstRefused: { retryAfter: number; at: number } | undefined;
	const began = Date.now();
	for (let count = 0; count < 480; count += 1) {
		const { response, status: code, target } = await ask();
		const which = code === 200 ? (target ?? '') : String(code);
		answered[which] = (answered[which] ?? 0) + 1;
		if (code === 402)
			firstRefused ??= { retryAfter: Number(response.headers.get('retry-after')), at: Date.now() - began };
		vi.setSystemTime(Date.now() + (24 * HOUR) / 480);
	}
	// 167 × 0.12 is the first sum of 20 USD or more, and 209 × 0.0012 the first of 0.25.
	expect(answered).toEqual({ 'a/model-a': 167, 'b/model-b': 209, 402: 104 });
	const cost = breakwater.records.reduce((sum, record) => sum + (record.cost?.usd ?? 0), 0);
	expect(cost).toBeCloseTo(167 * costAtA + 209 * costAtB, 6);
	expect(cost).toBeLessThan(20 + costAtA + 0.25 + costAtB);
	expect(480 * costAtA).toBeCloseTo(57.6, 6);
	// From 18:48 on, and until midnight.
	expect(firstRefused).toEqual({ at: (376 * (24 * HOUR)) / 480, retryAfter: 104 * 180 });
	expect(news.map(({ is, scope }) => `${scope} ${is}`)).toEqual([
		'all warned',
		'all spent',
		'profile warned',
		'profile spent',
	]);
	// The next day begins.
	expect(await ask()).toMatchObject({ status: 200, target: 'a/model-a', spent: null });
});
