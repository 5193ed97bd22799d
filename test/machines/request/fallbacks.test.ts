import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../machines/failure.ts';
import type { ErrorPolicy } from '../../../machines/policy.ts';
import { earliestRetryAt } from '../../../machines/request/progress.ts';
import { candidateOn, policyWith } from '../../helpers/policy.ts';
import { startMs } from '../provider/provider-harness.ts';
import { authError, minuteMs, quota, serverError } from '../samples.ts';
import { denied, runToEnd, scriptedProvider, startRequest } from './request-harness.ts';

const tooLong: Failure = { category: 'BAD_REQUEST', reason: 'context_length' };

describe('another credential', () => {
	function credentials(then: ErrorPolicy['then']) {
		const [one, two, b] = [scriptedProvider(), scriptedProvider(), scriptedProvider()];
		const policy = policyWith({ onError: { AUTH_ERROR: { retries: 0, then } } });
		return startRequest([
			candidateOn(one.actor, { credential: 'a#1', policy }),
			candidateOn(two.actor, { credential: 'a#2', policy }),
			candidateOn(b.actor, { link: 1, credential: 'b', policy }),
		]);
	}

	it('of the same provider comes before the next provider where the policy says so', () => {
		const request = credentials(['credential', 'next']);
		runToEnd(request, () => authError);
		expect(request.attempted()).toEqual(['a#1/m', 'a#2/m', 'b/m']);
		expect(request.ending()).toBe('exhausted');
	});

	it('is the end of the trace where the policy says no more', () => {
		const request = credentials(['credential', 'fail']);
		runToEnd(request, () => authError);
		expect(request.attempted()).toEqual(['a#1/m', 'a#2/m']);
		expect(request.ending()).toBe('rejected');
		expect(request.context().failure).toEqual(authError);
	});

	it('that is denied does not open the way to another provider', () => {
		const two = scriptedProvider({ answer: () => denied(startMs + 1) });
		const b = scriptedProvider();
		const policy = policyWith({ onError: { AUTH_ERROR: { retries: 0, then: ['credential', 'fail'] } } });
		const request = startRequest([
			candidateOn(scriptedProvider().actor, { credential: 'a#1', policy }),
			candidateOn(two.actor, { credential: 'a#2', policy }),
			candidateOn(b.actor, { link: 1, credential: 'b', policy }),
		]);
		runToEnd(request, () => authError);
		expect(request.attempted()).toEqual(['a#1/m']);
		expect(request.ending()).toBe('rejected');
	});

	it('is not tried where the policy says the next provider', () => {
		const request = credentials(['next']);
		runToEnd(request, () => authError);
		expect(request.attempted()).toEqual(['a#1/m', 'b/m']);
	});

	it('is asked when the first one is denied', () => {
		const [one, two] = [scriptedProvider({ answer: () => denied(startMs + 1) }), scriptedProvider()];
		const request = startRequest([
			candidateOn(one.actor, { credential: 'a#1' }),
			candidateOn(two.actor, { credential: 'a#2' }),
		]);
		expect(request.attempted()).toEqual(['a#2/m']);
	});
});

describe('a credential that is of no more use', () => {
	it.each([quota, authError])('is not attempted again though it is granted: %o', (failure) => {
		const [a, b] = [scriptedProvider(), scriptedProvider()];
		const policy = policyWith({ onError: { AUTH_ERROR: { retries: 0, then: ['next'] } } });
		const request = startRequest([
			candidateOn(a.actor, { policy }),
			candidateOn(a.actor, { link: 1, model: 'n', policy }),
			candidateOn(b.actor, { link: 2, credential: 'b', policy }),
		]);
		runToEnd(request, ({ provider }) => (provider === 'a' ? failure : 'answer'));
		expect(request.attempted()).toEqual(['a/m', 'b/m']);
	});

	it('is told to the caller for all its targets', () => {
		const a = scriptedProvider({ settle: ({ now }) => now + minuteMs });
		const request = startRequest([candidateOn(a.actor), candidateOn(a.actor, { link: 1, model: 'n' })]);
		request.breakWith(quota);
		expect(request.ending()).toBe('exhausted');
		expect(earliestRetryAt(request.context())).toBe(startMs + minuteMs);
	});
});

describe('a prompt that is too long', () => {
	/** Targets `a/m`, `b/m` … with these context windows. */
	function withWindows(...windows: (number | undefined)[]) {
		const names = ['a', 'b', 'c', 'd'];
		return startRequest(
			windows.map((contextWindow, link) => {
				const changes = { link, credential: names[link] ?? 'z' };
				return candidateOn(
					scriptedProvider().actor,
					contextWindow === undefined ? changes : { ...changes, contextWindow },
				);
			}),
		);
	}

	it('goes to the next target with a larger window, past those that are not', () => {
		const request = withWindows(8_000, 4_000, 8_000, 16_000);
		request.breakWith(tooLong);
		expect(request.attempted()).toEqual(['a/m', 'd/m']);
	});

	it('goes to a target whose window is not known, and on from one', () => {
		const request = withWindows(8_000, undefined, 4_000, undefined);
		runToEnd(request, () => tooLong);
		expect(request.attempted()).toEqual(['a/m', 'b/m', 'd/m']);
	});

	it('fails as it was, when no window is larger', () => {
		const request = withWindows(8_000, 4_000);
		request.breakWith(tooLong);
		expect(request.ending()).toBe('rejected');
		expect(request.context().failure).toEqual(tooLong);
		expect(request.attempted()).toEqual(['a/m']);
	});

	it('goes to no smaller window later on either, for another failure', () => {
		const request = withWindows(8_000, 16_000, 4_000);
		request.breakWith(tooLong);
		request.breakWith({ category: 'TIMEOUT' });
		expect(request.attempted()).toEqual(['a/m', 'b/m']);
		expect(request.ending()).toBe('exhausted');
	});

	it('tells the caller nothing of targets that could not serve it', () => {
		const small = scriptedProvider();
		const large = scriptedProvider({ answer: () => denied(startMs + minuteMs) });
		const request = startRequest([
			candidateOn(small.actor, { contextWindow: 8_000 }),
			candidateOn(large.actor, { link: 1, credential: 'b', contextWindow: 16_000 }),
		]);
		request.breakWith(tooLong);
		expect(request.ending()).toBe('exhausted');
		expect(earliestRetryAt(request.context())).toBe(startMs + minuteMs);
	});

	it('is not the only failure that larger-context can be the way for', () => {
		const [a, b, c] = [scriptedProvider(), scriptedProvider(), scriptedProvider()];
		const policy = policyWith({ onError: { 'BAD_REQUEST.too_large': { retries: 0, then: ['larger-context'] } } });
		const request = startRequest([
			candidateOn(a.actor, { contextWindow: 8_000, policy }),
			candidateOn(b.actor, { link: 1, credential: 'b', contextWindow: 4_000, policy }),
			candidateOn(c.actor, { link: 2, credential: 'c', contextWindow: 16_000, policy }),
		]);
		request.breakWith({ category: 'BAD_REQUEST', reason: 'too_large' });
		expect(request.attempted()).toEqual(['a/m', 'c/m']);
	});
});

describe('a chain', () => {
	it('may name the same target twice', () => {
		const a = scriptedProvider();
		const request = startRequest([candidateOn(a.actor), candidateOn(a.actor, { link: 1 })]);
		runToEnd(request, () => serverError);
		expect(request.attempted()).toHaveLength(6);
		expect(request.ending()).toBe('exhausted');
		expect(new Set(a.asked().map(({ id }) => id)).size).toBe(6);
	});

	it('obeys the policy of each target', () => {
		const [a, b] = [scriptedProvider(), scriptedProvider()];
		const impatient = policyWith({ onError: { SERVER_ERROR: { retries: 0, then: ['next'] } } });
		const request = startRequest([
			candidateOn(a.actor, { policy: impatient }),
			candidateOn(b.actor, { link: 1, credential: 'b' }),
		]);
		runToEnd(request, () => serverError);
		expect(request.attempted()).toEqual(['a/m', 'b/m', 'b/m', 'b/m']);
	});

	it('is exhausted when what is left after a failure is denied', () => {
		const [a, b] = [scriptedProvider(), scriptedProvider({ answer: () => denied(startMs + 9_000) })];
		const request = startRequest([candidateOn(a.actor), candidateOn(b.actor, { link: 1, credential: 'b' })], {
			policy: policyWith({ whenAllDenied: 'try-soonest' }),
		});
		request.breakWith({ category: 'TIMEOUT' });
		expect(request.ending()).toBe('exhausted');
		expect(b.asked()).toMatchObject([{ early: false }]);
	});
});

describe('a field that one provider does not take', () => {
	const unsupported: Failure = { category: 'BAD_REQUEST', reason: 'unsupported', status: 422 };

	/** Targets on these credentials, in this order; those of `deny` are denied. */
	function chain(names: readonly string[], deny: readonly string[] = []) {
		return startRequest(
			names.map((credential, link) => {
				const answer = () => denied(startMs + minuteMs);
				const provider = deny.includes(credential) ? scriptedProvider({ answer }) : scriptedProvider();
				return candidateOn(provider.actor, { link, credential, model: `m${link}` });
			}),
		);
	}

	it('is tried once at another provider, past the other models of its own', () => {
		const request = chain(['a', 'a', 'b', 'c']);
		runToEnd(request, ({ provider }) => (provider === 'a' ? unsupported : 'answer'));
		expect(request.attempted()).toEqual(['a/m0', 'b/m2']);
		expect(request.did.at(-1)).toBe('finish');
	});

	it.each([unsupported, serverError, quota, tooLong, { category: 'TIMEOUT' } as const])(
		'is told as it was when anything but an answer comes from there: %o',
		(failure) => {
			const request = chain(['a', 'b', 'c']);
			runToEnd(request, ({ provider }) => (provider === 'a' ? unsupported : failure));
			expect(request.attempted()).toEqual(['a/m0', 'b/m1']);
			expect(request.ending()).toBe('rejected');
			expect(request.context().failure).toBe(unsupported);
			expect(request.context().failed?.candidate.credential).toBe('a');
		},
	);

	it('passes by a provider that is denied, and is told as it was when all are', () => {
		const open = chain(['a', 'b', 'c'], ['b']);
		runToEnd(open, ({ provider }) => (provider === 'a' ? unsupported : 'answer'));
		expect(open.attempted()).toEqual(['a/m0', 'c/m2']);
		const closed = chain(['a', 'b', 'c'], ['b', 'c']);
		runToEnd(closed, () => unsupported);
		expect(closed.attempted()).toEqual(['a/m0']);
		expect(closed.ending()).toBe('rejected');
		expect(closed.context().failure).toBe(unsupported);
	});

	it('is told as it was when the deadline passes there', () => {
		const request = chain(['a', 'b']);
		request.breakWith(unsupported);
		request.pass(request.context().policy.timeouts.request);
		expect(request.ending()).toBe('rejected');
		expect(request.context().failure).toBe(unsupported);
	});

	it('is told at once where there is no other provider', () => {
		const request = chain(['a', 'a']);
		request.breakWith(unsupported);
		expect(request.attempted()).toEqual(['a/m0']);
		expect(request.ending()).toBe('rejected');
	});

	it('does not keep an answer of the other provider from being carried on', () => {
		const request = chain(['a', 'b', 'c']);
		request.breakWith(unsupported);
		request.answering();
		request.breakWith(serverError, { continuable: true });
		expect(request.attempted()).toEqual(['a/m0', 'b/m1', 'c/m2']);
		request.answering();
		request.breakWith(serverError);
		expect(request.ending()).toBe('interrupted');
		expect(request.context().failure).toBe(serverError);
	});
});
