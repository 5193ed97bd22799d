import { isDeepStrictEqual } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ClientView, type ExplainedCase, explainCase } from '../../../src/verify/play/play.ts';
import { deepSample } from '../../helpers/deep-sample.ts';
import { modelPaths } from './model-paths.ts';
import { configOfCase, MIDDLE, type ReplayedCase } from './replayed-case.ts';
import { type Replay, replay } from './replaying.ts';
import { sampledCases } from './sampled-cases.ts';

const three = { names: ['a', 'b', 'c'] };
const keys = { providers: { a: { apiKey: ['key-one', 'key-two'] } } };
const windows = {
	names: ['a', 'b', 'c'],
	providers: {
		a: { models: { 'model-a': { contextWindow: 8000 } } },
		b: { models: { 'model-b': { contextWindow: 4000 } } },
		c: { models: { 'model-c': { contextWindow: 32_000 } } },
	},
};

const cases: [string, ReplayedCase][] = [
	['everybody answers', { when: '' }],
	['everybody answers, not streamed', { when: '', stream: false }],
	['retries, then the next one', { when: 'a: 503' }],
	['a retry that works', { when: 'a: 503, ok' }],
	['a retry after a short hint', { when: 'a: 429 300ms, ok' }],
	['a hint that is too long', { when: 'a: 429 retry-after=30' }],
	['limits everywhere, with hints', { when: 'a: 429 retry-after=90; b: 429 retry-after=30' }],
	['limits everywhere, not streamed', { when: '*: 429 retry-after=20', stream: false }],
	['no first token', { when: 'a: timeout' }],
	['no whole answer', { when: 'a: timeout', stream: false }],
	['timeouts everywhere', { when: '*: timeout' }],
	[
		'the threshold within one request',
		{ when: 'a: 500; b: 502', setup: { policy: { breaker: { failureThreshold: 2 } } } },
	],
	['a rejected key ends it', { when: 'a: 401 code=invalid_api_key' }],
	[
		'a rejected key, and another one',
		{ when: 'a#1: 401', setup: { ...keys, policy: { onError: { AUTH_ERROR: { then: 'credential' } } } } },
	],
	[
		'every key rejected',
		{ when: 'a: 401', setup: { ...keys, policy: { onError: { AUTH_ERROR: { then: ['credential', 'next'] } } } } },
	],
	['a key that is cooling is passed over', { when: 'a#1: open auth', setup: keys }],
	['an empty account', { when: 'a: 402; b: QUOTA_EXCEEDED 1h' }],
	['the words of the error decide', { when: 'a: 400 message="maximum context length is 8192 tokens"', setup: windows }],
	['no larger window', { when: 'a: BAD_REQUEST.context_length; c: 400 code=context_length_exceeded', setup: windows }],
	['a bad request', { when: 'a: 422 message="no"', stream: false }],
	['a content policy', { when: 'a: 400 code=content_filter' }],
	['a model that is gone', { when: 'a: 404 code=model_not_found' }],
	['a model that is unavailable', { when: 'a: unavailable 5m; b: 500, ok' }],
	['a cut is carried on', { when: 'a: cut tokens=4' }],
	['a stall is carried on, and on', { when: 'a: stall; b: cut tokens=2', setup: three }],
	['a cut that nobody carries on', { when: 'a: cut; b: 500' }],
	[
		'as many continuations as allowed',
		{ when: 'a: cut, cut; b: cut, cut', setup: { policy: { continuation: { maxContinuations: 2 } } } },
	],
	['an error event before any content', { when: 'a: error-event tokens=0 message="upstream busy"' }],
	[
		'an error event in the middle',
		{ when: 'a: error-event code=rate_limit_exceeded; b: error-event type=overloaded_error' },
	],
	['half a document', { when: 'a: cut, stall, ok', stream: false }],
	['a 200 that is an error', { when: 'a: error-event code=insufficient_quota', stream: false }],
	[
		'nothing is sent before it is whole',
		{
			when: 'a: cut, stall, ok',
			profile: 'safe',
			setup: { profiles: { safe: { chain: ['a/model-a', 'b/model-b'], commit: 'complete' } } },
		},
	],
	[
		'streamed up to here only',
		{ when: 'a: cut; b: stall tokens=2', stream: false, setup: { providers: { a: { streamUpstream: true } } } },
	],
	[
		'a prefill that is refused',
		{
			when: 'a: cut; b: BAD_REQUEST.prefill, ok',
			setup: { providers: { b: { models: { 'model-b': { prefill: true } } } } },
		},
	],
	['a prefill', { when: 'a: cut', setup: { providers: { b: { models: { 'model-b': { prefill: true } } } } } }],
	['an answer that says nothing', { when: 'a: silent' }],
	['nothing better than silence', { when: 'a: silent; b: 503' }],
	['silence twice', { when: 'a: silent; b: silent', stream: false }],
	['asked from further back', { when: 'a: cut tokens=30; b: UNKNOWN_TRANSIENT.seam_ambiguous, ok' }],
	[
		'the deadline before an answer',
		{ when: '*: timeout', setup: { policy: { timeouts: { request: MIDDLE, firstToken: '8s' } } } },
	],
	[
		'the deadline in the middle of an answer',
		{ when: 'a: ok takes=10m', setup: { policy: { timeouts: { stream: MIDDLE } } } },
	],
	[
		'a wait that would outlast the deadline',
		{ when: '*: 429 4s', setup: { policy: { timeouts: { request: '3s' }, retry: { maxRetryAfter: '5s' } } } },
	],
	['every door closed', { when: 'a: open; b: open hint 20s' }],
	[
		'every door closed, and the soonest is tried',
		{ when: 'a: open; b: open hint 20s', setup: { policy: { whenAllDenied: 'try-soonest' } } },
	],
	[
		'the first to open is waited for',
		{ when: `a: open hint ${MIDDLE}; b: open`, setup: { policy: { whenAllDenied: { wait: '50s' } } } },
	],
	[
		'the soonest is tried in vain',
		{ when: 'a: open, 503; b: open auth', setup: { policy: { whenAllDenied: 'try-soonest' } } },
	],
	[
		'closed doors of every kind',
		{
			when: 'a: quota-cooldown 2h; b: open operator 30s; c: half-open busy',
			setup: { ...three, providers: { c: { policy: { timeouts: { firstToken: '8s' } } } } },
		},
	],
	['a probe that works', { when: 'a: half-open' }],
	['a probe that fails', { when: 'a: half-open, 503' }],
	['a probe that hits a limit', { when: 'a: half-open, 429 30s', stream: false }],
	['nobody listens', { when: 'a: refused', unreachable: ['a'] }],
	['a reset', { when: 'a: reset, ok' }],
	[
		'the client leaves before an answer',
		{ when: `a: timeout; client leaves after=${MIDDLE}`, setup: { policy: { timeouts: { firstToken: '8s' } } } },
	],
	['the client leaves in the middle', { when: `a: ok takes=10m; client leaves after=${MIDDLE}` }],
	['a target by its name', { when: 'a: 500', profile: 'a/model-a' }],
	[
		'one target of two at the same provider',
		{
			when: 'a/big: 503; a/small: ok',
			profile: 'two',
			setup: { profiles: { two: { chain: ['a/big', 'a/small', 'b/model-b'] } } },
		},
	],
	['a redirect', { when: 'a: 302' }],
	[
		'rules of the file',
		{ when: 'a: 500 message="loading"', setup: { policy: { onError: { MODEL_UNAVAILABLE: { retries: 0 } } } } },
	],
];

/** They mostly wait, and each has a proxy and upstreams of its own. */
const AT_ONCE = 8;
/** Of times that both sides tell. */
const TOLERANCE_MS = 1000;

/** Starts them in their order, and never more than `AT_ONCE` together. */
function startAll(replayed: readonly ReplayedCase[]): Promise<Replay>[] {
	const waiting: (() => void)[] = [];
	let free = AT_ONCE;
	return replayed.map(async (one) => {
		if (free > 0) free -= 1;
		else await new Promise<void>((go) => waiting.push(go));
		try {
			const quick = await replay(one, 1);
			// A machine that is too busy for the short limits is given time; what disagrees still does.
			return isDeepStrictEqual(quick.real, quick.explained) ? quick : await replay(one, 4);
		} finally {
			const next = waiting.shift();
			if (next === undefined) free += 1;
			else next();
		}
	});
}

function expectAgreement({ explained, real, retryAfterMs, until, lateMs }: Replay): void {
	expect(real).toEqual(explained);
	expectClose(retryAfterMs.real, retryAfterMs.explained, lateMs);
	expect(Object.keys(until.real)).toEqual(Object.keys(until.explained));
	for (const [id, at] of Object.entries(until.explained)) expectClose(until.real[id], at, lateMs);
}

function expectClose(real: number | undefined, explained: number | undefined, lateMs: number): void {
	expect(real === undefined).toBe(explained === undefined);
	if (real === undefined || explained === undefined) return;
	expect(Math.abs(real - explained)).toBeLessThanOrEqual(TOLERANCE_MS + lateMs);
}

const paths = modelPaths(60);

describe('the real proxy does what is explained', () => {
	const all = deepSample<[string, ReplayedCase]>([
		...cases,
		...paths.map(({ name, replayed }): [string, ReplayedCase] => [name, replayed]),
		...sampledCases().map((sampled): [string, ReplayedCase] => [sampled.name, sampled]),
	]);
	let replays: Promise<PromiseSettledResult<Replay>>[] = [];

	beforeAll(() => {
		const started = startAll(all.map(([, replayed]) => replayed));
		replays = started.map(async (one) => (await Promise.allSettled([one]))[0]);
	});

	test.each(all.map(([name], index): [string, number] => [name, index]))(
		'%s',
		async (_name, index) => {
			const settled = await replays[index];
			if (settled?.status !== 'fulfilled') throw settled?.reason;
			expectAgreement(settled.value);
		},
		30_000,
	);
});

describe('a way that the model of a request takes is the one that is explained', () => {
	test('of many, enough can be told by a script', () => {
		expect(paths.length).toBeGreaterThanOrEqual(20);
		expect(new Set(paths.map(({ path }) => path.ending))).toEqual(new Set(['done', 'failed', 'aborted']));
	});

	test.each(paths)('$name', ({ path, replayed }) => {
		const { when } = replayed;
		const explained = explainCase(configOfCase(replayed), { profile: 'default', when, stream: true });
		expect(endingOf(explained.client.gets)).toBe(path.ending);
		expect(explained.client.code).toBe(path.code);
		if (path.status !== undefined) expect(explained.client.status).toBe(path.status);
		expect(attemptsOf(explained)).toEqual(path.attempts);
	});
});

function endingOf(gets: ClientView['gets']): 'done' | 'failed' | 'aborted' {
	if (gets === 'answer') return 'done';
	return gets === 'left' ? 'aborted' : 'failed';
}

function attemptsOf({ trace }: ExplainedCase): Record<string, number> {
	const attempts: Record<string, number> = {};
	for (const { did, target } of trace) if (did === 'attempt') attempts[target] = (attempts[target] ?? 0) + 1;
	return attempts;
}
