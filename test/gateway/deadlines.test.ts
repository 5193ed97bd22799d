import { afterEach, describe, expect, test } from 'vitest';
import { contentOf, eventsOf, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, chunksOf, hangs, streams } from '../helpers/upstream.ts';

let breakwater: TestGateway;

afterEach(() => breakwater.close());

const text = 'a healthy answer of several words that takes its time';
const chunks = chunksOf(text);

describe('a request whose search for an answer may take 1 s', () => {
	const timeouts = { request: '1s', firstToken: '900ms', response: '900ms' };

	test('is not cut while its stream is well', async () => {
		breakwater = await startGateway({ policy: { timeouts } });
		breakwater.upstream('a').next(streams(chunks, { delayMs: 150 }));
		expect(await contentOf(await breakwater.post({ stream: true }))).toBe(text);
		expect(breakwater.records[0]?.ms).toBeGreaterThan(1_200);
	});

	test('has as long again when its stream breaks late, and no longer', async () => {
		breakwater = await startGateway({ policy: { timeouts: { ...timeouts, firstToken: '5s' } } });
		breakwater.upstream('a').next(streams(chunks.slice(0, 8), { delayMs: 200, end: 'cut' }));
		breakwater.upstream('b').next(hangs());
		const events = eventsOf(await (await breakwater.post({ stream: true })).text());
		expect(JSON.parse(events.at(-1) ?? '')).toMatchObject({ error: { code: 'stream_interrupted' } });
		const [broken, abandoned] = breakwater.records[0]?.trace ?? [];
		expect(broken).toMatchObject({ did: 'attempt', target: 'a/model-a', outcome: 'failed' });
		expect(abandoned).toMatchObject({ did: 'attempt', target: 'b/model-b', outcome: 'abandoned' });
		expect(abandoned?.did === 'attempt' && abandoned.ms).toBeGreaterThan(900);
		expect(abandoned?.did === 'attempt' && abandoned.ms).toBeLessThan(4_000);
	});
});

test('a stream that never ends is ended by timeouts.stream', async () => {
	breakwater = await startGateway({ policy: { timeouts: { stream: '300ms' } } });
	breakwater.upstream('a').next(streams(chunksOf('word '.repeat(100)), { delayMs: 30 }));
	const events = eventsOf(await (await breakwater.post({ stream: true })).text());
	expect(JSON.parse(events.at(-1) ?? '')).toMatchObject({ error: { code: 'stream_interrupted' } });
	expect(events).not.toContain('[DONE]');
	expect((await breakwater.health()).a).toMatchObject({ state: 'closed', consecutiveFailures: 0 });
});

test('a stream that is too slow is carried on by the next target', async () => {
	breakwater = await startGateway({ policy: { timeouts: { throughput: { tokensPerSecond: 20, over: '300ms' } } } });
	breakwater.upstream('a').next(streams(chunks, { delayMs: 150 }));
	breakwater.upstream('b').always(answers(text));
	expect(await contentOf(await breakwater.post({ stream: true }))).toBe(text);
	const { trace } = breakwater.records[0] ?? { trace: [] };
	expect(trace[0]).toMatchObject({ target: 'a/model-a', failure: { category: 'TIMEOUT', reason: 'slow' } });
	expect(trace.at(-1)).toMatchObject({ target: 'b/model-b', outcome: 'succeeded' });
});
