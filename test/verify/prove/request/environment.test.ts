import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../../machines/failure.ts';
import type { ProviderSummary } from '../../../../src/verify/prove/provider/summary.ts';
import { Environment, type EnvironmentMove, type Focus } from '../../../../src/verify/prove/request/environment.ts';
import { stopsOf } from '../../../../src/verify/prove/request/route.ts';
import { nothingSeen, type Seen } from '../../../../src/verify/prove/request/seen.ts';
import { caseStartMs } from '../../../../src/verify/prove/request/world.ts';
import { type RouteOptions, routeOver } from './route.ts';

const serverError: Failure = { category: 'SERVER_ERROR' };
const summary: ProviderSummary = {
	settlements: [{ failure: serverError, offsetsMs: [0, 60_000] }],
	denials: [
		{ state: 'open', reason: 'failures', leastMs: 1, mostMs: 180_000 },
		{ state: 'closed', reason: 'model', leastMs: 5, mostMs: 300_000 },
	],
};
const providers = new Map([['a', summary]]);

/** What can happen to a request on `a/l`, `a/m` that has seen this. */
function choicesFor(seen: Partial<Seen>, { focus = 'everything', ...options }: RouteOptions & { focus?: Focus } = {}) {
	const route = routeOver(['a/l', 'a/m'], { providers, ...options });
	const environment = new Environment(route, stopsOf(route.candidates).all, focus);
	return environment.choices({ ...nothingSeen, searchedFrom: caseStartMs, position: 0, ...seen }, caseStartMs);
}

const typesOf = (choices: readonly EnvironmentMove[]) =>
	[...new Set(choices.map(({ event }) => event.type))].toSorted();
const asked = (early = false) => ({ asked: { id: 'r/1', position: 0, early } });
const running = {
	isRunning: true,
	attempts: 2,
	attemptsHere: 1,
	permit: { id: 'r/1', position: 0, probe: false, refusesPrefill: false },
};

describe('a provider that is asked', () => {
	it('grants, as a probe or not, or denies in every way that it can', () => {
		const choices = choicesFor(asked());
		expect(typesOf(choices)).toEqual(['client.left', 'deadline.passed', 'permit.denied', 'permit.granted']);
		expect(choices.flatMap(({ event }) => (event.type === 'permit.granted' ? [event.permit.probe] : []))).toEqual([
			false,
			true,
		]);
		const denials = choices.flatMap(({ event }) =>
			event.type === 'permit.denied' ? [[event.state, event.reason, event.retryAt - caseStartMs]] : [],
		);
		expect(denials).toEqual([
			['open', 'failures', 1],
			['open', 'failures', 180_000],
			['closed', 'model', 5],
			['closed', 'model', 300_000],
		]);
	});

	it.each(['a', 'a/l'])('grants nothing before the time that it has named for %s, and names no earlier one', (door) => {
		const choices = choicesFor({ ...asked(), closed: { [door]: caseStartMs + 1_000 }, denials: 1 });
		expect(typesOf(choices)).not.toContain('permit.granted');
		const times = choices.flatMap(({ event }) => (event.type === 'permit.denied' ? [event.retryAt - caseStartMs] : []));
		expect(Math.min(...times)).toBe(1_000);
	});

	it('grants what another model of it is denied', () => {
		expect(typesOf(choicesFor({ ...asked(), closed: { 'a/m': caseStartMs + 1_000 } }))).toContain('permit.granted');
	});

	it('may grant a probe before its time when it is asked early, and may have changed what it said', () => {
		const said = { 0: caseStartMs + 1_000 };
		const choices = choicesFor({ ...asked(true), closed: { a: caseStartMs + 1_000 }, said, denials: 2 });
		const granted = choices.flatMap(({ event }) => (event.type === 'permit.granted' ? [event.permit.probe] : []));
		expect(granted).toEqual([true]);
		const times = choices.flatMap(({ event }) => (event.type === 'permit.denied' ? [event.retryAt - caseStartMs] : []));
		expect(times.slice(0, 1)).toEqual([1_000]);
		expect(Math.max(...times)).toBeGreaterThan(1_000);
		expect(Math.min(...times)).toBe(0);
	});
});

describe('an attempt that runs', () => {
	it('completes, answers, breaks with each kind of failure; the client leaves, the deadline passes', () => {
		const choices = choicesFor(running);
		const ofAttempt = ['attempt.answering', 'attempt.broke', 'attempt.completed', 'attempt.silent'];
		const expected = [...ofAttempt, 'client.left', 'deadline.passed', 'probe.answering'];
		expect(typesOf(choices)).toEqual(expected);
		const categories = choices.flatMap(({ event }) => (event.type === 'attempt.broke' ? [event.failure.category] : []));
		expect(new Set(categories).size).toBeGreaterThan(5);
	});

	it('breaks in every category, reason and hint when it is the first', () => {
		const breaks = choicesFor({ ...running, attempts: 1 }).flatMap(({ event }) =>
			event.type === 'attempt.broke' ? [event.failure] : [],
		);
		expect(new Set(breaks.map(({ category }) => category)).size).toBe(9);
		expect(breaks).toContainEqual({ category: 'UNKNOWN_TRANSIENT', reason: 'seam_diverged' });
		expect(breaks).toContainEqual({ category: 'RATE_LIMIT', retryAfterMs: 5_001 });
	});

	it('meets a provider that stays open, and one that closes', () => {
		const settled = choicesFor(running).flatMap(({ event, settledAt }) =>
			event.type === 'attempt.broke' && event.failure.category === 'SERVER_ERROR' && settledAt !== undefined
				? [[event.random, settledAt - caseStartMs]]
				: [],
		);
		expect(settled).toEqual(
			expect.arrayContaining([
				[0, 0],
				[1, 60_000],
			]),
		);
	});

	it('breaks so late that its wait would end at the deadline, or just before', () => {
		const { request: deadline } = routeOver(['a/m']).policy.timeouts;
		const late = choicesFor({ ...running, attempts: 1 }).filter(
			({ isAside, event }) => isAside && event.type !== 'attempt.reconnected',
		);
		const ends = late.map(({ at }) => at - caseStartMs + 400 - deadline);
		expect(ends.filter((end) => end === 0 || end === -1).length).toBeGreaterThan(1);
		expect(late.every(({ event }) => event.type === 'attempt.broke' && event.now < caseStartMs + deadline)).toBe(true);
	});

	it('does not answer bit by bit where nothing is committed before the whole', () => {
		expect(typesOf(choicesFor(running, { commit: 'complete' }))).not.toContain('attempt.answering');
	});

	it('breaks so that it can be carried on, and so that it cannot, once it has answered', () => {
		const choices = choicesFor({ ...running, isAnswering: true, isCommitted: true });
		const continuable = choices.flatMap(({ event }) => (event.type === 'attempt.broke' ? [event.continuable] : []));
		expect(new Set(continuable)).toEqual(new Set([true, false]));
	});

	it('takes as long as its timeouts allow where the longest wait is looked for', () => {
		const at = (focus: Focus, commit?: 'complete') =>
			new Set(choicesFor(running, { focus, ...(commit && { commit }) }).map((choice) => choice.at - caseStartMs));
		expect(at('slow-stream')).toEqual(new Set([15_000]));
		expect(at('slow-document')).toEqual(new Set([125_000]));
		expect(at('slow-stream', 'complete')).toEqual(new Set([300_000]));
	});
});
