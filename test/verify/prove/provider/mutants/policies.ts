import type { BreakerPolicy } from '../../../../../machines/policy.ts';
import type { Mutant } from './mutant.ts';

const careful: BreakerPolicy['effects'] = { AUTH_ERROR: 'auth', QUOTA_EXCEEDED: 'quota' };

const saying = (property: string, what: string, effects: BreakerPolicy['effects']): Mutant => ({
	property,
	what,
	policy: { breaker: { effects } },
});

/** Policies that say what no machine can make right. */
export const policies: readonly Mutant[] = [
	saying('callers-mistake-is-no-evidence', 'a policy counts BAD_REQUEST', { ...careful, BAD_REQUEST: 'count' }),
	saying('callers-mistake-is-no-evidence', 'a policy sidelines the model after one reason of BAD_REQUEST', {
		...careful,
		'BAD_REQUEST.too_hard': 'model',
	}),
	saying('quota-cools-down', 'a policy counts QUOTA_EXCEEDED', { ...careful, QUOTA_EXCEEDED: 'count' }),
	saying('quota-cools-down', 'a policy takes every empty account for one model’s', {
		...careful,
		QUOTA_EXCEEDED: 'model',
	}),
	saying('rejected-key-opens-at-once', 'a policy ignores AUTH_ERROR', { QUOTA_EXCEEDED: 'quota' }),
	saying('rejected-key-opens-at-once', 'a policy takes every rejected key for one model’s', {
		...careful,
		AUTH_ERROR: 'model',
	}),
	...(['none', 'count', 'cool'] as const).flatMap((effect) => [
		saying('quota-cools-down', `a policy says ${effect} of one reason of QUOTA_EXCEEDED`, {
			...careful,
			'QUOTA_EXCEEDED.daily': effect,
		}),
		saying('rejected-key-opens-at-once', `a policy says ${effect} of one reason of AUTH_ERROR`, {
			...careful,
			'AUTH_ERROR.region': effect,
		}),
	]),
];
