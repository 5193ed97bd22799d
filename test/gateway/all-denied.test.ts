import { afterEach, describe, expect, it } from 'vitest';
import type { CallRecord } from '../../src/contract/call-record.ts';
import { logObserver } from '../../src/observe/log/log.ts';
import { failureOf, type GatewaySetup, soon, startGateway, type TestGateway } from '../helpers/gateway.ts';

let breakwater: TestGateway | undefined;
afterEach(() => breakwater?.close());

async function start(setup: GatewaySetup = {}) {
	const policy = { whenAllDenied: { wait: '1h' }, timeouts: { request: '2h' } };
	breakwater = await startGateway({ names: ['a'], policy, ...setup });
	return breakwater;
}

function close({ gateway }: TestGateway, forMs: number) {
	gateway.operate('a', { type: 'operator.tripped', now: Date.now(), forMs }, 'test');
}

/** Asks while the only provider is closed for a short time; for a longer one, where the machine was too slow to meet it so. */
async function askWhileClosed(running: TestGateway, body: object): Promise<{ response: Response; record: CallRecord }> {
	for (let forMs = 300; ; forMs *= 2) {
		const before = running.records.length;
		close(running, forMs);
		const response = await running.post(body);
		await response.clone().text();
		const record = await soon(() => running.records[before] ?? expect.fail('nothing is recorded'));
		if (record.trace[0]?.did === 'deny') return { response, record };
	}
}

describe('a request that every target denies, with a wait', () => {
	it.each([false, true])('is answered by the one that opens in time (stream: %s)', async (stream) => {
		const { response, record } = await askWhileClosed(await start(), { stream });
		expect([response.status, response.headers.get('x-breakwater-target')]).toEqual([200, 'a/model-a']);
		expect(record.trace).toMatchObject([
			{ did: 'deny' },
			{ did: 'wait', target: 'a/model-a', isForOpening: true },
			{ did: 'attempt', probe: true, outcome: 'succeeded' },
		]);
		expect(record.trace[1]).toSatisfy(({ ms }) => ms > 0);
	});

	it('fails at once with the true Retry-After where none does', async () => {
		const running = await start({ policy: { whenAllDenied: { wait: '2s' } } });
		close(running, 3_600_000);
		const response = await running.post();
		const { error } = await failureOf(response);
		expect([response.status, error.code]).toEqual([503, 'all_targets_unavailable']);
		expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(3_000);
		expect(running.records[0]?.trace.map(({ did }) => did)).toEqual(['deny']);
	});

	it('ends when its client leaves', async () => {
		const running = await start();
		close(running, 1_800_000);
		const leaving = new AbortController();
		const asked = running.post({}, { signal: leaving.signal }).catch(() => 'left');
		await soon(() => expect(running.gateway.openCalls).toBe(1));
		leaving.abort();
		expect(await asked).toBe('left');
		await soon(() => expect(running.records[0]?.outcome).toBe('aborted'));
		expect(running.upstream('a').requests).toHaveLength(0);
	});

	it('has its wait in the log', async () => {
		const lines: object[] = [];
		const log = { warn: () => {}, info: (line: object) => void lines.push(line) };
		await askWhileClosed(await start({ observe: () => logObserver(log as never) }), {});
		expect(JSON.stringify(lines)).toMatch(/"did":"wait"|waits \d+ ms for it to open/);
	});
});
