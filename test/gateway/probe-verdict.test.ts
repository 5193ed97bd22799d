import { expect, type TestContext, test } from 'vitest';
import { eventsOf, type GatewaySetup, soon, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { chunksOf, streams } from '../helpers/upstream.ts';

/** `a` is half-open, and its probe has just begun a long answer. These tests wait for that, and do so side by side. */
async function probing(
	{ onTestFinished }: TestContext,
	setup: GatewaySetup = {},
	body: object = { stream: true },
): Promise<{ breakwater: TestGateway; probe: Promise<Response> }> {
	const breakwater = await startGateway({ names: ['a'], ...setup });
	onTestFinished(breakwater.close);
	breakwater.gateway.operate('a', { type: 'operator.tripped', now: Date.now(), forMs: 60_000 });
	breakwater.gateway.operate('a', { type: 'operator.probed', now: Date.now() });
	breakwater.upstream('a').next(streams(chunksOf('word '.repeat(40)), { delayMs: 50 }));
	return { breakwater, probe: breakwater.post(body) };
}

const isClosed = async ({ health }: TestGateway) =>
	expect((await health()).a).toMatchObject({ state: 'closed', probesInFlight: 0 });

test.concurrent('a provider whose probe has begun to answer takes other requests at once', async (context) => {
	const { breakwater, probe } = await probing(context);
	const answer = await probe;
	await isClosed(breakwater);
	expect((await breakwater.post()).status).toBe(200);
	expect(breakwater.records).toHaveLength(1);
	expect(eventsOf(await answer.text()).at(-1)).toBe('[DONE]');
});

test.concurrent('a probe that outlasts probeDeadline does not open its provider', async (context) => {
	const { breakwater, probe } = await probing(context, { policy: { breaker: { probeDeadline: '300ms' } } });
	await (await probe).text();
	expect(breakwater.records[0]?.ms).toBeGreaterThan(1_000);
	await isClosed(breakwater);
	expect(breakwater.records[0]?.trace).toMatchObject([{ probe: true, outcome: 'succeeded' }]);
});

test.concurrent.for<[string, GatewaySetup, object]>([
	[
		'is held until it is whole',
		{ profiles: { default: { chain: ['a/model-a'], commit: 'complete' } } },
		{ stream: true },
	],
	['goes to a client that wants one document', { providers: { a: { streamUpstream: true } } }, {}],
])('the verdict does not wait for an answer that %s', async ([, setup, body], context) => {
	const { breakwater, probe } = await probing(context, setup, body);
	await soon(() => isClosed(breakwater));
	expect(breakwater.records).toHaveLength(0);
	expect((await probe).status).toBe(200);
});
