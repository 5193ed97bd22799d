import { describe, expect, it } from 'vitest';
import { assign, enqueueActions, sendTo } from 'xstate';
import type { ProviderEvent, ProviderStateName } from '../../../../machines/events.ts';
import { denialReply, newPermit, type ProviderContext } from '../../../../machines/provider/context.ts';
import { afterResult } from '../../../../machines/provider/ledger.ts';
import type { ProviderMachine } from '../../../../machines/provider/machine.ts';
import { type ScopeProperty, scopeProperties } from '../../../../src/verify/prove/scopes/properties.ts';
import { checkScopes } from '../../../../src/verify/prove/scopes/prove-scopes.ts';
import { policyWith } from '../../../helpers/policy.ts';
import { nothing, only, withActions, withGuards, yes } from '../provider/mutants/mutant.ts';

const policy = policyWith();

interface ScopeMutant {
	property: ScopeProperty;
	what: string;
	machine: ProviderMachine;
}

/** The machine, whose denials give nothing back; where they deny at all. */
function denying(denies: (asked: Extract<ProviderEvent, { type: 'permit.requested' }>) => boolean) {
	const deny = enqueueActions<
		ProviderContext,
		ProviderEvent,
		{ state: ProviderStateName },
		ProviderEvent,
		never,
		never,
		never,
		never,
		never
	>(({ context, event, enqueue }, { state }) => {
		const asked = only(event, 'permit.requested');
		const { replyTo, ofModel } = asked;
		if (denies(asked) || ofModel === undefined) enqueue.sendTo(replyTo, denialReply(context, asked, state));
		else enqueue.sendTo(replyTo, { type: 'permit.granted', permit: ofModel.permit });
	});
	return withActions({ deny: deny as never });
}

const mutants: readonly ScopeMutant[] = [
	{
		property: 'both-know-every-permit',
		what: 'a model grants without its key',
		machine: withActions({
			grant: sendTo(
				({ event }) => only(event, 'permit.requested').replyTo,
				({ context, event }) => ({
					type: 'permit.granted' as const,
					permit: newPermit(context, only(event, 'permit.requested'), false),
				}),
			),
		}),
	},
	{
		property: 'permit-needs-both',
		what: 'the word of the model is enough',
		machine: denying(({ ofModel }) => ofModel === undefined),
	},
	{
		property: 'both-know-every-permit',
		what: 'the key does not give back what its model has granted',
		machine: denying(() => true),
	},
	{
		property: 'both-know-every-permit',
		what: 'the key does not hear of results',
		machine: withActions({ passOn: nothing }),
	},
	{
		property: 'both-know-every-permit',
		what: 'what is passed on is given back by the key alone',
		machine: withActions({
			countBack: assign(({ context, event }) => {
				if (!('permit' in event) || context.model !== undefined) return {};
				return { ledger: afterResult(context.ledger, event) };
			}),
		}),
	},
	{
		property: 'broken-model-leaves-siblings',
		what: 'one model that opens opens its key',
		machine: withGuards({ severalModelsFail: yes }),
	},
	{
		property: 'broken-model-leaves-siblings',
		what: 'a failure means to the key what it means to the model',
		machine: withGuards({
			failsProbe: ({ context, event }) =>
				context.probes.some(({ id }) => id === only(event, 'attempt.failed').permit.id),
		}),
	},
	{
		property: 'key-failure-is-for-all',
		what: 'a rejected key opens the model too',
		machine: withGuards({
			tripsBreaker: ({ context, event }) =>
				context.model !== undefined && only(event, 'attempt.failed').failure.category === 'AUTH_ERROR',
		}),
	},
	{
		property: 'settled-once-for-both',
		what: 'the key answers for itself alone',
		machine: withActions({
			settle: sendTo(
				({ context, event }) => context.model?.key ?? only(event, 'attempt.failed').replyTo,
				({ context, event }) => {
					const failed = only(event, 'attempt.failed');
					const { permit, counted, now } = failed;
					if (permit.ofKey !== undefined) return { ...failed, permit: permit.ofKey };
					return { type: 'attempt.settled' as const, retryAt: Math.max(context.until, now), counted };
				},
			),
		}),
	},
];

describe('a key with two models', () => {
	it('keeps every promise, in whatever order things happen', () => {
		const { properties, unexplored, states } = checkScopes(policy);
		expect(properties.filter(({ holds }) => !holds)).toEqual([]);
		expect(properties.map(({ id }) => id)).toEqual(Object.keys(scopeProperties));
		expect(unexplored).toEqual([]);
		expect(states).toBeGreaterThan(500);
	});

	it.each(mutants)('is found out when $what ($property)', ({ property, machine }) => {
		const { properties } = checkScopes(policy, { machine });
		const found = properties.find(({ id }) => id === property);
		expect(found).toMatchObject({ holds: false });
		expect(found?.counterexample?.steps.length).toBeGreaterThan(0);
	});
});
