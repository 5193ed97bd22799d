import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { AttemptTestOptions } from '../helpers/attempt.ts';
import { attemptPerTest } from '../helpers/attempt-per-test.ts';
import { eventually, withFakeTimers } from '../helpers/fake-timers.ts';
import {
	answers,
	type Behaviour,
	chunksOf,
	delayed,
	forgetful,
	onCommand,
	resets,
	streams,
	together,
} from '../helpers/upstream.ts';

const perTest = attemptPerTest();

const closes: Behaviour = ({ hangUp }) => hangUp('fin');

async function attempt(options: AttemptTestOptions = {}) {
	const watched = perTest.start(options);
	const { is } = await watched.over;
	// The answer is here before its connection is free for the next request.
	await sleep(20);
	return { is, reconnects: watched.reconnects };
}

/** By the clock that tells a stale connection, no time passes: a reset comes in time however slow the machine is. */
async function atOnce<T>(run: () => Promise<T>): Promise<T> {
	const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
	return run().finally(() => clock.mockRestore());
}

const well = { is: 'completed', reconnects: 0 };
const sentAgain = { is: 'completed', reconnects: 1 };

describe('a connection that was used before', () => {
	it.each([
		['reset', resets()],
		['closed', closes],
		['closed a little later', delayed(200, closes)],
	])('and is %s before a byte of an answer is not the end of the attempt', async (_, how) => {
		perTest.upstream.always(forgetful(how));
		expect(await attempt()).toEqual(well);
		expect(await atOnce(attempt)).toEqual(sentAgain);
		expect(perTest.upstream.requests).toHaveLength(3);
		expect(perTest.upstream.requests[2]?.text).toBe(perTest.upstream.requests[1]?.text);
	});

	it('is one of many: each of the requests that come at once is sent again, none on another stale one', async () => {
		const six = () => Promise.all(Array.from({ length: 6 }, () => attempt()));
		const firstSix = together(6, answers('here'));
		perTest.upstream.next(...Array(6).fill(firstSix));
		expect(await six()).toEqual(Array(6).fill(well));
		const nextSix = together(6, resets());
		perTest.upstream.next(...Array(6).fill(nextSix));
		expect(await atOnce(six)).toEqual(Array(6).fill(sentAgain));
	});

	it('is replaced once: what the new one does counts', async () => {
		await attempt();
		perTest.upstream.next(resets(), resets());
		expect(await atOnce(attempt)).toEqual({ is: 'NETWORK_ERROR.reset', reconnects: 1 });
		expect(perTest.upstream.requests).toHaveLength(3);
	});

	it('and breaks after more than a second was not stale', async () => {
		await attempt();
		perTest.upstream.next(delayed(1_200, resets()));
		expect(await attempt()).toEqual({ is: 'NETWORK_ERROR.reset', reconnects: 0 });
	});

	it.each([true, false])('and breaks after the answer has begun was not stale (streamed: %s)', async (stream) => {
		await attempt();
		perTest.upstream.next(async ({ response, write, hangUp }) => {
			response.setHeader('content-type', stream ? 'text/event-stream' : 'application/json');
			await write(stream ? ': a comment\n\n' : '{');
			hangUp('rst');
		});
		expect((await attempt({ stream })).reconnects).toBe(0);
	});

	it('streams over the new connection, with the time of a new connection', async () => {
		await attempt();
		const [first, second] = [onCommand(), onCommand()];
		perTest.upstream.next(first.behaviour, second.behaviour);
		await withFakeTimers(() =>
			atOnce(async () => {
				const asked = attempt({ stream: true, timeouts: { firstToken: 60_000 } });
				const stale = await first.asked;
				vi.advanceTimersByTime(40_000);
				await resets()(stale);
				const fresh = await second.asked;
				vi.advanceTimersByTime(40_000);
				await streams(chunksOf('here'))(fresh);
				expect(await asked).toEqual(sentAgain);
			}),
		);
	});

	it('is not asked for again once the attempt is stopped', async () => {
		await attempt();
		perTest.upstream.next(delayed(50, resets()));
		const watched = perTest.start();
		watched.stop();
		await sleep(150);
		expect(watched.reconnects).toBe(0);
	});
});

it('a new connection that is reset is a failure', async () => {
	perTest.upstream.next(resets());
	expect(await attempt()).toEqual({ is: 'NETWORK_ERROR.reset', reconnects: 0 });
	expect(perTest.upstream.requests).toHaveLength(1);
});

it('connections of their own are closed once their request is over', async () => {
	await attempt();
	perTest.upstream.next(resets());
	await atOnce(attempt);
	await eventually(() => expect(perTest.upstream.openSockets).toBe(0));
});
