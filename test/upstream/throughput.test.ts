import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, type TestContext } from 'vitest';
import { AttemptBench, type AttemptTestOptions, type WatchedAttempt } from '../helpers/attempt.ts';
import { type Behaviour, chunkOf, chunksOf, startUpstream, streams } from '../helpers/upstream.ts';

/** Sixty characters over a second: a fast stream brings three times as many, and may be held up for half of it. */
const throughput = { tokensPerSecond: 15, over: 1000 };

/** Starts an attempt at an upstream of the test's own: these tests wait for timers, and do so side by side. */
async function start(
	{ onTestFinished }: TestContext,
	behaviour: Behaviour,
	options: AttemptTestOptions = { timeouts: { throughput } },
): Promise<WatchedAttempt> {
	const upstream = await startUpstream();
	onTestFinished(() => upstream.close());
	const bench = new AttemptBench();
	onTestFinished(() => bench.close());
	upstream.next(behaviour);
	return bench.start(upstream.baseUrl, { stream: true, ...options });
}

async function outcomeOf(...given: Parameters<typeof start>): Promise<string> {
	const { over } = await start(...given);
	return (await over).is;
}

const letters = 'a b c d e f g h i j k l m n o p q r s t';
const slow = streams(chunksOf(letters), { delayMs: 100 });

describe.concurrent('a stream that is never idle', () => {
	it('and too slow has failed, where the policy says so', async (context) => {
		expect(await outcomeOf(context, slow)).toBe('TIMEOUT.slow');
	});

	it('is left alone by default', async (context) => {
		expect(await outcomeOf(context, slow, {})).toBe('completed');
	});

	it('and fast enough is left alone', async (context) => {
		const fast = streams(chunksOf('swiftswiftswift '.repeat(20).trim()), { delayMs: 80 });
		expect(await outcomeOf(context, fast)).toBe('completed');
	});

	it('is measured again and again: one that becomes slow has failed', async (context) => {
		const chunks = [
			...chunksOf('swiftswiftswift '.repeat(20)).slice(0, -1),
			...chunksOf(`${letters} ${letters}`).slice(1),
		];
		expect(await outcomeOf(context, streams(chunks, { delayMs: 70 }))).toBe('TIMEOUT.slow');
	});

	it.for<[string, (text: string) => object]>([
		['thoughts', (text: string) => chunkOf({ reasoning_content: text })],
		[
			'a call',
			(text: string) => chunkOf({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: text } }] }),
		],
	])('is measured by %s too', async ([, chunk], context) => {
		const chunks = [...Array.from({ length: 20 }, () => chunk('so many words ')), chunkOf({}, 'stop')];
		expect(await outcomeOf(context, streams(chunks, { delayMs: 80 }))).toBe('completed');
	});

	it('is not slow because its client is', async (context) => {
		const fast = streams(chunksOf('swift '.repeat(60)), { delayMs: 10 });
		const watched = await start(context, fast);
		await watched.answering;
		watched.attempt.pause();
		await sleep(1_200);
		watched.attempt.resume();
		expect((await watched.over).is).toBe('completed');
	});

	it('and has finished is whole, however late its end mark', async (context) => {
		expect(await outcomeOf(context, streams(chunksOf('short'), { end: 'stall' }))).toBe('completed');
	});
});
