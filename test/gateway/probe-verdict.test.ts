import { afterEach, expect, test } from 'vitest';
import { eventsOf, soon, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { chunksOf, streams } from '../helpers/upstream.ts';

let breakwater: TestGateway;

afterEach(() => breakwater.close());

/** `a` is half-open, and its probe has just begun a long answer. */
async function probing(setup: Parameters<typeof startGateway>[0], body: object = { stream: true }) {
	breakwater = await startGateway({ names: ['a'], ...setup });
	breakwater.gateway.operate('a', { type: 'operator.tripped', now: Date.now(), forMs: 60_000 });
	breakwater.gateway.operate('a', { type: 'operator.probed', now: Date.now() });
	breakwater.upstream('a').next(streams(chunksOf('word '.repeat(40)), { delayMs: 50 }));
	return breakwater.post(body);
}

const isClosed = async () =>
	expect((await breakwater.health()).a).toMatchObject({ state: 'closed', probesInFlight: 0 });

test('a provider whose probe has begun to answer takes other requests at once', async () => {
	const probe = await probing({});
	await isClosed();
	expect((await breakwater.post()).status).toBe(200);
	expect(breakwater.records).toHaveLength(1);
	expect(eventsOf(await probe.text()).at(-1)).toBe('[DONE]');
});

test('a probe that outlasts probeDeadline does not open its provider', async () => {
	const probe = await probing({ policy: { breaker: { probeDeadline: '300ms' } } });
	await probe.text();
	expect(breakwater.records[0]?.ms).toBeGreaterThan(1_000);
	await isClosed();
	expect(breakwater.records[0]?.trace).toMatchObject([{ probe: true, outcome: 'succeeded' }]);
});

test.each([
	[
		'is held until it is whole',
		{ profiles: { default: { chain: ['a/model-a'], commit: 'complete' } } },
		{ stream: true },
	],
	['goes to a client that wants one document', { providers: { a: { streamUpstream: true } } }, {}],
])('the verdict does not wait for an answer that %s', async (_, setup, body) => {
	const probe = probing(setup, body);
	await soon(isClosed);
	expect(breakwater.records).toHaveLength(0);
	expect((await probe).status).toBe(200);
});
