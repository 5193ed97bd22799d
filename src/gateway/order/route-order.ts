import type { Config, OrderConfig, TargetConfig } from '../../config/config.ts';
import type { KeyOrderName } from '../../config/order-schema.ts';
import type { OrderRule } from './order.ts';

/** How the targets of a route, and the keys of each, are ordered. */
export interface RouteOrder {
	readonly rule: OrderRule;
	/** How far back successes and times count, ms. */
	readonly windowMs: number;
	/** How long it is remembered where a conversation was answered, ms; undefined: it is not. */
	readonly affinityMs: number | undefined;
	/** By target. */
	readonly weights: ReadonlyMap<string, number>;
	/** By provider, of those with several keys that are not asked as they are listed. */
	readonly keys: ReadonlyMap<string, KeyOrderName>;
}

/**
 * @param order of a profile; undefined: the chain as it is written
 * @returns undefined where nothing is ordered, and a request has nothing to pay for it
 */
export function routeOrderOf(
	order: OrderConfig | undefined,
	chain: readonly TargetConfig[],
	providers: Config['providers'],
): RouteOrder | undefined {
	const used = [...new Set(chain.map(({ provider }) => provider))];
	const keys = new Map(
		used.flatMap((name): [string, KeyOrderName][] => {
			const { keys: by = 'in-order', credentials = [] } = providers[name] ?? {};
			return by === 'in-order' || credentials.length < 2 ? [] : [[name, by]];
		}),
	);
	const { by = 'fixed', healthWindow = 0, skipBelow, affinity: affinityMs } = order ?? {};
	const isPlain = by === 'fixed' && skipBelow === undefined && affinityMs === undefined;
	if (isPlain && keys.size === 0) return undefined;
	const weights = new Map(chain.map(({ target, weight }) => [target, weight]));
	return { rule: { by, skipBelow }, windowMs: healthWindow, affinityMs, weights, keys };
}
