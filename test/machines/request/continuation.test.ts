import { describe, expect, it } from 'vitest';
import type { SeamPlace } from '../../../machines/events.ts';
import { categories, type Failure } from '../../../machines/failure.ts';
import type { Candidate, TraceEntry } from '../../../machines/request/progress.ts';
import { candidateOn, type PolicyChanges, policyWith } from '../../helpers/policy.ts';
import { CountingClock, startMs, startProvider } from '../provider/provider-harness.ts';
import { authError, quota, serverError } from '../samples.ts';
import {
	denied,
	granted,
	type RequestHarness,
	type Script,
	scriptedProvider,
	startRequest,
} from './request-harness.ts';

const refusal: Failure = { category: 'BAD_REQUEST', reason: 'prefill', status: 400 };
const ambiguous: Failure = { category: 'UNKNOWN_TRANSIENT', reason: 'seam_ambiguous' };
const diverged: Failure = { category: 'UNKNOWN_TRANSIENT', reason: 'seam_diverged' };

interface Setup {
	changes?: PolicyChanges;
	/** What the providers do, by name; who is not named grants. */
	scripts?: Record<string, Script>;
	prefill?: boolean;
}

/** A request on a chain of providers `a`, `b` … whose answer broke, or will. */
function start(names: string, { changes = {}, scripts = {}, prefill = false }: Setup = {}) {
	const policy = policyWith(changes);
	const providers = [...names].map((name) => scriptedProvider(scripts[name]));
	const candidates = providers.map(({ actor }, link) => ({
		...candidateOn(actor, { link, credential: names.charAt(link), policy }),
		prefill,
	}));
	return { ...on(candidates, policy), providers };
}

function on(candidates: readonly Candidate[], policy = policyWith(), clock = new CountingClock()) {
	const request = startRequest(candidates, { policy, clock });
	const breaks = (failure: Failure = serverError, continuable = true) =>
		request.actor.send({ type: 'attempt.broke', failure, now: clock.now(), random: 0.5, continuable });
	const answers = (seam?: SeamPlace) =>
		request.actor.send({ type: 'attempt.answering', now: clock.now(), ...(seam && { seam }) });
	/** The present attempt says something, and then breaks. */
	const answersAndBreaks = (failure: Failure = serverError) => {
		answers();
		breaks(failure);
	};
	return {
		request,
		breaks,
		answers,
		answersAndBreaks,
		asked: () => request.attempted().map((name) => name.split('/')[0]),
	};
}

function attempts(request: RequestHarness): Extract<TraceEntry, { did: 'attempt' }>[] {
	return request.context().trace.filter((step) => step.did === 'attempt');
}

const ways = (request: RequestHarness) => [...attempts(request).map(({ way }) => way), request.context().way];

describe('an answer that breaks after the commit', () => {
	it('is carried on further down, then from the top, and by the same target last', () => {
		const { request, breaks, answersAndBreaks, asked } = start('abc');
		breaks({ ...serverError, reason: 'too_large', retryAfterMs: 60_000 });
		expect(asked()).toEqual(['a', 'b']);
		answersAndBreaks();
		expect(asked()).toEqual(['a', 'b', 'c']);
		breaks();
		expect(asked()).toEqual(['a', 'b', 'c', 'a']);
		breaks();
		expect(asked()).toEqual(['a', 'b', 'c', 'a', 'b']);
		breaks();
		expect([request.state(), request.ending()]).toEqual(['failed', 'interrupted']);
		expect(ways(request).slice(0, -1)).toEqual(['fresh', 'fresh', 'instruct', 'instruct', 'instruct']);
	});

	it('passes over targets that are denied, in the same order', () => {
		const no: Script = { answer: () => denied(startMs + 1) };
		const { request, answersAndBreaks, breaks, asked } = start('abcd', { scripts: { b: no, d: no } });
		answersAndBreaks();
		expect(asked()).toEqual(['a', 'c']);
		breaks();
		expect(asked()).toEqual(['a', 'c', 'a']);
		request.complete();
		expect(request.context().trace.map((step) => `${step.did} ${step.target}`)).toEqual([
			'attempt a/m',
			'deny b/m',
			'attempt c/m',
			'deny d/m',
			'attempt a/m',
		]);
	});

	it('ends, with the failure that broke it, when every target is denied', () => {
		let asked = 0;
		const once: Script = { answer: (event) => (asked++ === 0 ? granted(event) : denied(startMs + 1)) };
		const no: Script = { answer: () => denied(startMs + 1) };
		const changes: PolicyChanges = { whenAllDenied: 'try-soonest' };
		const { request, answersAndBreaks, providers } = start('ab', { scripts: { a: once, b: no }, changes });
		answersAndBreaks();
		expect([request.state(), request.ending()]).toEqual(['failed', 'interrupted']);
		expect(request.context().failure).toEqual(serverError);
		expect(providers.map((provider) => provider.asked().map(({ early }) => early))).toEqual([[false, false], [false]]);
	});

	it('is carried on no more often than the policy says', () => {
		for (const maxContinuations of [0, 1, 3]) {
			const { request, answersAndBreaks } = start('ab', { changes: { continuation: { maxContinuations } } });
			for (let times = 0; times <= maxContinuations; times++) answersAndBreaks();
			expect([request.state(), request.ending()]).toEqual(['failed', 'interrupted']);
			expect(request.context().attempts).toBe(1 + maxContinuations);
		}
	});

	it.each(categories)('by %s is carried on where the policy lists it, and only there', (category) => {
		const listed = start('ab', { changes: { continuation: { categories: [category] } } });
		listed.answersAndBreaks({ category });
		expect(listed.asked()).toEqual(['a', 'b']);
		const others = categories.filter((other) => other !== category);
		const unlisted = start('ab', { changes: { continuation: { categories: others } } });
		unlisted.answersAndBreaks({ category });
		expect([unlisted.request.ending(), unlisted.asked()]).toEqual(['interrupted', ['a']]);
	});

	it('ends when what was sent cannot be carried on', () => {
		const { request, breaks, answers } = start('ab');
		answers();
		breaks(serverError, false);
		expect([request.ending(), request.did.at(-1)]).toEqual(['interrupted', 'report']);
	});

	it('is not carried on with a credential that is spent', () => {
		const { request, breaks, answersAndBreaks, asked } = start('ab');
		answersAndBreaks(quota);
		breaks();
		expect([request.ending(), asked()]).toEqual(['interrupted', ['a', 'b']]);
	});

	it('is never retried on the same target before the others, whatever the retries', () => {
		const changes = { onError: { SERVER_ERROR: { retries: 5, then: ['next' as const] } } };
		const { answersAndBreaks, asked, request, providers } = start('ab', { changes });
		answersAndBreaks();
		expect([asked(), request.waits()]).toEqual([['a', 'b'], []]);
		expect(providers[0]?.failures().map(({ lastTry }) => lastTry)).toEqual([true]);
	});
});

describe('a continuation that fails before it says anything', () => {
	it('costs none of the continuations', () => {
		const { breaks, answersAndBreaks, asked, request } = start('abc', {
			changes: { continuation: { maxContinuations: 1 } },
		});
		answersAndBreaks();
		breaks();
		expect(asked()).toEqual(['a', 'b', 'c']);
		answersAndBreaks();
		expect(request.ending()).toBe('interrupted');
	});

	it.each([authError, { category: 'BAD_REQUEST', status: 400 } as const])(
		'ends the answer where the policy says fail: %o',
		(failure) => {
			const { breaks, answersAndBreaks, asked, request } = start('abc');
			answersAndBreaks();
			breaks(failure);
			expect([request.ending(), asked()]).toEqual(['interrupted', ['a', 'b']]);
		},
	);

	it('goes on where the policy says next', () => {
		const { breaks, answersAndBreaks, asked } = start('abc', {
			changes: { onError: { AUTH_ERROR: { retries: 0, then: ['next'] } } },
		});
		answersAndBreaks();
		breaks(authError);
		expect(asked()).toEqual(['a', 'b', 'c']);
	});

	it('for want of room goes on where a larger window is, or an unknown one', () => {
		const windows = [undefined, 8_000, 4_000, 8_000, 16_000];
		const candidates = windows.map((contextWindow, link) =>
			candidateOn(scriptedProvider().actor, { link, credential: `p${link}`, ...(contextWindow && { contextWindow }) }),
		);
		const { answersAndBreaks, breaks, asked } = on(candidates);
		answersAndBreaks();
		breaks({ category: 'BAD_REQUEST', reason: 'context_length' });
		expect(asked()).toEqual(['p0', 'p1', 'p4']);
	});

	it('goes to another credential, and no further, where the policy says so, past a denial too', () => {
		const policy = policyWith({ onError: { AUTH_ERROR: { retries: 0, then: ['credential', 'fail'] } } });
		const no = scriptedProvider({ answer: () => denied(startMs + 1) });
		const candidate = (link: number, credential: string, provider = scriptedProvider()) =>
			candidateOn(provider.actor, { link, credential, policy });
		const candidates = [
			candidate(0, 'a'),
			candidate(1, 'b#1'),
			candidate(1, 'b#2', no),
			candidate(1, 'b#3'),
			candidate(2, 'c'),
		];
		const { answersAndBreaks, breaks, asked, request } = on(candidates, policy);
		answersAndBreaks();
		breaks(authError);
		expect(asked()).toEqual(['a', 'b#1', 'b#3']);
		breaks(authError);
		expect([request.ending(), asked()]).toEqual(['interrupted', ['a', 'b#1', 'b#3']]);
	});
});

describe('the way of asking', () => {
	it('is a prefill where the model takes one', () => {
		const { request, answersAndBreaks } = start('ab', { prefill: true });
		answersAndBreaks();
		expect(request.context().way).toBe('prefill');
	});

	it('is an instruction, on the same target, once a prefill was refused, whatever the next permit knows', () => {
		const { request, breaks, answersAndBreaks, asked } = start('abc', { prefill: true });
		answersAndBreaks();
		breaks(refusal);
		expect([asked(), request.context().way]).toEqual([['a', 'b', 'b'], 'instruct']);
		breaks();
		expect([asked(), request.context().way]).toEqual([['a', 'b', 'b', 'c'], 'prefill']);
	});

	it('is an instruction at once where the provider remembers the refusal', () => {
		const clock = new CountingClock();
		const providers = [startProvider({}, clock), startProvider({}, clock)];
		const candidates = providers.map(({ actor }, link) => ({
			...candidateOn(actor, { link, credential: 'ab'.charAt(link) }),
			prefill: true,
		}));
		const first = on(candidates, policyWith(), clock);
		first.answersAndBreaks();
		first.breaks(refusal);
		expect(ways(first.request)).toEqual(['fresh', 'prefill', 'instruct']);
		first.request.complete();
		const later = on(candidates, policyWith(), clock);
		later.answersAndBreaks();
		expect(ways(later.request)).toEqual(['fresh', 'instruct']);
		expect(providers[1]?.context()).toMatchObject({ consecutiveFailures: 0, refusesPrefill: ['m'] });
	});

	it('that was refused is no reason to stop when the same target is denied then', () => {
		let asked = 0;
		const once: Script = { answer: (event) => (asked++ === 0 ? granted(event) : denied(startMs + 1)) };
		const chain = start('abc', { prefill: true, scripts: { b: once } });
		chain.answersAndBreaks();
		chain.breaks(refusal);
		expect(chain.asked()).toEqual(['a', 'b', 'c']);
	});

	it('is from further back, on the same target and once, where the place could not be told', () => {
		const { request, breaks, answersAndBreaks, asked } = start('abc');
		answersAndBreaks();
		breaks(ambiguous);
		expect([asked(), request.context().way]).toEqual([['a', 'b', 'b'], 'rewind']);
		breaks(ambiguous);
		expect([asked(), request.context().way]).toEqual([['a', 'b', 'b', 'c'], 'instruct']);
	});

	it('is not changed for a model that wrote something else: the next target is asked', () => {
		const { breaks, answersAndBreaks, asked } = start('abc');
		answersAndBreaks();
		breaks(diverged);
		expect(asked()).toEqual(['a', 'b', 'c']);
	});

	it('begins anew with each break', () => {
		const { request, breaks, answersAndBreaks, answers } = start('ab');
		answersAndBreaks();
		breaks(ambiguous);
		answers();
		breaks();
		expect(ways(request)).toEqual(['fresh', 'instruct', 'rewind', 'instruct']);
	});
});

describe('while an answer is carried on', () => {
	it('its client may leave: the permit is given back, once', () => {
		const { request, answersAndBreaks, providers } = start('ab');
		answersAndBreaks();
		request.leave();
		expect(request.state()).toBe('aborted');
		expect(providers.map((provider) => provider.settlements())).toEqual([['attempt.failed'], ['attempt.abandoned']]);
		expect(request.did.filter((did) => did === 'report' || did === 'finish')).toEqual([]);
	});

	it('the deadline ends it as interrupted, and blames nobody', () => {
		const { request, answersAndBreaks, providers } = start('ab', { changes: { timeouts: { request: 1_000 } } });
		answersAndBreaks();
		request.pass(1_000);
		expect([request.state(), request.ending()]).toEqual(['failed', 'interrupted']);
		expect(request.context().failure).toEqual({ category: 'TIMEOUT', reason: 'deadline' });
		expect(providers[1]?.settlements()).toEqual(['attempt.abandoned']);
	});

	it('it is committed no second time, however often it is carried on', () => {
		const { request, answersAndBreaks, answers, breaks } = start('abc');
		answersAndBreaks();
		answersAndBreaks();
		breaks();
		answers();
		request.complete();
		expect(request.did.map((did) => did.split(' ')[0])).toEqual([
			...['start', 'commit', 'stop'],
			...['start', 'stop', 'start', 'stop'],
			...['start', 'stop', 'finish'],
		]);
		expect(request.context().continuations).toBe(2);
	});

	it('each provider is told what became of its own attempt', () => {
		const { request, answersAndBreaks, breaks, providers } = start('abc');
		const stall: Failure = { category: 'TIMEOUT', reason: 'idle' };
		answersAndBreaks(stall);
		breaks(serverError);
		request.complete();
		expect(request.state()).toBe('done');
		expect(providers.map((provider) => provider.settlements())).toEqual([
			['attempt.failed'],
			['attempt.failed'],
			['attempt.succeeded'],
		]);
		expect(providers.flatMap((provider) => provider.failures().map(({ failure }) => failure))).toEqual([
			stall,
			serverError,
		]);
	});

	it('the trace tells how each attempt asked, and where it joined', () => {
		const { request, breaks, answers, answersAndBreaks } = start('ab');
		answersAndBreaks();
		answers({ sent: 60, trimmed: 20 });
		breaks();
		breaks();
		answers({ sent: 90, trimmed: 0 });
		request.complete();
		expect(attempts(request)).toMatchObject([
			{ target: 'a/m', way: 'fresh', outcome: 'failed' },
			{ target: 'b/m', way: 'instruct', outcome: 'failed', seam: { sent: 60, trimmed: 20 } },
			{ target: 'a/m', way: 'instruct', outcome: 'failed' },
			{ target: 'b/m', way: 'instruct', outcome: 'succeeded', seam: { sent: 90, trimmed: 0 } },
		]);
		expect(attempts(request).map((step) => 'seam' in step)).toEqual([false, true, false, true]);
	});
});
