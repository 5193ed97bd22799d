import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { eventually, withFakeTimers } from '../helpers/fake-timers.ts';
import { contentOf, parseEvents } from '../helpers/sse.ts';
import {
	type Behaviour,
	chunkOf,
	chunksOf,
	completes,
	completionOf,
	compressed,
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
import { hello, overloaded, role, sse, stop, streamPerTest } from './stream-per-test.ts';

const { perTest, start, outcomeOf, startOnCommand } = streamPerTest();

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
		const attempt = start(streams(['garbage', hello, '[1, 2', { unknown: true }, stop]));
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
