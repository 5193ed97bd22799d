import { afterEach, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../helpers/gateway.ts';
import { status } from '../helpers/upstream.ts';

let breakwater: TestGateway | undefined;
afterEach(() => breakwater?.close());

const REQUESTS = 100;

/** How many attempts a provider that is out meets for each request, while its breaker does not open. */
async function outage(budget: unknown) {
	breakwater = await startGateway({
		policy: {
			retry: { backoff: '1ms', maxBackoff: '1ms', budget },
			breaker: { failureThreshold: 10_000, minimumVolume: 1_000_000 },
			onError: { SERVER_ERROR: { retries: 2 } },
		},
	});
	const { upstream, post, records } = breakwater;
	upstream('a').always(status(500));
	for (let sent = 0; sent < REQUESTS; sent++) {
		const response = await post();
		expect([response.status, response.headers.get('x-breakwater-target')]).toEqual([200, 'b/model-b']);
		await response.text();
	}
	return { factor: upstream('a').requests.length / REQUESTS, records };
}

describe('an outage behind a breaker that does not open', () => {
	it('triples the load without a retry budget', async () => {
		expect((await outage('off')).factor).toBe(3);
	});

	it('adds a fifth and ten with one: what is beyond goes to the next target, and every request is answered', async () => {
		const { factor, records } = await outage({ share: 0.2, floor: 10 });
		expect(factor).toBe(1.3);
		expect(records.at(-2)?.trace.map((step) => (step.did === 'deny' ? step.reason : step.did))).toEqual([
			'attempt',
			'wait',
			'retry-budget',
			'attempt',
		]);
	});
});
