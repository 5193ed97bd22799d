import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { AttemptTestOptions, WatchedAttempt } from '../helpers/attempt.ts';
import { attemptPerTest } from '../helpers/attempt-per-test.ts';
import { eventually, withFakeTimers } from '../helpers/fake-timers.ts';
import { contentOf, parseEvents } from '../helpers/sse.ts';
import {
	type Behaviour,
	chunkOf,
	chunksOf,
	completes,
	completionOf,
	compressed,
	delayed,
	hangs,
	onCommand,
	raw,
	resets,
	type SseEvent,
	type StreamOptions,
	status,
	streams,
	trickles,
} from '../helpers/upstream.ts';

const perTest = attemptPerTest();

function start(behaviour: Behaviour, options: AttemptTestOptions = {}): WatchedAttempt {
	perTest.upstream.next(behaviour);
	return perTest.start({ stream: true, ...options });
}

/** How a stream of these events ends, and what was handed on of it. */
async function outcomeOf(behaviour: Behaviour, options: AttemptTestOptions = {}) {
	const attempt = start(behaviour, options);
	const { is } = await attempt.over;
	return { is, events: attempt.events, isAnswering: attempt.reports.includes('answering') };
}

/** Starts an attempt at a stream whose events are sent one by one: each has been handed on before the test goes on. */
async function startOnCommand(options: AttemptTestOptions) {
	const { behaviour, asked } = onCommand();
	const attempt = start(behaviour, options);
	const { response, write } = await asked;
	response.setHeader('content-type', 'text/event-stream');
	let sent = '';
	const send = async (event: object) => {
		sent += sse(event);
		await write(sse(event));
		await eventually(() => expect(attempt.events).toBe(sent));
	};
	return { attempt, send };
}

function sse(...events: object[]): string {
	return events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
}

const role = chunkOf({ role: 'assistant', content: '' });
const hello = chunkOf({ content: 'Hello' });
const stop = chunkOf({}, 'stop');
const overloaded = {
	error: { message: 'The server is overloaded', type: 'server_error', code: 'server_is_overloaded' },
};

describe('a whole stream', () => {
	it('is handed on as it is, after one onAnswering, without [DONE]', async () => {
		const attempt = start(streams(chunksOf('Hello there world', { includeUsage: true })));
		expect(await attempt.over).toMatchObject({ is: 'completed', body: '' });
		expect(attempt.events).toBe(sse(...chunksOf('Hello there world', { includeUsage: true })));
		expect(attempt.reports.slice(0, 2)).toEqual(['answering', 'events']);
	});

	it.each([1, 2, 3, 7])('is the same in pieces of %i bytes', async (chunkBytes) => {
		const attempt = start(streams(chunksOf('né 漢 👩‍👧'), { chunkBytes }));
		expect((await attempt.over).is).toBe('completed');
		expect(attempt.events).toBe(sse(...chunksOf('né 漢 👩‍👧')));
	});

	it('gets the model filled in', async () => {
		const attempt = start(streams(chunksOf('Hi', { fields: { model: undefined } })));
		await attempt.over;
		expect(parseEvents(attempt.events).map(({ model }) => model)).toEqual(Array(3).fill('asked-model'));
	});

	it('may be compressed', async () => {
		const attempt = start(compressed('gzip', streams(chunksOf('Hello there'))));
		expect((await attempt.over).is).toBe('completed');
		expect(contentOf(attempt.events)).toBe('Hello there');
	});

	it('may have malformed events, which are left out', async () => {
		const attempt = start(streams(['garbage', hello, '{"choices":[', { unknown: true }, stop]));
		expect((await attempt.over).is).toBe('completed');
		expect(attempt.events).toBe(sse(hello, stop));
	});

	it.each<[string, NonNullable<StreamOptions['end']>, SseEvent[]]>([
		['a clean end', 'close', [hello, stop]],
		['a cut', 'cut', [hello, stop]],
		// In one packet, so that no timer can go off in between.
		['silence', 'stall', [Buffer.from(sse(hello, stop))]],
		['a finish reason alone', 'close', [stop]],
		['two choices, each finished', 'close', [hello, choice(1, 'x'), stop, choice(1, undefined, 'stop')]],
	])('may end without [DONE], in %s', async (_name, end, events) => {
		expect(await outcomeOf(streams(events, { end }), { timeouts: { idle: 400 } })).toMatchObject({ is: 'completed' });
	});

	it('is not one that ends with [DONE] and no finish reason', async () => {
		expect(await outcomeOf(streams([hello]))).toMatchObject({ is: 'SERVER_ERROR.truncated', events: sse(hello) });
	});

	it('is over with [DONE], before the body ends', async () => {
		const attempt = start(streams([hello, stop, '[DONE]'], { end: 'stall' }), { timeouts: { idle: 60_000 } });
		expect((await attempt.over).is).toBe('completed');
		expect(perTest.upstream.openSockets).toBe(1);
	});
});

function choice(index: number, content?: string, finishReason: string | null = null) {
	return {
		...hello,
		choices: [{ index, delta: content === undefined ? {} : { content }, finish_reason: finishReason }],
	};
}

describe('the commit', () => {
	it.each([
		['text', { content: 'x' }],
		['reasoning', { reasoning_content: 'x' }],
		['reasoning, spelled otherwise', { reasoning: 'x' }],
		['a tool call', { tool_calls: [{ index: 0, id: 'call_1', function: { name: 'f', arguments: '' } }] }],
		['a refusal', { refusal: 'x' }],
	])('comes with %s, and what was held comes with it', async (_name, delta) => {
		const attempt = start(streams([role, Buffer.from(': comment\n\n'), chunkOf(delta)], { end: 'stall' }));
		await attempt.answering;
		await eventually(() => expect(attempt.events).toBe(sse(role, chunkOf(delta))));
		attempt.stop();
	});

	it('does not come with a role, a comment or an empty delta', async () => {
		const events = [role, Buffer.from(': processing\n\n'), chunkOf({}), { ...role, choices: [] }];
		expect(await outcomeOf(streams(events, { end: 'stall' }), { timeouts: { firstToken: 50 } })).toEqual({
			is: 'TIMEOUT.first_token',
			events: '',
			isAnswering: false,
		});
	});

	it('comes once, however much content follows', async () => {
		const attempt = start(streams([hello, hello, hello, stop], { delayMs: 2 }));
		await attempt.over;
		expect(attempt.reports.filter((name) => name === 'answering')).toHaveLength(1);
	});

	it('ends the time to the first token', () =>
		withFakeTimers(async () => {
			const { attempt, send } = await startOnCommand({ timeouts: { firstToken: 50_000, idle: 60_000 } });
			await send(hello);
			vi.advanceTimersByTime(55_000);
			await send(hello);
			await send(stop);
			vi.advanceTimersByTime(61_000);
			expect((await attempt.over).is).toBe('completed');
		}));
});

describe('before any content, unseen by the client,', () => {
	const noStream = { 'content-type': 'text/event-stream' };

	it.each<[string, string, Behaviour]>([
		['an error event', 'SERVER_ERROR.overloaded', streams([role, overloaded], { end: 'stall' })],
		['a named error event', 'SERVER_ERROR.overloaded', streams([named(overloaded)], { end: 'stall' })],
		['the finish reason "error"', 'SERVER_ERROR', streams([role, chunkOf({}, 'error', { error: { code: 502 } })])],
		['[DONE]', 'SERVER_ERROR.malformed', streams([role])],
		['[DONE] at once, and silence', 'SERVER_ERROR.malformed', streams(['[DONE]'], { end: 'stall' })],
		['an end', 'SERVER_ERROR.malformed', streams([], { end: 'close' })],
		['an end after a role', 'SERVER_ERROR.malformed', streams([role], { end: 'close' })],
		['garbage', 'SERVER_ERROR.malformed', streams(['garbage', '{"a":1}'])],
		['text that is no stream', 'SERVER_ERROR.malformed', status(200, 'upstream says hello', noStream)],
		['HTML', 'SERVER_ERROR.malformed', status(200, '<html>Bad gateway</html>', { 'content-type': 'text/html' })],
		['an error as JSON', 'SERVER_ERROR.overloaded', completes(overloaded)],
		[
			'a completion as JSON that says nothing',
			'SERVER_ERROR.malformed',
			completes({ ...completionOf('x'), choices: [] }),
		],
		['an empty JSON body', 'SERVER_ERROR.malformed', status(200, '', { 'content-type': 'application/json' })],
		['no content', 'SERVER_ERROR.malformed', status(204, '')],
		['an error status', 'RATE_LIMIT', status(429, { error: { code: 'rate_limit_exceeded' } })],
		['an error status as a stream', 'SERVER_ERROR', status(500, sse(hello, stop), noStream)],
		['a cut', 'NETWORK_ERROR.closed', streams([role], { end: 'cut' })],
		['a reset', 'NETWORK_ERROR.reset', resets()],
		['no HTTP', 'SERVER_ERROR.malformed', raw('SSH-2.0-OpenSSH_9.6\r\n')],
	])('%s is a failure', async (_name, is, behaviour) => {
		expect(await outcomeOf(behaviour)).toEqual({ is, events: '', isAnswering: false });
	});

	it('roles without end are a failure before they fill the memory', async () => {
		const endless = streams(Array(20_000).fill(role), { end: 'stall' });
		expect(await outcomeOf(endless, { answerLimit: 2000 })).toEqual({
			is: 'SERVER_ERROR.too_large',
			events: '',
			isAnswering: false,
		});
		await eventually(() => expect(perTest.upstream.openSockets).toBe(0));
	});

	it.each<[string, Behaviour]>([
		['no headers', hangs()],
		['headers and silence', streams([], { end: 'stall' })],
		['comments, one after the other', streams(Array(100).fill(Buffer.from(': wait\n\n')), { delayMs: 10 })],
		['a role and silence', streams([role], { end: 'stall' })],
	])('%s is a timeout of the first token, though pieces may come', async (_name, behaviour) => {
		expect(await outcomeOf(behaviour, { timeouts: { firstToken: 50, idle: 30 } })).toEqual({
			is: 'TIMEOUT.first_token',
			events: '',
			isAnswering: false,
		});
		await eventually(() => expect([perTest.upstream.aborted, perTest.upstream.openSockets]).toEqual([1, 0]));
	});
});

function named(data: object): Buffer {
	return Buffer.from(`event: error\ndata: ${JSON.stringify(data)}\n\n`);
}

describe('after the first content,', () => {
	it.each<[string, string, Behaviour]>([
		['an end without a finish reason', 'SERVER_ERROR.truncated', streams([hello], { end: 'close' })],
		['a cut', 'NETWORK_ERROR.closed', streams([hello], { end: 'cut' })],
		['silence', 'TIMEOUT.idle', streams([hello], { end: 'stall' })],
		['an error event', 'SERVER_ERROR.overloaded', streams([hello, overloaded], { end: 'stall' })],
		['a named error event', 'SERVER_ERROR.overloaded', streams([hello, named(overloaded)], { end: 'stall' })],
		['the finish reason "error"', 'SERVER_ERROR', streams([hello, chunkOf({}, 'error', { error: { code: 502 } })])],
	])('%s is a failure', async (_name, is, behaviour) => {
		const timeouts = is === 'TIMEOUT.idle' ? { idle: 100 } : {};
		expect(await outcomeOf(behaviour, { timeouts })).toEqual({
			is,
			events: sse(hello),
			isAnswering: true,
		});
	});

	it('a choice that is not finished is a failure', async () => {
		const events = [hello, choice(1, 'x'), stop];
		expect(await outcomeOf(streams(events, { end: 'close' }))).toEqual({
			is: 'SERVER_ERROR.truncated',
			events: sse(...events),
			isAnswering: true,
		});
	});

	it('an event that is too large is a failure', async () => {
		const large = chunkOf({ content: 'x'.repeat(200_000) });
		expect(await outcomeOf(streams([hello, large, stop]), { answerLimit: 1000 })).toEqual({
			is: 'SERVER_ERROR.too_large',
			events: sse(hello),
			isAnswering: true,
		});
	});

	it('slow pieces are no silence', () =>
		withFakeTimers(async () => {
			const { attempt, send } = await startOnCommand({ timeouts: { idle: 60_000 } });
			for (const event of [hello, hello, hello, stop]) {
				await send(event);
				vi.advanceTimersByTime(40_000);
			}
			vi.advanceTimersByTime(40_000);
			expect((await attempt.over).is).toBe('completed');
		}));

	it('a failure closes the connection', async () => {
		await start(streams([hello, overloaded], { end: 'stall' })).over;
		await eventually(() => expect([perTest.upstream.aborted, perTest.upstream.openSockets]).toEqual([1, 0]));
	});
});

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

it('whatever comes, however it ends, there is one report', async () => {
	const event = fc.constantFrom<SseEvent>(role, hello, stop, overloaded, 'garbage', '[DONE]', Buffer.from('\r: c\n'));
	const ending = fc.constantFrom<NonNullable<StreamOptions['end']>>('done', 'close', 'cut', 'stall');
	const size = fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined });
	await fc.assert(
		fc.asyncProperty(fc.array(event, { maxLength: 6 }), ending, size, async (events, end, chunkBytes) => {
			const options = chunkBytes === undefined ? { end } : { end, chunkBytes };
			const attempt = start(streams(events, options), { timeouts: { firstToken: 15, idle: 15 } });
			const { is } = await attempt.over;
			expect(attempt.reports.includes('answering')).toBe(attempt.events !== '');
			expect(is === 'completed' ? attempt.events : 'data').toContain('data');
			expect(() => parseEvents(attempt.events)).not.toThrow();
		}),
		{ numRuns: 100 },
	);
});

describe('a document for a stream', () => {
	const completion = completionOf('I do not stream');

	it('has the time of a document once its headers are there', () =>
		withFakeTimers(async () => {
			const { behaviour, asked } = onCommand();
			const attempt = start(behaviour, { timeouts: { firstToken: 60_000, response: 600_000, idle: 600_000 } });
			const { response, end } = await asked;
			response.setHeader('content-type', 'application/json');
			response.flushHeaders();
			await eventually(() => expect(attempt.attempt.headers).toHaveProperty('content-type'));
			vi.advanceTimersByTime(70_000);
			await end(JSON.stringify(completion));
			expect((await attempt.over).is).toBe('completed');
			expect(attempt.reports).toContain('answering');
		}));

	it('has no more time than that', async () => {
		const slow = trickles(completes(completion), { chunkBytes: 10, delayMs: 20 });
		expect((await outcomeOf(slow, { timeouts: { response: 100 } })).is).toBe('TIMEOUT.response');
	});
});
