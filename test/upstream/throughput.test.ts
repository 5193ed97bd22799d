import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { AttemptTestOptions } from '../helpers/attempt.ts';
import { attemptPerTest } from '../helpers/attempt-per-test.ts';
import { type Behaviour, chunkOf, chunksOf, streams } from '../helpers/upstream.ts';

const perTest = attemptPerTest();

/** Sixty characters over a second: a fast stream brings three times as many, and may be held up for half of it. */
const throughput = { tokensPerSecond: 15, over: 1000 };

async function outcomeOf(behaviour: Behaviour, options: AttemptTestOptions = { timeouts: { throughput } }) {
	perTest.upstream.next(behaviour);
	return (await perTest.start({ stream: true, ...options }).over).is;
}

const letters = 'a b c d e f g h i j k l m n o p q r s t';
const slow = streams(chunksOf(letters), { delayMs: 100 });

describe('a stream that is never idle', () => {
	it('and too slow has failed, where the policy says so', async () => {
		expect(await outcomeOf(slow)).toBe('TIMEOUT.slow');
	});

	it('is left alone by default', async () => {
		expect(await outcomeOf(slow, {})).toBe('completed');
	});

	it('and fast enough is left alone', async () => {
		const fast = streams(chunksOf('swiftswiftswift '.repeat(20).trim()), { delayMs: 80 });
		expect(await outcomeOf(fast)).toBe('completed');
	});

	it('is measured again and again: one that becomes slow has failed', async () => {
		const chunks = [
			...chunksOf('swiftswiftswift '.repeat(20)).slice(0, -1),
			...chunksOf(`${letters} ${letters}`).slice(1),
		];
		expect(await outcomeOf(streams(chunks, { delayMs: 70 }))).toBe('TIMEOUT.slow');
	});

	it.each([
		['thoughts', (text: string) => chunkOf({ reasoning_content: text })],
		[
			'a call',
			(text: string) => chunkOf({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: text } }] }),
		],
	])('is measured by %s too', async (_, chunk) => {
		const chunks = [...Array.from({ length: 20 }, () => chunk('so many words ')), chunkOf({}, 'stop')];
		expect(await outcomeOf(streams(chunks, { delayMs: 80 }))).toBe('completed');
	});

	it('is not slow because its client is', async () => {
		const fast = streams(chunksOf('swift '.repeat(60)), { delayMs: 10 });
		perTest.upstream.next(fast);
		const watched = perTest.start({ stream: true, timeouts: { throughput } });
		await watched.answering;
		watched.attempt.pause();
		await sleep(1_200);
		watched.attempt.resume();
		expect((await watched.over).is).toBe('completed');
	});

	it('and has finished is whole, however late its end mark', async () => {
		expect(await outcomeOf(streams(chunksOf('short'), { end: 'stall' }))).toBe('completed');
	});
});
