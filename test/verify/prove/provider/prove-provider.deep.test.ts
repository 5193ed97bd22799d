import { describe, expect, it } from 'vitest';
import type { Policy } from '../../../../machines/policy.ts';
import { providerMachine } from '../../../../machines/provider/machine.ts';
import { smallRates } from '../../../../src/verify/prove/provider/aspects.ts';
import { checkProvider } from '../../../../src/verify/prove/provider/prove-provider.ts';
import type { ProviderReport } from '../../../../src/verify/report/report.ts';
import { deepSample } from '../../../helpers/deep-sample.ts';
import { type PolicyChanges, policyWith } from '../../../helpers/policy.ts';
import { mutants } from './mutants.ts';
import { replay } from './replay.ts';

/** A machine that is wrong can have states without end. */
const bounds = { states: 1_500 };

const failing = ({ properties }: ProviderReport) => properties.filter(({ holds }) => !holds).map(({ id }) => id);

function counterexampleOf(report: ProviderReport, property: string) {
	const found = report.properties.find(({ id }) => id === property)?.counterexample;
	if (found === undefined)
		throw new Error(`${property} holds; what fails is ${failing(report).join(', ') || 'nothing'}`);
	return found;
}

describe('the provider machine', () => {
	it.each<[string, PolicyChanges]>([
		['the shipped policy', {}],
		['one failure and one result', { breaker: { failureThreshold: 1, minimumVolume: 1 } }],
		['several probes', { breaker: { probes: 3, successThreshold: 3, failureThreshold: 5 } }],
		['a cooldown that does not grow', { breaker: { cooldownFactor: 1, cooldownJitter: 0 } }],
		['a cooldown that grows slowly', { breaker: { cooldown: 1_000, maxCooldown: 86_400_000, cooldownFactor: 1.2 } }],
		['no patience', { retry: { maxRetryAfter: 0 } }],
		[
			'waits of one ms',
			{ breaker: { cooldown: 1, maxCooldown: 1, quotaCooldown: 1, modelCooldown: 1, probeDeadline: 1 } },
		],
		[
			'reasons of a rejected key and of an empty account that concern one model',
			{
				breaker: {
					effects: {
						...policyWith().breaker.effects,
						'AUTH_ERROR.permission': 'model',
						'QUOTA_EXCEEDED.per_model': 'model',
					},
				},
			},
		],
		['a dead key that is tried again before a failing provider is', { breaker: { authCooldown: 20_000 } }],
		['waits of 24 days', { breaker: { cooldown: 2_073_600_000, quotaCooldown: 2_073_600_000 } }],
	])('holds under %s, and nothing is left out', (_, changes) => {
		const report = checkProvider(['a'], policyWith(changes));
		expect(failing(report)).toEqual([]);
		expect(report.unexplored).toEqual([]);
		expect(report.states).toBeGreaterThan(500);
		expect(report.transitions).toBeLessThan(130_000);
	});

	it.each([
		['of requests', { requestsPerMinute: 60 }],
		['of tokens', { tokensPerMinute: 100_000 }],
		['of both', { requestsPerMinute: 60, tokensPerMinute: 100_000 }],
	])('keeps a limit per minute %s, and nothing is left out', (_, rates) => {
		const report = checkProvider(['a'], policyWith(), { rates });
		expect(failing(report)).toEqual([]);
		expect(report.unexplored).toEqual([]);
		expect(report.transitions).toBeLessThan(130_000);
		expect(report.summary.denials).toContainEqual({ state: 'closed', reason: 'limit', leastMs: 0, mostMs: 60_000 });
	});

	it('keeps to a retry budget, and nothing is left out', () => {
		const report = checkProvider(['a'], policyWith({ retry: { budget: { share: 0.2, floor: 10 } } }));
		expect(failing(report)).toEqual([]);
		expect(report.unexplored).toEqual([]);
		expect(report.transitions).toBeLessThan(130_000);
	});

	it('grants the share of a ramp, and nothing is left out', () => {
		const report = checkProvider(['a'], policyWith({ breaker: { ramp: 30_000 } }));
		expect(report.summary.denials).toContainEqual({ state: 'closed', reason: 'ramp', leastMs: 0, mostMs: 30_000 });
		expect(failing(report)).toEqual([]);
		expect(report.unexplored).toEqual([]);
		expect(report.transitions).toBeLessThan(130_000);
	});

	it('is not called explored where a bound was reached', () => {
		const report = checkProvider(['a'], policyWith(), { bounds: { states: 100 } });
		expect(report.unexplored.join()).toContain('stopped at its bound of 100 states');
	});

	it('is not called explored where a number is too large to be reached', () => {
		const report = checkProvider(['a'], policyWith({ breaker: { minimumVolume: 1_000_000 } }));
		expect(failing(report)).toEqual([]);
		expect(report.unexplored.join()).toContain('breaker.minimumVolume is 1000000');
	});
});

describe('the check of a provider', () => {
	it('has a mutant for each of its properties', () => {
		const ids = checkProvider(['a'], policyWith()).properties.map(({ id }) => id);
		expect(ids).toEqual(expect.arrayContaining([...new Set(mutants.map(({ property }) => property))]));
		expect(ids.filter((id) => !mutants.some(({ property }) => property === id))).toEqual([]);
	});

	it.each(deepSample(mutants))(
		'finds $property when $what',
		({ property, machine = providerMachine, policy = {}, rates }) => {
			const fileOwn = policyWith(policy);
			const counterexample = counterexampleOf(checkProvider(['a'], fileOwn, { machine, bounds, rates }), property);
			const under: Policy = counterexample.policy ?? fileOwn;
			const { told, seen } = replay(
				machine,
				under,
				counterexample,
				rates && { concurrent: 2, rates: smallRates(rates) },
			);
			if (property !== 'never-throws') expect(seen).toEqual(told);
			expect(seen.at(-1)).toBe(property === 'never-throws' ? 'threw' : told.at(-1));
		},
	);
});
