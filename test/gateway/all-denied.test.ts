import { afterEach, describe, expect, it } from 'vitest';
import { logObserver } from '../../src/observe/log/log.ts';
import { failureOf, type GatewaySetup, soon, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, status } from '../helpers/upstream.ts';

let breakwater: TestGateway | undefined;
afterEach(() => breakwater?.close());

/** The only provider opens at its first failure, for so long. */
async function opened(cooldown: string, setup: GatewaySetup = {}) {
	breakwater = await startGateway({
		names: ['a'],
		...setup,
		policy: { whenAllDenied: { wait: '2s' }, breaker: { failureThreshold: 1, cooldown }, ...setup.policy },
	});
	breakwater.upstream('a').next(status(503));
	expect((await breakwater.post()).status).toBe(502);
	breakwater.upstream('a').always(answers('Open again.'));
	return breakwater;
}

describe('a request that every target denies, with a wait', () => {
	it.each([false, true])('is answered by the one that opens in time (stream: %s)', async (stream) => {
		const { post, records } = await opened('900ms');
		const response = await post({ stream });
		expect([response.status, response.headers.get('x-breakwater-target')]).toEqual([200, 'a/model-a']);
		await response.text();
		expect(records[1]?.trace).toMatchObject([
			{ did: 'deny' },
			{ did: 'wait', target: 'a/model-a', isForOpening: true },
			{ did: 'attempt', probe: true, outcome: 'succeeded' },
		]);
	});

	it('fails at once with the true Retry-After where none does', async () => {
		const { post, records } = await opened('60s');
		const response = await post();
		const { error } = await failureOf(response);
		expect([response.status, error.code]).toEqual([503, 'all_targets_unavailable']);
		expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(50);
		expect(records[1]?.trace.map(({ did }) => did)).toEqual(['deny']);
	});

	it('ends when its client leaves', async () => {
		const { post, records, upstream } = await opened('30s', {
			policy: { whenAllDenied: { wait: '40s' }, timeouts: { request: '50s' } },
		});
		const leaving = new AbortController();
		const asked = post({}, { signal: leaving.signal }).catch(() => 'left');
		await soon(() => expect(breakwater?.gateway.openCalls).toBe(1));
		leaving.abort();
		expect(await asked).toBe('left');
		await soon(() => expect(records[1]?.outcome).toBe('aborted'));
		expect(upstream('a').requests).toHaveLength(1);
	});
});

it('the log tells of the wait', async () => {
	const lines: object[] = [];
	const log = { warn: () => {}, info: (line: object) => void lines.push(line) };
	const { post } = await opened('900ms', { observe: () => logObserver(log as never) });
	await (await post()).text();
	expect(JSON.stringify(lines)).toMatch(/waits \d+ ms|"did":"wait"/);
});
