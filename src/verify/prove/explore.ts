import type { TotalBound } from './total-bound.ts';

/** One thing that may happen next, and what comes of it. */
export interface Move<Node> {
	/** Where it leads. */
	node: Node;
	/** What it violates, if anything: by property, one sentence each. */
	violations: readonly Violation[];
}

export interface Violation {
	/** The property's id. */
	property: string;
	/** What happened instead, in one sentence. */
	message: string;
	/** It is only told wrongly: what may happen next is still worth exploring. */
	isOnlyTold?: boolean;
}

/** A world to explore: what may happen in each of its states. */
export interface World<Node> {
	initial: Node;
	/** States with the same key have the same future. */
	keyOf(node: Node): string;
	/** Everything that may happen next. */
	moves(node: Node): Iterable<Move<Node>>;
	/**
	 * Of the states with the same key, which are worth exploring besides the first one: for each rank the one that has
	 * most of it, such as the one that took longest. The same number of ranks for every state.
	 */
	ranks?(node: Node): readonly number[];
	/**
	 * States of a lower layer are left before those of a higher one, and a move never leads down. With ranks, what is best
	 * for a state is then known before it is left, so that each is explored about once for each rank.
	 * @returns a small whole number
	 */
	layerOf?(node: Node): number;
}

export interface Bounds {
	/** States after which the exploration stops. */
	states: number;
	/** What this and other explorations may cost together; without it, there is no such bound. */
	total?: TotalBound;
	/** Called now and then, with the states explored so far. */
	onProgress?: (states: number) => void;
}

/** A state that was reached, and how: `from` leads back to the beginning by the shortest way there was. */
export interface Reached<Node> {
	readonly node: Node;
	readonly from: Reached<Node> | undefined;
}

export interface Exploration<Node> {
	/** Distinct states, by key. */
	states: number;
	/** Events that were tried. */
	transitions: number;
	/** Every state was explored: no bound was reached. */
	isComplete: boolean;
	/** For each property that was violated, the first violation; its path ends with the state that it led to. */
	violations: ReadonlyMap<string, { message: string; at: Reached<Node> }>;
	/** Every state that was explored, by key; with ranks, the last one explored for each key. */
	reached: ReadonlyMap<string, Reached<Node>>;
	/** For each key the keys that it leads to. */
	edges: ReadonlyMap<string, ReadonlySet<string>>;
}

/** States between two calls of `onProgress`. */
const PROGRESS_EVERY = 1000;

/** Walks through everything that can happen, the shortest ways first. A state whose behaviour is wrong is not left again. */
export function explore<Node>(world: World<Node>, bounds: Bounds): Exploration<Node> {
	const reached = new Map<string, Reached<Node>>();
	const edges = new Map<string, Set<string>>();
	const best = new Map<string, number[]>();
	const violations = new Map<string, { message: string; at: Reached<Node> }>();
	/** What has been reached and not been left, by layer. */
	const queues: Reached<Node>[][] = [];
	let layer = 0;
	let transitions = 0;
	let isComplete = true;

	function arrive(node: Node, from: Reached<Node> | undefined): void {
		const key = world.keyOf(node);
		if (from !== undefined) edges.get(world.keyOf(from.node))?.add(key);
		if (!isWorthwhile(key, node)) return;
		if (!edges.has(key)) {
			if (edges.size >= bounds.states) {
				isComplete = false;
				return;
			}
			edges.set(key, new Set());
			if (edges.size % PROGRESS_EVERY === 0) bounds.onProgress?.(edges.size);
		}
		const arrival = { node, from };
		reached.set(key, arrival);
		const own = Math.max(layer, world.layerOf?.(node) ?? 0);
		queues[own] ??= [];
		queues[own].push(arrival);
	}

	/** Something that is better in every rank has arrived since. */
	function isOutdone(node: Node): boolean {
		const ranks = world.ranks?.(node);
		if (ranks === undefined || ranks.length === 0) return false;
		const known = best.get(world.keyOf(node));
		return known !== undefined && ranks.every((rank, index) => rank < (known[index] ?? Number.NEGATIVE_INFINITY));
	}

	function isWorthwhile(key: string, node: Node): boolean {
		const ranks = world.ranks?.(node) ?? [];
		const known = best.get(key);
		if (known === undefined) {
			best.set(key, [...ranks]);
			return true;
		}
		let isBetter = false;
		for (const [index, rank] of ranks.entries()) {
			if (rank <= (known[index] ?? Number.NEGATIVE_INFINITY)) continue;
			known[index] = rank;
			isBetter = true;
		}
		return isBetter;
	}

	function leave(from: Reached<Node>): void {
		if (isOutdone(from.node)) return;
		for (const { node, violations: found } of world.moves(from.node)) {
			if (bounds.total?.take() === false) {
				isComplete = false;
				return;
			}
			transitions += 1;
			for (const { property, message } of found) {
				if (!violations.has(property)) violations.set(property, { message, at: { node, from } });
			}
			if (found.every(({ isOnlyTold }) => isOnlyTold)) arrive(node, from);
		}
	}

	arrive(world.initial, undefined);
	for (; layer < queues.length; layer++) {
		const queue = queues[layer] ?? [];
		for (let next = 0; next < queue.length; next++) {
			if (bounds.total?.isReached) {
				isComplete = false;
				break;
			}
			leave(queue[next] as Reached<Node>);
		}
		// What has been left is still told by `reached`; the rest of a long exploration does not need it.
		queues[layer] = [];
	}
	return { states: edges.size, transitions, isComplete, violations, reached, edges };
}

/** The states on the way to this one, the first one first. */
export function pathTo<Node>(reached: Reached<Node>): Node[] {
	const path: Node[] = [];
	for (let at: Reached<Node> | undefined = reached; at !== undefined; at = at.from) path.unshift(at.node);
	return path;
}
