import type { ProfileConfig } from '../../config/config.ts';
import type { OrderName } from '../../config/order-schema.ts';
import { durationWords } from '../../values/time-text.ts';

const byWhat: Readonly<Record<OrderName, string>> = {
	fixed: 'the order of the chain',
	health: 'the most successful target first',
	latency: 'the fastest target first',
	cost: 'the cheapest target first',
	'least-busy': 'the target with the fewest attempts in flight first',
	weighted: 'by weight and chance',
	'round-robin': 'each target first in turn',
};

/**
 * In which order a profile asks its targets, in one sentence without a full stop.
 * @returns undefined where that is the chain as it is written
 */
export function orderText({ order }: Pick<ProfileConfig, 'order'>): string | undefined {
	const { by, healthWindow, skipBelow, affinity } = order;
	if (by === 'fixed' && skipBelow === undefined && affinity === undefined) return undefined;
	const skips =
		skipBelow === undefined
			? ''
			: `, those that succeed in less than ${Number((skipBelow * 100).toPrecision(3))} % of the last ${durationWords(healthWindow)} last`;
	const stays =
		affinity === undefined
			? ''
			: `, but the target that answered a conversation in the last ${durationWords(affinity)} before it`;
	return `order: ${byWhat[by]}${skips}${stays}; ${startOf(by)}`;
}

function startOf(by: OrderName): string {
	if (by === 'cost')
		return 'targets of one price, or of an unknown one, are asked as in the chain; this case is played in the order of the chain';
	if (by === 'weighted' || by === 'round-robin') return 'this case is played in the order of the chain';
	return 'it starts as the chain, for nothing is known of the targets yet';
}
