import { describe } from 'vitest';
import { providerMachine } from '../../../../machines/provider/machine.ts';
import { failureSamples } from '../../../../src/verify/prove/failure-samples.ts';
import { aspectsOf } from '../../../../src/verify/prove/provider/aspects.ts';
import { type PolicyChanges, policyWith } from '../../../helpers/policy.ts';
import { itPicksUp } from './picking-up.ts';

describe.each<[string, PolicyChanges]>([
	['the defaults', {}],
	['several probes', { breaker: { probes: 3, successThreshold: 3, failureThreshold: 5 } }],
	['a dead key that is tried again before a failing provider is', { breaker: { authCooldown: 20_000 } }],
	[
		'waits of one ms',
		{ breaker: { cooldown: 1, maxCooldown: 1, quotaCooldown: 1, modelCooldown: 1, probeDeadline: 1 } },
	],
	['waits of more than 24 days', { breaker: { cooldown: 3_000_000_000, quotaCooldown: 3_000_000_000 } }],
])('under %s', (_, changes) => {
	const policy = policyWith(changes);
	describe.each(aspectsOf(providerMachine, policy, failureSamples(policy)))(
		'an actor that is picked up in any state: $name',
		(aspect) => itPicksUp(aspect),
	);
});
