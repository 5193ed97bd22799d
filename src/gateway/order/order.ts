import type { KeyOrderName, OrderName } from '../../config/order-schema.ts';

/** What is known of a target when a request is about to ask for it. */
export interface Standing {
	/** Attempts that ended within the window, and were its own doing. */
	readonly judged: number;
	/** The share of them that succeeded, 0 to 1; undefined without any. */
	readonly successRate: number | undefined;
	/** What a client waited for, ms: of a streamed answer for its first token, of another for all of it; undefined where it is not known. */
	readonly latencyMs: number | undefined;
	/** Attempts under way. */
	readonly inFlight: number;
	/** USD per million tokens; undefined where it is not known, or does not matter. */
	readonly price: number | undefined;
	readonly weight: number;
}

/** How often a key was used, and is. */
export interface KeyUse {
	/** Attempts that began in the last ten minutes. */
	readonly used: number;
}

export interface OrderRule {
	readonly by: OrderName;
	/** Targets with a lower share of successes go last; undefined: none do. */
	readonly skipBelow: number | undefined;
}

/** What the order of one request has from chance and from those before it. */
export interface Draw {
	/** 0 to 1, another one each time. */
	random(): number;
	/** How many requests were ordered before this one. */
	readonly turn: number;
}

/** Shares of successes that differ by less are the same: one failure in a hundred must not turn a chain around. */
const HEALTH_STEP = 0.05;

/**
 * The order in which targets are asked. It only orders: whatever is known, every target is in it once.
 * @param standings of the targets, in the order of the chain, by which ties are broken
 * @returns their positions in the chain
 */
export function orderOf({ by, skipBelow }: OrderRule, standings: readonly Standing[], draw: Draw): number[] {
	const rank = ranks[by];
	const ranked = standings.map((standing, position) => ({
		position,
		isSkipped: isBelow(standing, skipBelow),
		rank: rank(standing, position, { random: draw.random, turn: draw.turn, among: standings.length }),
	}));
	ranked.sort((a, b) => compare(Number(a.isSkipped), Number(b.isSkipped)) || compare(a.rank, b.rank));
	return ranked.map(({ position }) => position);
}

/**
 * The order in which the keys of one target are asked.
 * @returns their positions
 */
export function keyOrderOf(by: KeyOrderName, uses: readonly KeyUse[], turn: number): number[] {
	const rank = (position: number) => {
		if (by === 'least-used') return uses[position]?.used ?? 0;
		return by === 'round-robin' ? inTurn(position, turn, uses.length) : position;
	};
	return [...uses.keys()].sort((a, b) => compare(rank(a), rank(b)));
}

/**
 * The same order, with some put first.
 * @param first the best first; what is not in the order is passed over
 */
export function withFirst(order: readonly number[], first: readonly number[]): number[] {
	const leading = [...new Set(first)].filter((position) => order.includes(position));
	return [...leading, ...order.filter((position) => !leading.includes(position))];
}

/** Has a target too few successes to be asked before others? */
export function isBelow({ successRate = 1 }: Partial<Pick<Standing, 'successRate'>>, skipBelow = 0): boolean {
	return successRate < skipBelow;
}

type Rank = (standing: Standing, position: number, draw: Draw & { readonly among: number }) => number;

/** What is lower goes first. */
const ranks: Readonly<Record<OrderName, Rank>> = {
	fixed: () => 0,
	health: ({ successRate = 1 }) => -Math.floor(successRate / HEALTH_STEP + 1e-9),
	latency: latencyRank,
	cost: ({ price = Number.POSITIVE_INFINITY }) => price,
	'least-busy': ({ inFlight }) => inFlight,
	// Each draws a time to wait, the shorter the more it weighs: the first is a target as often as its share says.
	weighted: ({ weight }, _position, { random }) =>
		weight > 0 ? -Math.log1p(-Math.min(random(), 1 - Number.EPSILON)) / weight : Number.POSITIVE_INFINITY,
	'round-robin': (_standing, position, { turn, among }) => inTurn(position, turn, among),
};

/**
 * A target of which nothing is known, or nothing any more, is found out about by one request at a time; one that was tried and
 * did not answer goes last.
 */
function latencyRank({ judged, latencyMs, inFlight }: Standing): number {
	if (latencyMs !== undefined) return latencyMs;
	return judged === 0 && inFlight === 0 ? -1 : Number.POSITIVE_INFINITY;
}

function inTurn(position: number, turn: number, among: number): number {
	return (position - (turn % among) + among) % among;
}

/** Not by a difference: that of two infinities is no number. */
function compare(a: number, b: number): number {
	if (a === b) return 0;
	return a < b ? -1 : 1;
}
