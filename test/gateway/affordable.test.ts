import { afterEach, describe, expect, it } from 'vitest';
import { failureOf, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, status } from '../helpers/upstream.ts';

let breakwater: TestGateway | undefined;
afterEach(() => breakwater?.close());

const names = ['dear', 'fair', 'cheap', 'free'];
const tiers = { budget: ['cheap/model-cheap'], standard: ['fair/model-fair'], premium: ['dear/model-dear'] };
const price = (usd: number) => ({ input: usd, output: usd });
const providers = {
	dear: { models: { 'model-dear': { price: price(100), maxOutputTokens: 100_000 } } },
	fair: { models: { 'model-fair': { price: price(10), maxOutputTokens: 2000 } } },
	cheap: { models: { 'model-cheap': { price: price(1) } } },
};

interface Asked {
	status: number;
	target: string | null;
	passedOver: string | null;
	error: { code: string; message: string; param: string | null } | undefined;
}

async function ask(body: object = {}, headers: Record<string, string> = {}): Promise<Asked> {
	const response = await (breakwater as TestGateway).post(body, { headers });
	const header = (name: string) => response.headers.get(`x-breakwater-${name}`);
	const error = response.ok ? void (await response.text()) : (await failureOf(response)).error;
	return { status: response.status, target: header('target'), passedOver: header('passed-over'), error } as Asked;
}

async function started(others: object = {}): Promise<TestGateway> {
	breakwater = await startGateway({ names, providers, tiers, ...others });
	return breakwater;
}

describe('a request with a tier', () => {
	it.each([
		['X-Max-Cost-Tier: standard', {}, { 'x-max-cost-tier': 'standard' }, 'fair/model-fair'],
		['X-Max-Cost-Tier: Budget', {}, { 'x-max-cost-tier': 'Budget' }, 'cheap/model-cheap'],
		['failover.maxCostTier', { failover: { maxCostTier: 'budget' } }, {}, 'cheap/model-cheap'],
		[
			'the header before the body',
			{ failover: { maxCostTier: 'premium' } },
			{ 'x-max-cost-tier': 'budget' },
			'cheap/model-cheap',
		],
		['X-Require-Tier: standard', {}, { 'x-require-tier': 'standard' }, 'dear/model-dear'],
		['failover.requireTier', { failover: { requireTier: 'premium' } }, {}, 'dear/model-dear'],
		['both', { failover: { requireTier: 'standard', maxCostTier: 'standard' } }, {}, 'fair/model-fair'],
		['an empty header', {}, { 'x-max-cost-tier': '' }, 'dear/model-dear'],
	])('(%s) asks the first target of the chain within it', async (_name, body, headers, target) => {
		await started();
		expect(await ask(body, headers)).toMatchObject({ status: 200, target });
	});

	it('says which targets it did not ask, and why, and fails over within its tiers alone', async () => {
		const { upstream } = await started();
		upstream('fair').always(status(500));
		const asked = await ask({}, { 'x-max-cost-tier': 'standard' });
		expect(asked).toMatchObject({
			target: 'cheap/model-cheap',
			passedOver: 'dear/model-dear (tier premium); free/model-free (no tier)',
		});
		upstream('cheap').always(status(500));
		expect((await ask({}, { 'x-max-cost-tier': 'standard' })).status).toBe(502);
		expect([...upstream('dear').requests, ...upstream('free').requests]).toEqual([]);
	});

	it('goes to the cheapest of them first with `order: cost`', async () => {
		const chain = names.map((name) => `${name}/model-${name}`);
		await started({ profiles: { default: { chain, order: 'cost' } } });
		expect(await ask({}, { 'x-max-cost-tier': 'standard' })).toMatchObject({ target: 'cheap/model-cheap' });
	});

	it('is refused in one sentence where no target is within it', async () => {
		const { upstream } = await started({ profiles: { best: { chain: ['dear/model-dear', 'free/model-free'] } } });
		const { status: code, error } = await ask({ model: 'best' }, { 'x-max-cost-tier': 'budget' });
		expect([code, error?.code, error?.message]).toEqual([
			400,
			'cost_not_allowed',
			"'best' has no target up to the tier 'budget' for this request: dear/model-dear (tier premium), free/model-free (no tier). The tiers are budget, standard, premium, the cheapest first.",
		]);
		expect(upstream('dear').requests).toEqual([]);
	});

	it.each([
		['of another name', {}, "There is no tier 'gold'; the tiers are budget, standard, premium."],
		['where there are none', { tiers: undefined }, "There is no tier 'gold'; the configuration has none."],
	])('is refused for a tier %s', async (_name, others, message) => {
		await started(others);
		expect(await ask({}, { 'x-max-cost-tier': 'gold' })).toMatchObject({
			status: 400,
			error: { code: 'unknown_tier', message, param: 'X-Max-Cost-Tier' },
		});
	});

	it('sends none of that to a provider', async () => {
		const { upstream } = await started();
		await ask({ failover: { maxCostTier: 'budget', maxCostPerRequest: 1 } });
		expect(upstream('cheap').requests[0]?.json).not.toHaveProperty('failover');
	});
});

describe('a bound on the cost of a request', () => {
	it('passes over what is too dear by the length of prompt and answer, and what has no price', async () => {
		await started();
		// 1,000 tokens of an answer, and about 15 of a prompt.
		const cost = (usd: number) => ask({ failover: { maxCostPerRequest: usd } });
		expect(await cost(1)).toMatchObject({ target: 'dear/model-dear' });
		expect(await cost(0.05)).toMatchObject({ target: 'fair/model-fair' });
		const least = await cost(0.002);
		expect(least.target).toBe('cheap/model-cheap');
		expect(least.passedOver).toMatch(
			/^dear\/model-dear \(about \$0\.10\d+\); fair\/model-fair \(about \$0\.01\d+\); free\/model-free \(no known price\)$/,
		);
	});

	it('takes the longest answer that the caller allows, as far as the model can write it', async () => {
		await started();
		const allowed = (max_tokens: number) => ask({ max_tokens, failover: { maxCostPerRequest: 0.05 } });
		expect(await allowed(10)).toMatchObject({ target: 'dear/model-dear' });
		expect(await allowed(100_000)).toMatchObject({ target: 'fair/model-fair' });
	});

	it('is held against estimates that answers have corrected', async () => {
		const { upstream } = await started({ profiles: { best: { chain: ['fair/model-fair'] } } });
		const usage = { prompt_tokens: 4000, completion_tokens: 1, total_tokens: 4001 };
		upstream('fair').always(answers('ok', { usage }));
		const messages = [{ role: 'user', content: 'word '.repeat(800) }];
		const body = { model: 'best', messages, max_tokens: 1, failover: { maxCostPerRequest: 0.02 } };
		expect((await ask(body)).status).toBe(200);
		expect((await ask(body)).error?.message).toMatch(/fair\/model-fair \(about \$0\.02\d+\)/);
	});

	it('of a profile holds for all of its requests, and a caller can only lower it', async () => {
		const chain = names.map((name) => `${name}/model-${name}`);
		await started({ profiles: { default: { chain, maxCostPerRequest: 0.05 }, other: { extends: 'default' } } });
		expect(await ask()).toMatchObject({ target: 'fair/model-fair' });
		expect(await ask({ model: 'other' })).toMatchObject({ target: 'fair/model-fair' });
		expect(await ask({ failover: { maxCostPerRequest: 5 } })).toMatchObject({ target: 'fair/model-fair' });
		expect(await ask({ failover: { maxCostPerRequest: 0.002 } })).toMatchObject({ target: 'cheap/model-cheap' });
	});

	it('is refused in one sentence where every target is too dear', async () => {
		await started({ profiles: { best: { chain: ['dear/model-dear'] } } });
		const { error } = await ask({ model: 'best', failover: { maxCostPerRequest: 0.001 } });
		expect(error?.message).toMatch(
			/^'best' has no target at which it is estimated to cost at most \$0\.001 for this request: dear\/model-dear \(about \$0\.10\d+\)\. The tiers are/,
		);
	});

	it.each([0, -1, '1', null])('is not %j', async (maxCostPerRequest) => {
		await started();
		expect((await ask({ failover: { maxCostPerRequest } })).error).toMatchObject({
			code: 'invalid_request',
			message: "'failover.maxCostPerRequest' must be a number above 0, in USD.",
		});
	});
});
