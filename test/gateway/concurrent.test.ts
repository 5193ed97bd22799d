import { afterEach, describe, expect, it } from 'vitest';
import { contentOf, failureOf, soon, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, type Behaviour } from '../helpers/upstream.ts';

let breakwater: TestGateway | undefined;
afterEach(() => breakwater?.close());

/** Accepts, and never answers. */
const blackHole: Behaviour = ({ over }) =>
	new Promise<void>((ended) => over.addEventListener('abort', () => ended(), { once: true }));

const limits = { concurrent: 3 };
const patient = { timeouts: { firstToken: '1h', response: '1h', request: '2h' } };

describe('a provider that accepts and never answers', () => {
	it('has no more attempts in flight than its limit, and costs nobody else anything', async () => {
		breakwater = await startGateway({
			names: ['hole', 'well'],
			policy: patient,
			providers: { hole: { limits } },
			profiles: { calm: { chain: ['well/model-well'] } },
		});
		const { upstream, gateway, records } = breakwater;
		upstream('hole').always(blackHole);
		const stuck = Array.from({ length: limits.concurrent }, () => breakwater?.post().catch(() => undefined));
		await soon(() => expect(upstream('hole').requests).toHaveLength(limits.concurrent));

		const beyond = await Promise.all(Array.from({ length: 20 }, () => (breakwater as TestGateway).post()));
		for (const response of beyond) {
			expect([response.status, response.headers.get('x-breakwater-target')]).toEqual([200, 'well/model-well']);
			await contentOf(response);
		}
		expect((await breakwater.post({ model: 'calm' })).status).toBe(200);
		expect(upstream('hole').requests).toHaveLength(limits.concurrent);
		expect(upstream('hole').openSockets).toBe(limits.concurrent);
		expect(records[0]?.trace[0]).toMatchObject({ did: 'deny', reason: 'limit' });
		expect((await breakwater.health()).hole).toMatchObject({ state: 'closed', consecutiveFailures: 0 });
		gateway.interrupt();
		await Promise.all(stuck);
	});

	it('is answered for with 429 and a second to wait, where there is nobody else', async () => {
		breakwater = await startGateway({ names: ['hole'], policy: patient, providers: { hole: { limits } } });
		const { upstream, gateway } = breakwater;
		upstream('hole').always(blackHole);
		const stuck = Array.from({ length: limits.concurrent }, () => breakwater?.post().catch(() => undefined));
		await soon(() => expect(upstream('hole').requests).toHaveLength(limits.concurrent));
		const response = await breakwater.post();
		expect([response.status, response.headers.get('retry-after')]).toEqual([429, '1']);
		const { error, failover } = await failureOf(response);
		expect(error).toMatchObject({ type: 'rate_limit_error', code: 'all_targets_limited' });
		expect(error.message).toContain('providers.hole.limits.concurrent');
		expect(failover?.denied).toMatchObject([{ target: 'hole/model-hole', reason: 'limit', state: 'closed' }]);
		expect((await fetch(`${breakwater.origin}/ready`)).status).toBe(200);
		const metrics = await (await fetch(`${breakwater.origin}/metrics`)).text();
		expect(metrics).toMatch(/breakwater_permits_denied_total\{[^}]*reason="limit"\} [12]/);

		gateway.interrupt();
		await Promise.all(stuck);
		upstream('hole').always(answers('ok'));
		expect((await breakwater.post()).status).toBe(200);
	});

	it('is limited across its models', async () => {
		breakwater = await startGateway({
			names: ['hole'],
			policy: patient,
			providers: { hole: { limits } },
			profiles: { default: { chain: ['hole/one', 'hole/two'] } },
		});
		const { upstream, gateway } = breakwater;
		upstream('hole').always(blackHole);
		const stuck = [0, 1, 2].map((n) =>
			breakwater?.post({ model: n === 0 ? 'hole/two' : 'hole/one' }).catch(() => undefined),
		);
		await soon(() => expect(upstream('hole').requests).toHaveLength(limits.concurrent));
		expect((await breakwater.post()).status).toBe(429);
		gateway.interrupt();
		await Promise.all(stuck);
		await soon(() => expect(breakwater?.gateway.openCalls).toBe(0));
		upstream('hole').always(answers('ok'));
		expect((await breakwater.post()).status).toBe(200);
	});
});
