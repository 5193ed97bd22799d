import type { Exploration, Move, Reached, World } from '../explore.ts';
import type { Node } from './stage.ts';

/** A world that remembers which ways lead on without an operator. */
export class WatchedWorld implements World<Node> {
	readonly initial: Node;
	readonly #world: World<Node>;
	/** For each key the keys that lead to it. */
	readonly #origins = new Map<string, Set<string>>();
	readonly #closed = new Set<string>();

	constructor(world: World<Node>) {
		this.#world = world;
		this.initial = world.initial;
	}

	keyOf({ key }: Node): string {
		return key;
	}

	ranks(node: Node): readonly number[] {
		return this.#world.ranks?.(node) ?? [];
	}

	*moves(node: Node): Generator<Move<Node>> {
		for (const move of this.#world.moves(node)) {
			if (!move.node.did?.event.type.startsWith('operator.')) this.#note(node, move.node);
			yield move;
		}
	}

	#note(from: Node, to: Node): void {
		if (from.key === to.key) return;
		if (to.run.snapshot.value === 'closed') this.#closed.add(to.key);
		const origins = this.#origins.get(to.key);
		if (origins === undefined) this.#origins.set(to.key, new Set([from.key]));
		else origins.add(from.key);
	}

	/** The first state from which closed is not reached again, if there is one. */
	withoutWayToClosed({ reached }: Exploration<Node>): Reached<Node> | undefined {
		const leads = new Set(this.#closed);
		leads.add(this.initial.key);
		const queue = [...leads];
		for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
			for (const origin of this.#origins.get(key) ?? []) {
				if (leads.has(origin)) continue;
				leads.add(origin);
				queue.push(origin);
			}
		}
		for (const [key, state] of reached) {
			if (!leads.has(key)) return state;
		}
		return undefined;
	}
}
