import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AttemptBench, type AttemptTestOptions, type WatchedAttempt } from '../helpers/attempt.ts';
import { attemptPerTest } from '../helpers/attempt-per-test.ts';
import { eventually, withFakeTimers } from '../helpers/fake-timers.ts';
import {
	type Behaviour,
	completes,
	completionOf,
	compressed,
	delayed,
	hangs,
	onCommand,
	raw,
	resets,
	stallsAfter,
	startUpstream,
	status,
	streams,
	trickles,
	truncates,
} from '../helpers/upstream.ts';

const perTest = attemptPerTest();

function start(behaviour: Behaviour, options: AttemptTestOptions = {}): WatchedAttempt {
	perTest.upstream.next(behaviour);
	return perTest.start(options);
}

function outcomeOf(behaviour: Behaviour, options?: AttemptTestOptions) {
	return start(behaviour, options).over;
}

const text = JSON.stringify(completionOf('né 漢 👩‍👧'));
const json = { 'content-type': 'application/json' };
const noQuota = { error: { message: 'You exceeded your current quota', code: 'insufficient_quota' } };
const slowDown = { error: { message: 'Slow down, please', code: 'rate_limit_exceeded' } };

/** A response as bytes on the wire. */
function http(statusLine: string, headers: readonly string[], body = ''): string {
	return [`HTTP/1.1 ${statusLine}`, ...headers, '', body].join('\r\n');
}

describe('a whole answer', () => {
	it.each<[string, Behaviour, string]>([
		['as it is', status(200, text, json), text],
		['with white space', status(200, `\n ${text}\n`, json), `\n ${text}\n`],
		['with numbers that a parse would round', ...sent(text.replace('}', ',"n":12345678901234567890,"f":1.0}'))],
		['in pieces of one byte', trickles(status(200, text, json)), text],
		['that says it is plain text', status(200, text, { 'content-type': 'text/plain' }), text],
		['with another 2xx status', status(201, text, json), text],
		['after white space that keeps the connection alive', keptAlive(), `${' '.repeat(5)}${text}`],
		['compressed with gzip', compressed('gzip', status(200, text, json)), text],
		['compressed with deflate', compressed('deflate', status(200, text, json)), text],
		['compressed with br', compressed('br', status(200, text, json)), text],
		['compressed and in pieces', trickles(compressed('gzip', status(200, text, json)), { chunkBytes: 5 }), text],
		['that ends with the connection', raw(http('200 OK', ['connection: close'], text)), text],
		['after early hints', raw(`${http('103 Early Hints', [])}${http('200 OK', ['connection: close'], text)}`), text],
	])('is handed on byte for byte: %s', async (_name, behaviour, body) => {
		const attempt = start(behaviour);
		expect(await attempt.over).toMatchObject({ is: 'completed', body });
		expect(attempt.reports).toEqual(['completed']);
	});

	it.each([
		['is missing', text.replace('"model":"test-model",', '')],
		['is null', text.replace('"test-model"', 'null')],
		['is empty', text.replace('"test-model"', '""')],
	])('gets the model filled in where it %s, and nothing else changes', async (_name, body) => {
		const answer = await outcomeOf(status(200, body, json));
		expect(answer.is).toBe('completed');
		expect(JSON.parse(answer.body)).toEqual({ ...JSON.parse(text), model: 'asked-model' });
	});
});

function sent(body: string): [Behaviour, string] {
	return [status(200, body, json), body];
}

function keptAlive(): Behaviour {
	return async ({ response, write, end }) => {
		response.setHeader('content-type', 'application/json');
		for (let i = 0; i < 5; i += 1) {
			await write(' ');
			await sleep(10);
		}
		await end(text);
	};
}

describe('a 200 that is no answer', () => {
	it.each<[string, string, Behaviour]>([
		['HTML', 'SERVER_ERROR.malformed', status(200, '<html>', { 'content-type': 'text/html' })],
		['text', 'SERVER_ERROR.malformed', status(200, 'OK')],
		['an empty body', 'SERVER_ERROR.malformed', status(200, '', json)],
		['no content', 'SERVER_ERROR.malformed', status(204, '')],
		['a completion without choices', 'SERVER_ERROR.malformed', completes({ ...completionOf('x'), choices: [] })],
		['an unknown object', 'SERVER_ERROR.malformed', completes({ ok: true })],
		['a stream without an answer', 'SERVER_ERROR.malformed', streams([{ ok: true }])],
		['an error', 'RATE_LIMIT', completes(slowDown)],
		['half an answer, ended well', 'SERVER_ERROR.malformed', status(200, text.slice(0, 60), json)],
		['half an answer, cut', 'SERVER_ERROR.malformed', truncates()],
		['half an answer on a connection to be closed', 'SERVER_ERROR.malformed', short('connection: close')],
		['half a chunked answer on such a connection', 'SERVER_ERROR.malformed', shortChunked()],
		['half an answer, compressed', 'SERVER_ERROR.malformed', gzipOf((whole) => whole.subarray(0, -12))],
		['damaged compression', 'SERVER_ERROR.malformed', gzipOf((whole) => whole.fill(7, 12, 30))],
		[
			'what is not compressed at all',
			'SERVER_ERROR.malformed',
			status(200, text, { ...json, 'content-encoding': 'br' }),
		],
		['a compression that nobody asked for', 'SERVER_ERROR.malformed', gzipOf((whole) => whole, 'compress')],
	])('is a failure: %s', async (_name, is, behaviour) => {
		const attempt = start(behaviour);
		expect((await attempt.over).is).toBe(is);
		expect(attempt.reports).toEqual(['broke']);
	});

	it('is told in the words of the provider, never in those of an answer', async () => {
		expect((await outcomeOf(completes(slowDown))).message).toBe('Slow down, please');
		const half = JSON.stringify(completionOf('a secret answer')).slice(0, -3);
		expect(JSON.stringify(await outcomeOf(status(200, half, json)))).not.toContain('secret');
	});

	it.each<[string, Behaviour]>([
		['with its length told', status(200, text, json)],
		['without', trickles(status(200, text, json), { chunkBytes: 100 })],
		['compressed', compressed('gzip', status(200, text, json))],
	])('is a failure: one that is too large, %s', async (_name, behaviour) => {
		const tight = new AttemptBench(100);
		perTest.upstream.next(behaviour);
		expect((await tight.start(perTest.upstream.baseUrl, { answerLimit: 100 }).over).is).toBe('SERVER_ERROR.too_large');
		await tight.close();
	});
});

/** Less than its content-length, then FIN. */
function short(...headers: string[]): Behaviour {
	return raw(http('200 OK', [...headers, `content-length: ${Buffer.byteLength(text)}`], text.slice(0, 60)));
}

function shortChunked(): Behaviour {
	return raw(http('200 OK', ['connection: close', 'transfer-encoding: chunked'], `3c\r\n${text.slice(0, 60)}\r\n`));
}

/** A gzip body after something was done to it. */
function gzipOf(damage: (whole: Buffer) => Buffer, encoding = 'gzip'): Behaviour {
	return (exchange) =>
		compressed(
			'gzip',
			status(200, text, json),
		)({
			...exchange,
			end: async (piece = '') => {
				exchange.response.setHeader('content-encoding', encoding);
				await exchange.end(damage(Buffer.from(piece)));
			},
		});
}

describe('an error status', () => {
	it.each<[string, string, number, Behaviour]>([
		['with a body', 'QUOTA_EXCEEDED', 429, status(429, noQuota)],
		['with a compressed body', 'QUOTA_EXCEEDED', 429, compressed('gzip', status(429, noQuota))],
		['with HTML', 'SERVER_ERROR', 502, status(502, '<html>Bad gateway</html>', { 'content-type': 'text/html' })],
		['with nothing', 'SERVER_ERROR', 503, status(503, '')],
		['with a body that stalls', 'QUOTA_EXCEEDED', 429, stalls(429, JSON.stringify(noQuota))],
		['with a body that is only announced', 'SERVER_ERROR', 500, stalls(500, '')],
		['with a body that is cut', 'QUOTA_EXCEEDED', 429, cut(429, JSON.stringify(noQuota).slice(0, -3))],
		['with an answer', 'SERVER_ERROR', 500, status(500, text)],
		['that redirects', 'SERVER_ERROR.malformed', 307, status(307, '', { location: '/elsewhere' })],
	])('%s is classified by the status and by what is there', async (_name, is, code, behaviour) => {
		const attempt = start(behaviour, { timeouts: { idle: 400 } });
		const outcome = await attempt.over;
		expect({ code: outcome.status, is: outcome.is }).toEqual({ code, is });
		expect(perTest.upstream.requests).toHaveLength(1);
	});

	it('with a body that never ends is classified by its beginning', async () => {
		const endless: Behaviour = async ({ response, write }) => {
			response.statusCode = 500;
			for (let i = 0; i < 10_000; i += 1) await write('x'.repeat(64 * 1024));
		};
		expect(await outcomeOf(endless)).toMatchObject({ is: 'SERVER_ERROR', status: 500 });
		await eventually(() => expect(perTest.upstream.openSockets).toBe(0));
	});

	it('keeps the provider’s wait', async () => {
		expect((await outcomeOf(status(429, slowDown, { 'retry-after': '7' }))).retryAfterMs).toBe(7000);
	});

	it('does not cost the connection when its body ends', async () => {
		await outcomeOf(status(429, slowDown));
		await sleep(10);
		expect((await outcomeOf(status(200, text, json))).is).toBe('completed');
		expect([perTest.upstream.openSockets, perTest.upstream.aborted]).toEqual([1, 0]);
	});
});

function stalls(code: number, body: string): Behaviour {
	return async ({ response, write }) => {
		response.statusCode = code;
		// What there is of it goes in one packet with its head: no timer for the rest can go off in between.
		if (body === '') response.flushHeaders();
		else await write(body);
	};
}

function cut(code: number, body: string): Behaviour {
	return async (exchange) => {
		await stalls(code, body)(exchange);
		exchange.hangUp('fin');
	};
}

describe('time', () => {
	it.each<[string, 'response' | 'idle', Behaviour]>([
		['no headers', 'response', hangs()],
		['headers and no body', 'response', stalls(200, '')],
		['a body that stalls', 'idle', stallsAfter(text.slice(0, 60))],
		['white space and no more', 'idle', stallsAfter('  ')],
		['a body in drops', 'response', trickles(status(200, text, json), { delayMs: 10 })],
	])('runs out: %s', async (_name, limit, behaviour) => {
		const attempt = start(behaviour, { timeouts: { [limit]: 350 } });
		expect((await attempt.over).is).toBe(`TIMEOUT.${limit}`);
		await eventually(() => expect([perTest.upstream.aborted, perTest.upstream.openSockets]).toEqual([1, 0]));
		expect(attempt.reports).toEqual(['broke']);
	});

	it('to the first token is of no concern without a stream', async () => {
		const slow = delayed(40, status(200, text, json));
		expect((await outcomeOf(slow, { timeouts: { firstToken: 10, idle: 10 } })).is).toBe('completed');
	});

	it('for the connection ends with the connection', () =>
		withFakeTimers(async () => {
			const { behaviour, asked } = onCommand();
			const attempt = start(behaviour, { timeouts: { connect: 30_000 } });
			const exchange = await asked;
			vi.advanceTimersByTime(31_000);
			await status(200, text, json)(exchange);
			expect((await attempt.over).is).toBe('completed');
		}));

	it('of silence begins anew with each piece of a body', () =>
		withFakeTimers(async () => {
			const { behaviour, asked } = onCommand();
			const attempt = start(behaviour, { timeouts: { idle: 60_000, response: 3_600_000 } });
			const pieceCame = vi.spyOn(attempt.attempt, 'onResponseData');
			const { response, write, end } = await asked;
			response.setHeader('content-type', 'application/json');
			for (const count of [1, 2, 3]) {
				await write(' ');
				await eventually(() => expect(pieceCame).toHaveBeenCalledTimes(count));
				vi.advanceTimersByTime(40_000);
			}
			await end(text);
			expect(await attempt.over).toMatchObject({ is: 'completed', body: `   ${text}` });
		}));
});

describe('no connection', () => {
	it('because it is refused', async () => {
		const gone = await startUpstream();
		await gone.close();
		const { is, message } = await perTest.bench.start(gone.baseUrl).over;
		expect(is).toBe('NETWORK_ERROR.refused');
		expect(message).toContain('ECONNREFUSED');
	});

	it('because the name leads nowhere', async () => {
		expect((await perTest.bench.start('http://no-such-host.invalid/v1').over).is).toBe('NETWORK_ERROR.dns');
	});

	it('because it is reset', async () => {
		expect((await outcomeOf(resets())).is).toBe('NETWORK_ERROR.reset');
	});

	it('because it closes without a word', async () => {
		expect((await outcomeOf(raw(''))).is).toBe('NETWORK_ERROR.closed');
	});

	it('because the other side speaks no TLS', async () => {
		const baseUrl = perTest.upstream.baseUrl.replace('http:', 'https:');
		expect((await perTest.bench.start(baseUrl).over).is).toBe('NETWORK_ERROR.tls');
	});

	it.each(['an answer that is no HTTP', 'a header with a line break'])(
		'%s is a failure like any other',
		async (name) => {
			const headers: Record<string, string> = name.startsWith('a header') ? { 'x-odd': 'a\r\nb' } : {};
			const attempt = start(raw('SSH-2.0-OpenSSH_9.6\r\n'), { endpoint: { headers } });
			expect((await attempt.over).is).toMatch(/^(?:SERVER_ERROR.malformed|UNKNOWN_TRANSIENT)$/);
			expect(attempt.reports).toEqual(['broke']);
		},
	);

	describe('in time, because the handshake is never answered,', () => {
		const sockets = new Set<{ destroy(): void }>();
		const silent = createServer((socket) => {
			sockets.add(socket);
			// It reads, or it would not hear that the other side is gone; it never says a word.
			socket.resume();
			socket.on('error', () => undefined);
			socket.on('close', () => sockets.delete(socket));
		});

		beforeEach(async () => {
			await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
		});
		afterEach(() => {
			for (const socket of sockets) socket.destroy();
			silent.close();
		});

		function connectTo(options: AttemptTestOptions): WatchedAttempt {
			const address = silent.address();
			if (typeof address !== 'object' || address === null) throw new Error('not listening');
			return perTest.bench.start(`https://127.0.0.1:${address.port}/v1`, options);
		}

		it('is a timeout', async () => {
			const attempt = connectTo({ timeouts: { connect: 50 } });
			expect((await attempt.over).is).toBe('TIMEOUT.connect');
			expect(attempt.reports).toEqual(['broke']);
			await eventually(() => expect(sockets.size).toBe(0));
		});

		it('is left at once by stop', () =>
			withFakeTimers(async () => {
				const attempt = connectTo({ timeouts: { connect: 60_000 } });
				await eventually(() => expect(sockets.size).toBe(1));
				attempt.stop();
				await eventually(() => expect(sockets.size).toBe(0));
				vi.advanceTimersByTime(61_000);
				expect(attempt.reports).toEqual(['stopped']);
			}));
	});
});

describe('stop', () => {
	it.each<[string, number, Behaviour]>([
		['before headers', 0, hangs()],
		['in the middle of a body', 1, stallsAfter(text.slice(0, 60))],
		['in the middle of an error', 1, stalls(500, 'x')],
	])('%s closes the connection, and nothing is reported', (_name, pieces, behaviour) =>
		withFakeTimers(async () => {
			const attempt = start(behaviour, { timeouts: { response: 60_000, idle: 60_000 } });
			const pieceCame = vi.spyOn(attempt.attempt, 'onResponseData');
			await eventually(() => expect(perTest.upstream.requests).toHaveLength(1));
			await eventually(() => expect(pieceCame).toHaveBeenCalledTimes(pieces));
			attempt.stop();
			await eventually(() => expect([perTest.upstream.aborted, perTest.upstream.openSockets]).toEqual([1, 0]));
			vi.advanceTimersByTime(61_000);
			expect(attempt.reports).toEqual(['stopped']);
		}),
	);

	it('while it is connecting sends nothing, and does not harm the next attempt', async () => {
		const attempt = perTest.start();
		attempt.stop();
		await sleep(30);
		await eventually(() => expect(perTest.upstream.openSockets).toBe(0));
		expect(perTest.upstream.requests).toHaveLength(0);
		expect(attempt.reports).toEqual(['stopped']);
		expect((await perTest.start().over).is).toBe('completed');
		expect(perTest.upstream.requests).toHaveLength(1);
	});

	it('after the end does not cost the connection', async () => {
		const attempt = start(status(200, text, json));
		await attempt.over;
		attempt.attempt.stop();
		await sleep(10);
		expect(attempt.reports).toEqual(['completed']);
		expect(perTest.upstream.openSockets).toBe(1);
	});
});

it.each<[string, boolean, Behaviour]>([
	['an error that came whole', false, status(429, slowDown)],
	['an error that was left', true, streams([slowDown], { end: 'stall' })],
	['a connection that broke', true, resets()],
])('the report of one attempt, of %s, may start the next', async (_name, stream, behaviour) => {
	const next = Promise.withResolvers<WatchedAttempt>();
	start(behaviour, { stream, onReport: () => next.resolve(perTest.start({ stream })) });
	expect((await (await next.promise).over).is).toBe('completed');
});

it.each([
	['not streamed', false],
	['streamed', true],
])('no timer holds an attempt when its answer, %s, has come', (_name, stream) =>
	withFakeTimers(async () => {
		for (let i = 0; i < 3; i += 1) {
			await perTest.start({ stream }).over;
			// undici uses a connection again a turn of the event loop later; it keeps the one timer that is left.
			await sleep(10);
			await eventually(() => expect(vi.getTimerCount()).toBe(1));
		}
		expect(perTest.upstream.openSockets).toBe(1);
	}),
);

it('two attempts one after the other use one connection, two at once use two', async () => {
	await outcomeOf(status(200, text, json));
	await sleep(10);
	await outcomeOf(status(200, text, json));
	expect(perTest.upstream.openSockets).toBe(1);
	await sleep(10);
	await Promise.all([outcomeOf(status(200, text, json)), outcomeOf(status(200, text, json))]);
	expect(perTest.upstream.openSockets).toBe(2);
	expect(perTest.upstream.aborted).toBe(0);
});
