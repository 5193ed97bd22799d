import { afterEach, describe, expect, it } from 'vitest';
import { failureOf, soon, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, type Behaviour, completes, completionOf, status } from '../helpers/upstream.ts';

let breakwater: TestGateway | undefined;
afterEach(() => breakwater?.close());

/** What the accounts of both providers may use in a minute, tokens. */
const TOKENS_PER_MINUTE = 200_000;
const LARGE = 150_000;
const SMALL = 1_000;

/** A body that is taken for about so many tokens. */
const ofTokens = (tokens: number) => ({ messages: [{ role: 'user', content: 'x'.repeat(4 * tokens - 200) }] });

/** A provider that counts the tokens of the last minute, those of requests that it refuses too, as providers do. */
function metered(tokensPerMinute: number) {
	const meter = { used: 0, answered: 0, refused: 0 };
	const behaviour: Behaviour = (exchange) => {
		const tokens = Math.ceil(exchange.request.text.length / 4);
		meter.used += tokens;
		if (meter.used > tokensPerMinute) {
			meter.refused += 1;
			return status(429, undefined, { 'retry-after': '60' })(exchange);
		}
		meter.answered += 1;
		return answers('ok', { usage: { prompt_tokens: tokens, completion_tokens: 0, total_tokens: tokens } })(exchange);
	};
	return { meter, behaviour };
}

/** Five large requests and twenty small ones, by turns, while the first provider is dead. */
async function outage(limits: Record<string, unknown>) {
	breakwater = await startGateway({ names: ['dead', 'fallback'], providers: { fallback: limits } });
	const { upstream, post } = breakwater;
	const { meter, behaviour } = metered(TOKENS_PER_MINUTE);
	upstream('dead').always(status(500));
	upstream('fallback').always(behaviour);
	const statuses = { large: [] as number[], small: [] as number[] };
	for (let turn = 0; turn < 25; turn++) {
		const size = turn % 5 === 0 ? 'large' : 'small';
		const response = await post(ofTokens(size === 'large' ? LARGE : SMALL));
		statuses[size].push(response.status);
		await response.text();
	}
	const served = (size: 'large' | 'small') => statuses[size].filter((status) => status === 200).length;
	return { meter, served };
}

describe('large prompts, a dead provider and a fallback that may use 200,000 tokens a minute', () => {
	it('exhaust the fallback for everybody where its limit is not known', async () => {
		const { meter, served } = await outage({});
		expect(served('large')).toBe(1);
		expect(served('small')).toBeLessThan(5);
		expect(meter.used).toBeGreaterThan(TOKENS_PER_MINUTE);
		expect(meter.refused).toBeGreaterThan(0);
	});

	it('leave every small request served where it is: the fallback stays within its limit', async () => {
		const { meter, served } = await outage({ limits: { tokensPerMinute: TOKENS_PER_MINUTE } });
		expect(served('large')).toBe(1);
		expect(served('small')).toBe(20);
		expect(meter.used).toBeLessThanOrEqual(TOKENS_PER_MINUTE);
		expect(meter.refused).toBe(0);
	});
});

describe('a limit per minute', () => {
	const once = { limits: { requestsPerMinute: 1 } };

	it('sends what does not fit to the next target, without an attempt', async () => {
		breakwater = await startGateway({ providers: { a: once } });
		const targets = [];
		for (let turn = 0; turn < 3; turn++) targets.push((await breakwater.post()).headers.get('x-breakwater-target'));
		expect(targets).toEqual(['a/model-a', 'b/model-b', 'b/model-b']);
		expect(breakwater.upstream('a').requests).toHaveLength(1);
		const { a, b } = await breakwater.health();
		expect(a).toMatchObject({ state: 'closed', consecutiveFailures: 0, limitedUntil: expect.stringMatching(/Z$/) });
		expect(b).not.toHaveProperty('limitedUntil');
		const metrics = await (await fetch(`${breakwater.origin}/metrics`)).text();
		expect(metrics).toMatch(/breakwater_permits_denied_total\{[^}]*reason="limit"\} [12]/);
	});

	it('is answered for with 429 and the time at which there is room, where there is nobody else', async () => {
		breakwater = await startGateway({ names: ['a'], providers: { a: once } });
		await breakwater.post();
		const response = await breakwater.post();
		expect(response.status).toBe(429);
		const waitMs = Number(response.headers.get('retry-after-ms'));
		expect(waitMs).toBeGreaterThan(55_000);
		expect(waitMs).toBeLessThanOrEqual(60_000);
		const { error, failover } = await failureOf(response);
		expect(error).toMatchObject({ code: 'all_targets_limited' });
		expect(error.message).toContain('a/model-a has no room left in its limits per minute (providers.a, `limits`)');
		expect(failover?.denied).toMatchObject([{ target: 'a/model-a', reason: 'limit', state: 'closed' }]);
		expect(breakwater.upstream('a').requests).toHaveLength(1);
		expect((await fetch(`${breakwater.origin}/ready`)).status).toBe(200);
	});

	it('is not waited for by a request that is larger than all of it', async () => {
		breakwater = await startGateway({ names: ['a'], providers: { a: { limits: { tokensPerMinute: 1_000 } } } });
		const response = await breakwater.post(ofTokens(5_000));
		expect(response.status).toBe(413);
		expect(response.headers.get('retry-after')).toBeNull();
		expect(response.headers.get('x-should-retry')).toBe('false');
		const { error, failover } = await failureOf(response);
		expect(error.code).toBe('request_too_large');
		expect(error.message).toMatch(/about [45],\d{3} tokens.*a\/model-a takes no request of this size/);
		expect(failover).not.toHaveProperty('retryAt');
		expect(failover?.denied).toMatchObject([{ reason: 'beyond-limit', retryAt: null }]);
		expect(breakwater.upstream('a').requests).toHaveLength(0);
		expect((await breakwater.post()).status).toBe(200);
	});

	it('of one model leaves the others of its key alone', async () => {
		breakwater = await startGateway({
			names: ['a'],
			providers: { a: { models: { 'model-a': once } } },
			profiles: { default: { chain: ['a/model-a', 'a/other'] } },
		});
		const targets = [];
		for (let turn = 0; turn < 3; turn++) targets.push((await breakwater.post()).headers.get('x-breakwater-target'));
		expect(targets).toEqual(['a/model-a', 'a/other', 'a/other']);
	});

	it('of one key leaves the other keys of its provider', async () => {
		breakwater = await startGateway({
			names: ['a'],
			providers: { a: { ...once, apiKey: ['first-key', 'second-key'] } },
		});
		const statuses = [];
		for (let turn = 0; turn < 3; turn++) statuses.push((await breakwater.post()).status);
		expect(statuses).toEqual([200, 200, 429]);
		const keys = breakwater.upstream('a').requests.map(({ headers }) => headers.authorization);
		expect(keys).toEqual(['Bearer first-key', 'Bearer second-key']);
	});

	it('of the only model of a key holds beside that of the key, and the smaller one counts', async () => {
		breakwater = await startGateway({
			names: ['a'],
			providers: {
				a: { limits: { requestsPerMinute: 2 }, models: { 'model-a': { limits: { requestsPerMinute: 1 } } } },
			},
		});
		expect((await breakwater.post()).status).toBe(200);
		expect((await breakwater.post()).status).toBe(429);
	});
});

describe('what a provider says of its limits', () => {
	const says = (remaining: string, reset: string): Behaviour =>
		completes(completionOf('ok', {}), {
			'x-ratelimit-remaining-requests': remaining,
			'x-ratelimit-reset-requests': reset,
		});

	it('is believed where nothing is left: it is asked again at the time that it named', async () => {
		breakwater = await startGateway();
		breakwater.upstream('a').next(says('0', '700ms'));
		const target = async () => (await breakwater?.post())?.headers.get('x-breakwater-target');
		expect([await target(), await target()]).toEqual(['a/model-a', 'b/model-b']);
		await soon(async () => expect(await target()).toBe('a/model-a'));
		expect(breakwater.records[1]?.trace[0]).toMatchObject({ did: 'deny', reason: 'limit', state: 'closed' });
	});

	it('is waited for where the policy says so', async () => {
		breakwater = await startGateway({ names: ['a'], policy: { whenAllDenied: { wait: '10s' } } });
		breakwater.upstream('a').next(says('0', '700ms'));
		await breakwater.post();
		const response = await breakwater.post();
		expect(response.status).toBe(200);
		expect(breakwater.records[1]?.trace.map(({ did }) => did)).toEqual(['deny', 'wait', 'attempt']);
	});

	it('is kept to with `learn`, and not without', async () => {
		breakwater = await startGateway({ names: ['a', 'b'], providers: { a: { limits: { learn: true } } } });
		breakwater.upstream('a').always(says('1', '30s'));
		breakwater.upstream('b').always(says('1', '30s'));
		const targets = [];
		const ask = async (model: string) => (await breakwater?.post({ model }))?.headers.get('x-breakwater-target');
		// The second answer says again that one is left: as many as there are in order, each is believed.
		targets.push(await ask('default'), await ask('default'));
		const two = await Promise.all([ask('default'), ask('default')]);
		expect([...targets, ...two.sort()]).toEqual(['a/model-a', 'a/model-a', 'a/model-a', 'b/model-b']);
		expect(await Promise.all([ask('b/model-b'), ask('b/model-b')])).toEqual(['b/model-b', 'b/model-b']);
	});
});
