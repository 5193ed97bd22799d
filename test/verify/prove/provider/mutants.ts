import { grants } from './mutants/grants.ts';
import { limits } from './mutants/limits.ts';
import type { Mutant } from './mutants/mutant.ts';
import { permits } from './mutants/permits.ts';
import { policies } from './mutants/policies.ts';
import { recovery } from './mutants/recovery.ts';
import { told } from './mutants/told.ts';
import { trips } from './mutants/trips.ts';

/** For every property that an event can violate, at least one mutant. */
export const mutants: readonly Mutant[] = [
	...grants,
	...limits,
	...trips,
	...recovery,
	...told,
	...permits,
	...policies,
];
