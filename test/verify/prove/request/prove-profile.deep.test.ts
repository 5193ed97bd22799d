import { describe, expect, it } from 'vitest';
import { requestProperties } from '../../../../src/verify/prove/request/properties.ts';
import { checkProfile } from '../../../../src/verify/prove/request/prove-profile.ts';
import { deepSample } from '../../../helpers/deep-sample.ts';
import { deadlineMutants } from './deadline-mutants.ts';
import { routeOf } from './mutant.ts';
import { mutants as grossMutants } from './mutants.ts';
import { nearMisses } from './near-misses.ts';
import { openingMutants } from './opening-mutants.ts';
import { beginning, caseAgainst, chainOf, replay, routeOver, violated } from './route.ts';
import { silenceMutants } from './silence-mutants.ts';

const mutants = [...grossMutants, ...deadlineMutants, ...nearMisses, ...silenceMutants, ...openingMutants];

const allWays = routeOver([
	{ target: 'a/l', credentials: 2, contextWindow: 8_000, prefill: true },
	{ target: 'b/l', contextWindow: 4_000, streamUpstream: true },
	'c/l',
]);

describe('the request machine that runs', () => {
	it.each([
		['one target', routeOver(chainOf(1))],
		['two targets', routeOver(chainOf(2))],
		['five targets', routeOver(chainOf(5))],
		['the same target twice', routeOver(['a/m', 'b/m', 'a/m', 'a/m'])],
		['models of one provider', routeOver(['a/l', 'a/m', 'a/s', 'b/m'])],
		[
			'models with actors of their own',
			routeOver([{ target: 'a/l', hasOwnActor: true }, { target: 'a/m', hasOwnActor: true }, 'b/m']),
		],
		['several credentials, windows and prefills', allWays],
		['a stream that is committed when it is complete', routeOver(chainOf(2), { commit: 'complete' })],
		['an early round', routeOver(chainOf(3), { policy: { whenAllDenied: 'try-soonest' } })],
		['a wait for an opening', routeOver(chainOf(3), { policy: { whenAllDenied: { wait: 60_000 } } })],
		['answers that say nothing passed on', routeOver(chainOf(3), { policy: { emptyAnswer: 'pass' } })],
		['no continuation', routeOver(chainOf(3), { policy: { continuation: { maxContinuations: 0 } } })],
		['a deadline that cuts everything short', routeOver(chainOf(3), { policy: { timeouts: { request: 400 } } })],
		['no backoff', routeOver(chainOf(2), { policy: { retry: { backoff: 0, maxBackoff: 0, maxRetryAfter: 0 } } })],
		[
			'another credential after a rejected key',
			routeOver([{ target: 'a/l', credentials: 3 }, 'b/m'], {
				policy: { onError: { AUTH_ERROR: { retries: 0, then: ['credential', 'fail'] } } },
			}),
		],
	])('holds everything with %s, and all of it is explored', (_, route) => {
		const report = checkProfile(route);
		expect(report.properties.filter(({ holds }) => !holds)).toEqual([]);
		expect(report.properties).toHaveLength(Object.keys(requestProperties).length);
		expect(report.unexplored).toEqual([]);
		expect(Object.values(report.worst).every(({ isExact }) => isExact)).toBe(true);
	});

	it('explores a profile of eight targets, an early round and five continuations completely', () => {
		const policy = { whenAllDenied: 'try-soonest', continuation: { maxContinuations: 5 } } as const;
		const report = checkProfile(routeOver(chainOf(8), { policy }));
		expect(report.unexplored).toEqual([]);
		expect(violated(report)).toEqual([]);
	});
});

describe('a broken request machine', () => {
	it.each(deepSample(mutants))('that $name is found: $breaks', (mutant) => {
		const route = routeOf(mutant);
		const { steps, message } = caseAgainst(checkProfile(route, { machine: mutant.machine }), mutant.breaks);
		expect(message).not.toBe('');
		const { states, error } = replay(route, mutant.machine, steps);
		if (mutant.breaks === 'never-throws') expect(error).toBeInstanceOf(Error);
		else expect(states).toEqual(steps.map(({ requestState }) => requestState));
		expect(steps.map(({ at }) => at)).toEqual(steps.map(({ at }) => at).toSorted((a, b) => a - b));
	});

	it('that does not start is found, and nothing else is said to be explored', () => {
		const machine = beginning(() => {
			throw new Error('it does not know where');
		});
		const report = checkProfile(routeOver(chainOf(2)), { machine });
		expect(violated(report)).toEqual(['never-throws']);
		expect(report.unexplored).toEqual(['nothing was explored: the machine does not start']);
		expect(report.worst.attempts).toEqual({ most: 0, isExact: false, steps: [] });
		const { steps, message } = caseAgainst(report, 'never-throws');
		expect([steps, message]).toEqual([[], 'the machine throws: it does not know where']);
	});

	it('is known for every property', () => {
		expect([...new Set(mutants.map(({ breaks }) => breaks))].toSorted()).toEqual(
			Object.keys(requestProperties).toSorted(),
		);
	});
});

describe('a policy', () => {
	it('that retries an empty account, which its effects leave open, is found', () => {
		const route = routeOver(chainOf(2), {
			policy: {
				onError: { QUOTA_EXCEEDED: { retries: 1, then: ['next'] } },
				breaker: { effects: { QUOTA_EXCEEDED: 'none' } },
			},
		});
		const { steps, message } = caseAgainst(checkProfile(route), 'spent-credential-left-alone');
		expect(message).toContain('p0');
		expect(steps.map(({ words }) => words)).toEqual([
			'p0/m is asked: granted',
			'p0/m fails with QUOTA_EXCEEDED after 0 ms',
			'p0/m would grant again at once',
			'400 ms are waited, then p0/m is tried again',
		]);
		expect(steps.map(({ requestState }) => requestState)).toEqual(['attempting', 'settling', 'waiting', 'asking']);
		expect(steps[0]).toMatchObject({ by: 'provider', provider: 'p0', target: 'p0/m', providerState: 'closed' });
	});
});

describe('a long chain', () => {
	it('costs about as much more as it is longer', () => {
		const states = [5, 10, 20].map((length) => {
			const report = checkProfile(routeOver(chainOf(length)), { bounds: { states: 100_000 } });
			expect(report.unexplored).toEqual([]);
			return report.states;
		});
		for (const [index, count] of states.slice(1).entries()) expect(count / (states[index] ?? 0)).toBeLessThan(2.5);
	});

	it('of five hundred targets stops at the bound and says what is not covered', () => {
		const report = checkProfile(routeOver(chainOf(500)), { bounds: { states: 2_000 } });
		expect(report.unexplored).toHaveLength(1);
		expect(report.unexplored[0]).toMatch(/^the exploration stopped after 2000 states: .* 500 targets .*not covered/);
		expect(report.worst.attempts.isExact).toBe(false);
	});
});
