import type { ProfileConfig } from '../../config/config.ts';
import { orderOf, type Standing, withFirst } from '../../gateway/order/order.ts';
import type { PropertyResult } from '../report/report.ts';

/** How many states of knowledge are tried at most. */
const MOST_TRIED = 2000;

/** What can be known of one target: nothing, the best, the worst, and what lies between. */
const samples: readonly Omit<Standing, 'weight'>[] = [
	{ judged: 0, successRate: undefined, latencyMs: undefined, inFlight: 0, price: undefined },
	{ judged: 9, successRate: 1, latencyMs: 1, inFlight: 0, price: 0 },
	{ judged: 9, successRate: 0, latencyMs: undefined, inFlight: 100, price: 1000 },
	{ judged: 9, successRate: 0.5, latencyMs: 60_000, inFlight: 1, price: undefined },
];

const statement =
	'ordering and affinity keep no request from a target: whatever is known of the targets, and wherever a conversation was answered, each is in the order, once';

/**
 * Tries a profile's order on what can be known of its targets: all of it where that is little, else a spread of it.
 * @param order instead of the one that runs: one that is broken on purpose
 * @returns undefined where the chain is asked as it is written
 */
export function orderProperty(
	{ name, chain, order: { by, skipBelow, affinity } }: Pick<ProfileConfig, 'name' | 'chain' | 'order'>,
	order: typeof orderOf = orderOf,
): PropertyResult | undefined {
	if (by === 'fixed' && skipBelow === undefined && affinity === undefined) return undefined;
	const id = 'order-keeps-every-target';
	const isFew = samples.length ** chain.length <= MOST_TRIED;
	const tries = isFew ? samples.length ** chain.length : MOST_TRIED;
	for (let turn = 0; turn < tries; turn += 1) {
		const standings = chain.map(({ weight }, place): Standing => ({ ...sampleAt(turn, place, isFew), weight }));
		const draw = { turn, random: () => ((turn * 7919) % 1000) / 1000 };
		const remembered = affinity === undefined ? [] : [turn % chain.length, (turn + 1) % chain.length];
		const missing = missingFrom(withFirst(order({ by, skipBelow }, standings, draw), remembered), chain.length);
		if (missing === undefined) continue;
		const target = chain[missing]?.target ?? '';
		const message = `profile \`${name}\` does not ask \`${target}\` exactly once where ${standings.map(words).join('; ')}`;
		return { id, statement, holds: false, counterexample: { message, steps: [] } };
	}
	return { id, statement, holds: true };
}

/** Every combination is tried where they are few: the number counts them. Else it is scattered over them. */
function sampleAt(turn: number, place: number, isFew: boolean): (typeof samples)[number] {
	const digit = isFew
		? Math.floor(turn / samples.length ** place)
		: Math.imul(turn * 131 + place + 1, 0x9e3779b1) >>> 16;
	return samples[digit % samples.length] as (typeof samples)[number];
}

/** The first position that is not in an order exactly once. */
function missingFrom(order: readonly number[], length: number): number | undefined {
	const counts = Array.from({ length }, (_, position) => order.filter((one) => one === position).length);
	const wrong = counts.findIndex((count) => count !== 1);
	return wrong === -1 ? undefined : wrong;
}

function words({ judged, successRate, inFlight }: Standing, position: number): string {
	if (judged === 0) return `nothing is known of target ${position + 1}`;
	return `target ${position + 1} succeeds in ${(successRate ?? 0) * 100} % and has ${inFlight} in flight`;
}
