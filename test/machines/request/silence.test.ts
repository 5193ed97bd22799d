import { describe, expect, it } from 'vitest';
import { answerSilent } from '../../../machines/failure.ts';
import { mayLeaveSilence } from '../../../machines/request/failover.ts';
import { candidateOn, type PolicyChanges, policyWith } from '../../helpers/policy.ts';
import { startMs } from '../provider/provider-harness.ts';
import { minuteMs, serverError } from '../samples.ts';
import { denied, realPair, scriptedProvider, startRequest } from './request-harness.ts';

/** Targets on these credentials, in this order; those of `deny` are denied. */
function chain(
	names: readonly string[],
	{ deny = [], changes = {} }: { deny?: string[]; changes?: PolicyChanges } = {},
) {
	const policy = policyWith(changes);
	const providers = names.map((name) =>
		deny.includes(name) ? scriptedProvider({ answer: () => denied(startMs + minuteMs) }) : scriptedProvider(),
	);
	const candidates = providers.map(({ actor }, index) => {
		const credential = names[index] ?? '';
		const link = names.findIndex((name) => name.split('#')[0] === credential.split('#')[0]);
		return candidateOn(actor, { link, credential, policy });
	});
	return { providers, request: startRequest(candidates, { policy }) };
}

describe('an answer that says nothing', () => {
	it('is left for one attempt at the next target, without a retry and without blame', () => {
		const { providers, request } = chain(['a#1', 'a#2', 'b', 'c']);
		request.fallSilent();
		expect(request.attempted()).toEqual(['a#1/m', 'b/m']);
		expect(providers[0]?.failures()).toMatchObject([{ failure: answerSilent, lastTry: true, counted: [] }]);
		request.complete();
		expect(request.did.at(-1)).toBe('finish');
		expect(request.did).not.toContain('take up');
		expect(request.context().trace).toMatchObject([
			{ outcome: 'failed', failure: { category: 'UNKNOWN_TRANSIENT', reason: 'answer_silent' } },
			{ outcome: 'succeeded' },
		]);
	});

	it('counts for nobody, and gives the slot of a probe back', () => {
		const { a, clock, candidates, policy } = realPair({ breaker: { failureThreshold: 1, successThreshold: 2 } });
		a.failNow(serverError);
		clock.increment(2 * minuteMs);
		const request = startRequest(candidates, { clock, policy });
		expect(request.context().permit?.probe).toBe(true);
		request.fallSilent();
		expect(a.state()).toBe('half-open');
		expect(a.context().probes).toEqual([]);
	});

	it('is the answer after all where the next attempt fails, and is told as its own target’s', () => {
		const { request } = chain(['a', 'b', 'c']);
		request.fallSilent();
		request.breakWith(serverError);
		expect(request.attempted()).toEqual(['a/m', 'b/m']);
		expect(request.did.slice(-2)).toEqual(['take up', 'finish']);
		expect(request.context()).toMatchObject({ position: 0, ending: undefined });
	});

	it('is left past targets that deny, and is the answer where all do', () => {
		const past = chain(['a', 'b', 'c'], { deny: ['b'] }).request;
		past.fallSilent();
		expect(past.attempted()).toEqual(['a/m', 'c/m']);
		const { request } = chain(['a', 'b', 'c'], { deny: ['b', 'c'], changes: { whenAllDenied: 'try-soonest' } });
		request.fallSilent();
		expect(request.attempted()).toEqual(['a/m']);
		expect(request.did.slice(-2)).toEqual(['take up', 'finish']);
	});

	it('is the answer at the deadline', () => {
		const { request } = chain(['a', 'b'], { changes: { timeouts: { request: 10_000 } } });
		request.fallSilent();
		request.pass(10_000);
		expect(request.did.slice(-3)).toEqual(['stop', 'take up', 'finish']);
		expect(request.state()).toBe('done');
	});

	it('is forgotten once the next answer has begun', () => {
		const { request } = chain(['a', 'b']);
		request.fallSilent();
		request.answering();
		request.breakWith(serverError);
		expect(request.did.at(-1)).toBe('report');
		expect(request.ending()).toBe('interrupted');
	});

	it('may be left once, before the commit, where another target comes next', () => {
		const { request } = chain(['a', 'b', 'c']);
		expect(mayLeaveSilence(request.context())).toBe(true);
		request.fallSilent();
		expect(mayLeaveSilence(request.context())).toBe(false);

		const passing = chain(['a', 'b'], { changes: { emptyAnswer: 'pass' } }).request;
		expect(mayLeaveSilence(passing.context())).toBe(false);
		expect(mayLeaveSilence(chain(['a#1', 'a#2']).request.context())).toBe(false);

		const broken = chain(['a', 'b', 'c']).request;
		broken.answering();
		broken.breakWith(serverError, { continuable: true });
		expect(broken.attempted()).toEqual(['a/m', 'b/m']);
		expect(mayLeaveSilence(broken.context())).toBe(false);
	});

	it('may be left behind a failure, too', () => {
		const { request } = chain(['a', 'b', 'c']);
		request.breakWith({ category: 'TIMEOUT' });
		request.fallSilent();
		request.breakWith(serverError);
		expect(request.attempted()).toEqual(['a/m', 'b/m', 'c/m']);
		expect(request.did.slice(-2)).toEqual(['take up', 'finish']);
		expect(request.context().position).toBe(1);
	});
});
