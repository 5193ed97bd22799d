import { describe, expect, it } from 'vitest';
import { requestMachine } from '../../../../machines/request/machine.ts';
import { checkProfile } from '../../../../src/verify/prove/request/prove-profile.ts';
import { policyWith } from '../../../helpers/policy.ts';
import { chainOf, replay, routeOver } from './route.ts';

const worstOf = (...given: Parameters<typeof routeOver>) => checkProfile(routeOver(...given)).worst;
const noContinuation = { continuation: { maxContinuations: 0 } };

describe('the most attempts', () => {
	it.each([
		['one target, three attempts', chainOf(1), noContinuation, 3],
		['each target with its retries', chainOf(2), noContinuation, 6],
		['no retries at all', chainOf(2), { ...noContinuation, onError: noRetries() }, 2],
		['a broken answer, carried on by each of two in two ways, twice', chainOf(2), {}, 2 * 3 + 2 * 2 * 2],
		[
			'a rejected key of each credential, the last one answering',
			[{ target: 'a/m', credentials: 3 }],
			{ ...noContinuation, onError: { ...noRetries(), AUTH_ERROR: { retries: 0, then: ['credential' as const] } } },
			3,
		],
		['targets that only a denial leads to', [{ target: 'a/m', policy: failFast() }, 'b/m'], noContinuation, 3],
	])('are those of %s', (_, links, policy, most) => {
		const { attempts } = worstOf(links, { policy });
		expect(attempts).toMatchObject({ most, isExact: true });
		expect(attempts.steps.filter(({ event }) => event.type === 'permit.granted')).toHaveLength(most);
	});

	it('are what the deadline leaves of them', () => {
		// 400 ms, 800 ms: the third attempt would begin at 1,200 ms.
		const { attempts } = worstOf(chainOf(1), { policy: { ...noContinuation, timeouts: { request: 1_000 } } });
		expect(attempts.most).toBe(2);
	});
});

describe('the dearest way', () => {
	const cheapFirst = (costs: readonly (number | undefined)[], policy = {}) =>
		checkProfile({ ...routeOver(chainOf(costs.length), { policy: { ...noContinuation, ...policy } }), costs }).worst;

	it('has every attempt at its price', () => {
		const { cost } = cheapFirst([0.01, 2]);
		expect(cost).toMatchObject({ isExact: true, unpriced: [] });
		expect(cost?.most).toBeCloseTo(3 * 0.01 + 3 * 2, 10);
	});

	it('is not always the one with the most attempts', () => {
		const chain = [
			{ target: 'a/m', policy: policyWith({ onError: { SERVER_ERROR: { retries: 9, then: ['fail'] } } }) },
			'b/m',
		];
		const route = routeOver(chain, { policy: noContinuation });
		const { attempts, cost } = checkProfile({ ...route, costs: [0.01, 5] }).worst;
		const askedOf = (steps: typeof attempts.steps, target: string) =>
			steps.filter(({ event, target: at }) => event.type === 'permit.granted' && at === target).length;
		expect(askedOf(attempts.steps, 'a/m')).toBe(10);
		expect(askedOf(cost?.steps ?? [], 'b/m')).toBe(3);
		expect(cost?.most).toBeGreaterThan(15);
	});

	it('names the targets whose price is not known, and is left out where none is', () => {
		expect(cheapFirst([0.01, undefined]).cost?.unpriced).toHaveLength(1);
		expect(worstOf(chainOf(2))).not.toHaveProperty('cost');
	});
});

describe('the longest wait for the first content', () => {
	it('is every attempt at its timeout and every wait at its longest', () => {
		const { firstContent } = worstOf(chainOf(2));
		// Each target: three attempts of 5 s + 10 s, and two waits of 5 s that it asked for.
		expect(firstContent).toMatchObject({ most: 2 * (3 * 15_000 + 2 * 5_000), isExact: true });
		expect(firstContent.steps.at(-1)?.at).toBe(110_000);
	});

	it('is the backoff with its jitter where that is longer than what a provider may ask for', () => {
		const { firstContent } = worstOf(chainOf(1), { policy: { retry: { maxRetryAfter: 0 } } });
		expect(firstContent.most).toBe(3 * 15_000 + 600 + 1_200);
	});

	it('is cut at the deadline', () => {
		expect(worstOf(chainOf(2), { policy: { timeouts: { request: 20_000 } } }).firstContent.most).toBe(20_000);
	});

	it('is the deadline where nothing is sent before the answer is complete', () => {
		expect(worstOf(chainOf(1), { commit: 'complete' }).firstContent.most).toBe(300_000);
	});
});

describe('the longest wait for a whole answer', () => {
	it('is the response timeout of each attempt', () => {
		const { wholeAnswer } = worstOf(chainOf(2), { policy: { onError: noRetries(), timeouts: { response: 30_000 } } });
		expect(wholeAnswer).toMatchObject({ most: 2 * 35_000, isExact: true });
	});

	it('is the deadline where the provider streams, for a stream that goes on is not silent', () => {
		const { wholeAnswer } = worstOf([{ target: 'a/m', streamUpstream: true }]);
		expect(wholeAnswer.most).toBe(300_000);
		expect(wholeAnswer.steps.at(-1)?.words).toBe('the deadline of the request passes');
	});
});

describe('every worst case', () => {
	it('is what the machine that runs does', () => {
		const route = routeOver([{ target: 'a/m', credentials: 2, prefill: true }, 'b/m']);
		const { worst } = checkProfile(route);
		for (const { steps, most } of [worst.attempts, worst.firstContent, worst.wholeAnswer]) {
			const { states, progress } = replay(route, requestMachine, steps);
			expect(states).toEqual(steps.map(({ requestState }) => requestState));
			expect([progress.attempts, steps.at(-1)?.at]).toContain(most);
		}
	});
});

function noRetries() {
	const transient = ['RATE_LIMIT', 'SERVER_ERROR', 'NETWORK_ERROR', 'MODEL_UNAVAILABLE', 'UNKNOWN_TRANSIENT'];
	return Object.fromEntries(transient.map((category) => [category, { retries: 0, then: ['next' as const] }]));
}

function failFast() {
	const { candidates } = routeOver(chainOf(1));
	const policy = candidates[0]?.policy;
	if (policy === undefined) throw new Error('a chain of one has a target');
	const onError = Object.fromEntries(
		Object.keys(policy.onError).map((key) => [key, { retries: 0, then: ['fail' as const] }]),
	);
	return { ...policy, onError };
}
