import { describe } from 'vitest';
import { providerMachine } from '../../../../machines/provider/machine.ts';
import { failureSamples } from '../../../../src/verify/prove/failure-samples.ts';
import { aspectsOf } from '../../../../src/verify/prove/provider/aspects.ts';
import { policyWith } from '../../../helpers/policy.ts';
import { itPicksUp } from './picking-up.ts';

/** One state of so many; all of them are deep tests. */
const EVERY = 20;

/** The fewest states; other policies, the defaults among them, are deep tests. */
const policy = policyWith({ breaker: { failureThreshold: 1, minimumVolume: 1 } });

describe.each(
	aspectsOf(providerMachine, policy, failureSamples(policy), { requestsPerMinute: 60, tokensPerMinute: 1_000 }),
)('an actor that is picked up in any state: $name', (aspect) => itPicksUp(aspect, EVERY));
