import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import type { Failure } from '../../../machines/failure.ts';
import type { ErrorPolicy } from '../../../machines/policy.ts';
import { requestMachine } from '../../../machines/request/machine.ts';
import { earliestRetryAt } from '../../../machines/request/progress.ts';
import { candidateOn, policyWith } from '../../helpers/policy.ts';
import { CountingClock, startMs, startProvider } from '../provider/provider-harness.ts';
import { authError, minuteMs, quota, serverError } from '../samples.ts';
import { alone, realPair, runToEnd, scriptedProvider, startRequest } from './request-harness.ts';

const requestMs = policyWith().timeouts.request;

describe('an answer', () => {
	it('that is whole at once is delivered', () => {
		const { a, request } = alone();
		expect(request.state()).toBe('attempting');
		request.complete();
		expect(request.state()).toBe('done');
		expect(request.did).toEqual(['start a/m', 'stop', 'finish']);
		expect(a.settlements()).toEqual(['attempt.succeeded']);
		expect(request.clock.timers).toBe(0);
	});

	it('that is streamed is committed once, then finished', () => {
		const { a, request } = alone();
		request.answering();
		request.answering();
		expect(request.state()).toBe('committed.streaming');
		request.complete();
		expect(request.did).toEqual(['start a/m', 'commit', 'stop', 'finish']);
		expect(a.settlements()).toEqual(['attempt.succeeded']);
	});

	it('that breaks after the commit is interrupted: the provider is told, no other attempt begins', () => {
		const { a, b, clock, candidates } = realPair();
		const request = startRequest(candidates, { clock });
		request.answering();
		request.breakWith(serverError);
		expect(request.state()).toBe('failed');
		expect(request.ending()).toBe('interrupted');
		expect(request.did).toEqual(['start a/m', 'commit', 'stop', 'report']);
		expect(a.context().consecutiveFailures).toBe(1);
		expect(b.context().consecutiveFailures).toBe(0);
	});
});

describe('a permit', () => {
	it('is asked for with the estimate of its tokens, and given back with those that were used', () => {
		const { a, request } = alone();
		request.complete(34);
		expect(a.asked()).toMatchObject([{ tokens: 12 }]);
		expect(a.seen).toMatchObject([{}, { type: 'attempt.succeeded', tokens: 34 }]);
	});

	it('is given back without a count where the provider reported none', () => {
		const { a, request } = alone();
		request.complete();
		expect(a.seen.at(-1)).not.toHaveProperty('tokens');
	});
});

describe('the shipped policy', () => {
	type Row = [failure: Failure, attempts: number, then: 'next' | 'fail', provider: string];
	const rows: Row[] = [
		[authError, 1, 'fail', 'open'],
		[{ category: 'BAD_REQUEST' }, 1, 'fail', 'closed'],
		[{ category: 'BAD_REQUEST', reason: 'content_policy' }, 1, 'fail', 'closed'],
		[{ category: 'BAD_REQUEST', reason: 'context_length' }, 1, 'next', 'closed'],
		[{ category: 'RATE_LIMIT' }, 2, 'next', 'closed'],
		[{ category: 'RATE_LIMIT', retryAfterMs: 2_000 }, 2, 'next', 'closed'],
		[{ category: 'RATE_LIMIT', retryAfterMs: 20_000 }, 1, 'next', 'open'],
		[{ category: 'TIMEOUT' }, 1, 'next', 'closed'],
		[serverError, 3, 'next', 'closed'],
		[{ category: 'NETWORK_ERROR' }, 3, 'next', 'closed'],
		[{ category: 'UNKNOWN_TRANSIENT' }, 3, 'next', 'closed'],
		[{ category: 'MODEL_UNAVAILABLE' }, 2, 'next', 'closed'],
		[quota, 1, 'next', 'quota-cooldown'],
	];

	it.each(rows)('%o is attempted %i times, then %s, and leaves its provider %s', (failure, attempts, then, state) => {
		const { a, clock, candidates } = realPair();
		const request = startRequest(candidates, { clock });
		runToEnd(request, ({ provider }) => (provider === 'a' ? failure : 'answer'));
		const tried = Array.from({ length: attempts }, () => 'a/m');
		expect(request.attempted()).toEqual(then === 'next' ? [...tried, 'b/m'] : tried);
		expect(request.state()).toBe(then === 'next' ? 'done' : 'failed');
		if (then === 'fail') expect(request.ending()).toBe('rejected');
		expect(request.context().failure).toEqual(failure);
		expect(a.state()).toBe(state);
	});

	it('lets no request open a breaker alone, and the third one that fails everywhere opens it', () => {
		const { a, clock, candidates } = realPair();
		for (const state of ['closed', 'closed', 'open']) {
			const request = startRequest(candidates, { clock });
			runToEnd(request, ({ provider }) => (provider === 'a' ? serverError : 'answer'));
			expect(request.attempted()).toEqual(state === 'open' ? ['a/m', 'b/m'] : ['a/m', 'a/m', 'a/m', 'b/m']);
			expect(a.state()).toBe(state);
		}
	});

	it('counts a request once for all models of one key, and for each key', () => {
		const clock = new CountingClock();
		const [a, b] = [startProvider({}, clock), startProvider({}, clock, { id: 'b' })];
		const request = startRequest([
			candidateOn(a.actor),
			candidateOn(a.actor, { link: 1, model: 'n' }),
			candidateOn(b.actor, { link: 2, credential: 'b' }),
		]);
		runToEnd(request, () => ({ category: 'NETWORK_ERROR' }));
		expect(a.context().consecutiveFailures).toBe(1);
		expect(b.context().consecutiveFailures).toBe(1);
	});

	it('counts the failure of a retry where the first one meant nothing', () => {
		const { a, clock, candidates } = realPair();
		const request = startRequest(candidates, { clock });
		request.breakWith({ category: 'RATE_LIMIT', retryAfterMs: 2_000 });
		request.pass(2_000);
		request.breakWith(serverError);
		expect(a.context().consecutiveFailures).toBe(1);
	});

	it('sidelines a model only once the request gives it up', () => {
		const { a, clock, candidates } = realPair();
		const request = startRequest(candidates, { clock });
		request.breakWith({ category: 'MODEL_UNAVAILABLE' });
		expect(a.context().unavailable).toEqual({});
		request.pass(500);
		request.breakWith({ category: 'MODEL_UNAVAILABLE' });
		expect(Object.keys(a.context().unavailable)).toEqual(['m']);
	});

	it('sidelines a model that broke after the commit, for there is no second try', () => {
		const { a, clock, candidates } = realPair();
		const request = startRequest(candidates, { clock });
		request.answering();
		request.breakWith({ category: 'MODEL_UNAVAILABLE' });
		expect(Object.keys(a.context().unavailable)).toEqual(['m']);
	});

	it('goes on to the next target in the very moment of the failure', () => {
		const { clock, candidates } = realPair();
		const request = startRequest(candidates, { clock });
		request.breakWith({ category: 'TIMEOUT' });
		expect(request.did).toEqual(['start a/m', 'stop', 'start b/m']);
		expect(request.context().now).toBe(startMs);
	});

	it('sends what no entry names to the next target', () => {
		const { clock, candidates } = realPair();
		const bare = candidates.map((candidate) => ({ ...candidate, policy: { ...candidate.policy, onError: {} } }));
		const request = startRequest(bare, { clock });
		request.breakWith(serverError);
		expect(request.attempted()).toEqual(['a/m', 'b/m']);
	});
});

describe('the wait before a retry', () => {
	const onError = { SERVER_ERROR: { retries: 6, then: ['next'] } satisfies ErrorPolicy };

	it('grows up to the maximum', () => {
		const { request } = alone({ onError });
		runToEnd(request, () => serverError);
		expect(request.waits()).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000]);
		expect(request.ending()).toBe('exhausted');
	});

	it.each([
		[0, 400],
		[0.75, 550],
		[1, 600],
	])('is spread by chance: %d waits %i ms', (random, waitMs) => {
		const { request } = alone();
		request.breakWith(serverError, { random });
		request.pass(waitMs - 1);
		expect(request.state()).toBe('waiting');
		request.pass(1);
		expect(request.state()).toBe('attempting');
	});

	it('begins anew on the next target', () => {
		const [a, b] = [scriptedProvider(), scriptedProvider()];
		const request = startRequest([candidateOn(a.actor), candidateOn(b.actor, { link: 1, credential: 'b' })]);
		runToEnd(request, () => serverError);
		expect(request.waits()).toEqual([500, 1_000, 500, 1_000]);
	});

	it('is exactly what the provider asked for, when that is short', () => {
		const { request } = alone();
		request.breakWith({ category: 'RATE_LIMIT', retryAfterMs: 4_321 }, { random: 1 });
		request.pass(4_320);
		expect(request.state()).toBe('waiting');
		request.pass(1);
		expect(request.state()).toBe('attempting');
	});

	it('is not begun when the provider asked for a long one', () => {
		const { a, request } = alone();
		request.breakWith({ category: 'RATE_LIMIT', retryAfterMs: 5_001 });
		expect(request.ending()).toBe('exhausted');
		expect(a.failures()).toMatchObject([{ lastTry: true }]);
		expect(earliestRetryAt(request.context())).toBe(startMs + 5_001);
	});

	it('is not begun when it would outlast the deadline', () => {
		const { a, request } = alone();
		request.pass(requestMs - 500);
		request.breakWith(serverError);
		expect(request.ending()).toBe('exhausted');
		expect(a.failures()).toMatchObject([{ lastTry: true }]);
	});

	it('is not begun when the provider opened meanwhile', () => {
		const { a, clock, candidates } = realPair({ breaker: { failureThreshold: 1 } });
		const request = startRequest(candidates, { clock });
		request.breakWith(serverError);
		expect(a.state()).toBe('open');
		expect(request.did).toEqual(['start a/m', 'stop', 'start b/m']);
	});

	it('ends at the next target when the provider opened while it lasted', () => {
		const { a, clock, candidates } = realPair();
		const request = startRequest(candidates, { clock });
		request.breakWith(serverError);
		a.failNow(authError);
		request.pass(500);
		expect(request.attempted()).toEqual(['a/m', 'b/m']);
		expect(request.context().trace.map((step) => step.did)).toEqual(['attempt', 'wait', 'deny']);
	});

	it('keeps a model that is given up for a long wait from being asked for by everyone', () => {
		const { a, clock, candidates } = realPair();
		const request = startRequest(candidates, { clock });
		request.breakWith({ category: 'MODEL_UNAVAILABLE', retryAfterMs: minuteMs });
		expect(request.attempted()).toEqual(['a/m', 'b/m']);
		expect(a.ask()).toMatchObject({ type: 'permit.denied', reason: 'model', retryAt: startMs + minuteMs });
	});
});

describe('the trace', () => {
	it('tells the trace step by step, in ms since the beginning', () => {
		const clock = new CountingClock();
		const [a, b] = [startProvider({}, clock), startProvider({}, clock)];
		a.failNow(quota);
		const request = startRequest(
			[candidateOn(a.actor, { credential: 'a#2' }), candidateOn(b.actor, { link: 1, credential: 'b', model: 'n/o' })],
			{ clock },
		);
		request.pass(120);
		request.breakWith({ ...serverError, status: 503 });
		request.pass(500);
		request.pass(30);
		request.leave();
		const [onA, onB] = [
			{ target: 'a/m', credential: 'a#2' },
			{ target: 'b/n/o', credential: 'b' },
		];
		expect(request.context().trace).toEqual([
			{ did: 'deny', at: 0, ...onA, state: 'quota-cooldown', reason: 'quota', retryAt: startMs + 60 * minuteMs },
			{
				did: 'attempt',
				at: 0,
				...onB,
				probe: false,
				ms: 120,
				way: 'fresh',
				outcome: 'failed',
				failure: { ...serverError, status: 503 },
			},
			{ did: 'wait', at: 120, ...onB, ms: 500 },
			{ did: 'attempt', at: 620, ...onB, probe: false, ms: 30, way: 'fresh', outcome: 'abandoned' },
		]);
	});

	it('marks a probe, and what succeeded', () => {
		const { a, clock, candidates } = realPair({ breaker: { failureThreshold: 1 } });
		a.failNow(serverError);
		clock.increment(minuteMs);
		const request = startRequest(candidates, { clock });
		request.pass(7);
		request.complete();
		expect(request.context().trace).toEqual([
			{ did: 'attempt', at: 0, target: 'a/m', credential: 'a', probe: true, ms: 7, way: 'fresh', outcome: 'succeeded' },
		]);
	});
});

describe('a machine whose actions nobody provided', () => {
	it('fails aloud instead of doing nothing', () => {
		const a = scriptedProvider();
		const input = { id: 'r', candidates: [candidateOn(a.actor)], policy: policyWith(), tokens: 12, now: startMs };
		const actor = createActor(requestMachine, { input, clock: new CountingClock() });
		const errors: unknown[] = [];
		actor.subscribe({ error: (error) => errors.push(error) });
		actor.start();
		expect(errors).toEqual([new Error('the request machine needs its action startAttempt provided')]);
	});
});
