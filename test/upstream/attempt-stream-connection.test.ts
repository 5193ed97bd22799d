import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { WatchedAttempt } from '../helpers/attempt.ts';
import { eventually, withFakeTimers } from '../helpers/fake-timers.ts';
import { parseEvents } from '../helpers/sse.ts';
import { type Behaviour, chunkOf, delayed, hangs, streams } from '../helpers/upstream.ts';
import { hello, role, sse, stop, streamPerTest } from './stream-per-test.ts';

const { perTest, start, startOnCommand } = streamPerTest();

describe('the connection', () => {
	/** Runs a behaviour and remembers over which connection it was asked for. */
	function noting(connections: Set<unknown>, behaviour: Behaviour): Behaviour {
		return (exchange) => {
			connections.add(exchange.socket);
			return behaviour(exchange);
		};
	}

	it.each<[string, Behaviour]>([
		['[DONE] and the end', streams([hello, stop])],
		['the end without [DONE]', streams([hello, stop], { end: 'close' })],
		['[DONE], and a little later the end', endsLate(20)],
	])('serves the next attempt after %s', (_name, behaviour) =>
		withFakeTimers(async () => {
			const connections = new Set();
			for (let i = 0; i < 3; i += 1) {
				const attempt = start(noting(connections, behaviour));
				const bodyEnded = vi.spyOn(attempt.attempt, 'onResponseEnd');
				expect((await attempt.over).is).toBe('completed');
				// The end of the body is a packet of its own, which has to arrive.
				await eventually(() => expect(bodyEnded).toHaveBeenCalledOnce());
				// undici uses a connection again a turn of the event loop later.
				await sleep(10);
			}
			expect([perTest.upstream.requests.length, connections.size, perTest.upstream.aborted]).toEqual([3, 1, 0]);
		}),
	);

	it('is dropped when the body does not end soon after [DONE]', async () => {
		await withFakeTimers(async () => {
			const { over } = start(streams([hello, stop, '[DONE]'], { end: 'stall' }));
			expect((await over).is).toBe('completed');
			vi.advanceTimersByTime(999);
			expect(perTest.upstream.openSockets).toBe(1);
			vi.advanceTimersByTime(1);
		});
		await eventually(() => expect(perTest.upstream.openSockets).toBe(0));
	});
});

function endsLate(delayMs: number): Behaviour {
	return async (exchange) => {
		await streams([hello, stop, '[DONE]'], { end: 'stall' })(exchange);
		await delayed(delayMs, ({ end }) => end())(exchange);
	};
}

describe('stop', () => {
	it.each<[string, Behaviour]>([
		['before headers', hangs()],
		['before content', streams([role], { end: 'stall' })],
	])('%s closes the connection, and nothing is reported', (_name, behaviour) =>
		withFakeTimers(async () => {
			const attempt = start(behaviour, { timeouts: { firstToken: 60_000 } });
			await eventually(() => expect(perTest.upstream.requests).toHaveLength(1));
			attempt.stop();
			await eventually(() => expect([perTest.upstream.aborted, perTest.upstream.openSockets]).toEqual([1, 0]));
			vi.advanceTimersByTime(61_000);
			expect(attempt.reports).toEqual(['stopped']);
		}),
	);

	it('in the middle of an answer closes the connection, and nothing more is reported', () =>
		withFakeTimers(async () => {
			const attempt = start(streams(Array(1000).fill(hello), { delayMs: 1 }), { timeouts: { idle: 60_000 } });
			await attempt.answering;
			attempt.stop();
			await eventually(() => expect([perTest.upstream.aborted, perTest.upstream.openSockets]).toEqual([1, 0]));
			vi.advanceTimersByTime(61_000);
			expect(attempt.reports.at(-1)).toBe('stopped');
		}));

	it.each(['answering', 'events'])('on %s is the last that is heard', async (name) => {
		const stopsOn = (report: string, watched: WatchedAttempt) => {
			if (report === name && !watched.reports.includes('stopped')) watched.stop();
		};
		// In one piece, so that the end is read together with the content.
		const body = `${sse(hello, stop)}data: [DONE]\n\n`;
		const attempt = start(streams([Buffer.from(body)], { end: 'close' }), { onReport: stopsOn });
		await eventually(() => expect(attempt.reports).toContain('stopped'));
		await sleep(20);
		expect(attempt.reports.at(-1)).toBe('stopped');
	});

	it('on the last event of a stream that just ends is the last that is heard', async () => {
		const stopsOn = (report: string, watched: WatchedAttempt) => {
			if (report === 'events') watched.stop();
		};
		const attempt = start(streams([Buffer.from(sse(stop).trimEnd())], { end: 'close' }), { onReport: stopsOn });
		await eventually(() => expect(attempt.reports).toContain('stopped'));
		expect(attempt.reports).toEqual(['answering', 'events', 'stopped']);
	});

	it('after the end, twice or during the report of the end does nothing', async () => {
		const stopsAtEnd = (report: string, watched: WatchedAttempt) => {
			if (report === 'completed') watched.attempt.stop();
		};
		const attempt = start(streams([hello, stop]), { onReport: stopsAtEnd });
		await attempt.over;
		attempt.attempt.stop();
		attempt.attempt.stop();
		expect(attempt.reports.filter((report) => report === 'completed')).toHaveLength(1);
	});
});

describe('a slow client', () => {
	const piece = chunkOf({ content: 'x'.repeat(64 * 1024) });

	/** Streams for ever; tells how many pieces the kernel has taken. */
	function endless(): { behaviour: Behaviour; readonly written: number } {
		let written = 0;
		return {
			behaviour: (exchange) =>
				streams(Array(2000).fill(piece), { end: 'close' })({
					...exchange,
					write: async (bytes) => {
						await exchange.write(bytes);
						written += 1;
					},
				}),
			get written() {
				return written;
			},
		};
	}

	/** Resolves when the upstream has not got rid of a piece for 300 ms. */
	async function blocked(source: { readonly written: number }): Promise<void> {
		for (let last = -1; last !== source.written; await sleep(300)) last = source.written;
	}

	it('makes the upstream wait, is no idle provider, and goes on where it stopped', () =>
		withFakeTimers(async () => {
			const source = endless();
			const pausesOnce = (report: string, { attempt, reports }: WatchedAttempt) => {
				if (report === 'events' && reports.length === 2) attempt.pause();
			};
			const attempt = start(source.behaviour, {
				answerLimit: 1_000_000_000,
				onReport: pausesOnce,
				timeouts: { idle: 60_000 },
			});
			await attempt.answering;
			await blocked(source);
			vi.advanceTimersByTime(61_000);
			const heard = attempt.events.length;
			expect(heard).toBeLessThan(1_000_000);
			expect(source.written).toBeLessThan(500);
			expect(attempt.reports).not.toContain('broke');
			attempt.attempt.resume();
			await eventually(() => expect(attempt.events.length).toBeGreaterThan(heard + 2_000_000));
			expect(parseEvents(attempt.events)[0]).toEqual(piece);
			attempt.stop();
			await eventually(() => expect(perTest.upstream.openSockets).toBe(0));
		}));

	it('that left while the upstream waits frees the connection', async () => {
		const attempt = start(endless().behaviour, { onReport: (_name, { attempt: running }) => running.pause() });
		await attempt.answering;
		attempt.stop();
		await eventually(() => expect([perTest.upstream.aborted, perTest.upstream.openSockets]).toEqual([1, 0]));
	});

	it('that paused at the last piece still gets the end', async () => {
		const attempt = start(streams([hello, stop], { delayMs: 5 }), {
			onReport: (name, { attempt: running }) =>
				name === 'events' && setTimeout(() => running.resume(), 10) && running.pause(),
		});
		expect((await attempt.over).is).toBe('completed');
		expect(attempt.events).toBe(sse(hello, stop));
	});

	it('that pauses again and again is no idle provider', () =>
		withFakeTimers(async () => {
			const events = [...Array(3).fill(piece), stop];
			let pauses = 0;
			const attempt = start(streams(events), {
				onReport: (name, { attempt: running }) => {
					if (name !== 'events') return;
					running.pause();
					pauses += 1;
				},
				timeouts: { idle: 60_000 },
			});
			for (let seen = 0; attempt.events !== sse(...events); ) {
				await eventually(() => expect(pauses).toBeGreaterThan(seen));
				seen = pauses;
				vi.advanceTimersByTime(61_000);
				attempt.attempt.resume();
			}
			attempt.attempt.resume();
			expect((await attempt.over).is).toBe('completed');
			expect(attempt.events).toBe(sse(...events));
		}));

	it('that is there again finds a provider that fell silent', async () => {
		const attempt = start(streams([hello], { end: 'stall' }), {
			onReport: (name, { attempt: running }) => name === 'events' && running.pause(),
			timeouts: { idle: 30 },
		});
		await attempt.answering;
		await sleep(60);
		expect(attempt.reports).toEqual(['answering', 'events']);
		attempt.attempt.resume();
		expect((await attempt.over).is).toBe('TIMEOUT.idle');
	});

	it('that resumes without a pause changes nothing', () =>
		withFakeTimers(async () => {
			const { attempt, send } = await startOnCommand({
				onReport: (_name, { attempt: running }) => running.resume(),
				timeouts: { idle: 60_000 },
			});
			for (const event of [hello, hello, hello]) {
				await send(event);
				vi.advanceTimersByTime(40_000);
				attempt.attempt.resume();
			}
			vi.advanceTimersByTime(21_000);
			expect((await attempt.over).is).toBe('TIMEOUT.idle');
		}));

	it('that resumes before the first content does not shorten the time to it', async () => {
		const attempt = start(delayed(5, streams([role], { end: 'stall' })), { timeouts: { firstToken: 80, idle: 10 } });
		const nudges = setInterval(() => attempt.attempt.resume(), 5);
		expect((await attempt.over).is).toBe('TIMEOUT.first_token');
		clearInterval(nudges);
	});
});
