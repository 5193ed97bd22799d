import type { SnapshotFrom } from 'xstate';
import { limitedUntil, type ProviderContext } from '../../machines/provider/context.ts';
import { countResults } from '../../machines/provider/failure-window.ts';
import type { providerMachine } from '../../machines/provider/machine.ts';
import { stateNameOf } from '../../machines/provider/memory.ts';
import type { ProviderHealth } from '../contract/service.ts';
import { clock, rfc3339 } from '../values/clock.ts';

/** What the outside is shown of a provider actor: its state and its counters, none of its policy, no key. */
export function providerHealth(snapshot: SnapshotFrom<typeof providerMachine>): ProviderHealth {
	const { context } = snapshot;
	const { lastFailure } = context;
	const fitsAt = limitedUntil(context, 0, clock.now());
	return {
		state: stateNameOf(snapshot),
		since: rfc3339(context.since),
		reason: context.reason ?? null,
		retryAt: context.until === 0 ? null : rfc3339(context.until),
		consecutiveFailures: context.consecutiveFailures,
		recentResults: countResults(context.window, clock.now(), context.policy.breaker.window),
		probesInFlight: context.probes.length,
		unavailableModels: Object.fromEntries(
			Object.entries(context.unavailable).flatMap(([model, until]) =>
				until > clock.now() ? [[model, rfc3339(until)]] : [],
			),
		),
		...(fitsAt > clock.now() && { limitedUntil: rfc3339(fitsAt) }),
		lastFailure:
			lastFailure === undefined
				? null
				: {
						category: lastFailure.category,
						reason: lastFailure.reason ?? null,
						status: lastFailure.status ?? null,
						model: lastFailure.model,
						at: rfc3339(lastFailure.at),
					},
	};
}

/**
 * Whether an operator's action changed what is known of a provider. The same trip given twice moves its end by the time in
 * between, which is no change; a longer or a shorter one is.
 */
export function differs(before: ProviderContext, after: ProviderContext): boolean {
	const isSameEnd = after.until === before.until || after.waitMs === before.waitMs;
	if (before.reason !== after.reason || !isSameEnd) return true;
	const isForgotten = Object.keys(before.unavailable).length > 0 || before.window.slices.length > 0;
	return isForgotten && after.window.slices.length === 0 && Object.keys(after.unavailable).length === 0;
}
