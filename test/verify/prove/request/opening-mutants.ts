import { openingToAwait } from '../../../../machines/request/failover.ts';
import { requestMachine } from '../../../../machines/request/machine.ts';
import type { Progress } from '../../../../machines/request/progress.ts';
import { opened } from '../../../../machines/request/progress-updates.ts';
import { guarding, type Mutant, noting } from './mutant.ts';
import { chainOf, routeOver } from './route.ts';

const wait = 60_000;
const waits = routeOver(chainOf(2), { policy: { whenAllDenied: { wait } } });

/** It waits where the policy is another. */
function awaiting(change: (progress: Progress) => Progress) {
	return guarding('mayAwaitOpening', (progress) => openingToAwait(change(progress)) !== undefined);
}

/** Machines that are wrong about waiting for a target to open. */
export const openingMutants: readonly Mutant[] = [
	{
		name: 'never waits for a target to open',
		breaks: 'opening-is-awaited',
		machine: guarding('mayAwaitOpening', () => false),
		route: waits,
	},
	{
		name: 'does not wait for as long as the policy says',
		breaks: 'opening-is-awaited',
		machine: awaiting((progress) => ({
			...progress,
			policy: { ...progress.policy, whenAllDenied: { wait: wait - 1 } },
		})),
		route: waits,
	},
	{
		name: 'waits longer than the policy says',
		breaks: 'opening-is-awaited',
		machine: awaiting((progress) => ({
			...progress,
			policy: { ...progress.policy, whenAllDenied: { wait: wait + 1 } },
		})),
		route: waits,
	},
	{
		name: 'waits although the policy says fail',
		breaks: 'opening-is-awaited',
		machine: awaiting((progress) => ({ ...progress, policy: { ...progress.policy, whenAllDenied: { wait } } })),
	},
	{
		name: 'waits again and again',
		breaks: 'opening-is-awaited',
		machine: noting('noteOpening', (progress) => ({ ...opened(progress), hasAwaitedOpening: false })),
		route: waits,
	},
	{
		name: 'waits until the deadline',
		breaks: 'opening-is-awaited',
		machine: awaiting((progress) => ({ ...progress, deadlineAt: Number.MAX_SAFE_INTEGER })),
		route: routeOver(chainOf(2), { policy: { whenAllDenied: { wait }, timeouts: { request: wait } } }),
	},
	{
		name: 'waits for the whole time, however soon a target opens',
		breaks: 'opening-is-awaited',
		machine: requestMachine.provide({ delays: { opening: () => wait } }),
		route: routeOver(chainOf(2), { policy: { whenAllDenied: { wait: 2 * wait } } }),
	},
	{
		name: 'goes on below the target that opened',
		breaks: 'no-target-passed-over',
		machine: noting('noteOpening', (progress) => ({ ...opened(progress), position: 1 })),
		route: waits,
	},
	{
		name: 'writes the wait for an opening as one before a retry',
		breaks: 'trace-is-true',
		machine: noting('noteOpening', (progress) => {
			const after = opened(progress);
			const trace = after.trace.map((step) => {
				if (step.did !== 'wait') return step;
				const { isForOpening: _, ...plain } = step;
				return plain;
			});
			return { ...after, trace };
		}),
		route: waits,
	},
];
