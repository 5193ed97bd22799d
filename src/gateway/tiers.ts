import type { TierConfig } from '../config/config.ts';
import { Refusal } from '../contract/refusal.ts';
import { clip } from '../values/clip.ts';

/** Targets by what they cost. */
export class Tiers {
	/** The cheapest first. */
	readonly names: readonly string[];
	readonly #ranks: ReadonlyMap<string, number>;
	readonly #rankOfTarget: ReadonlyMap<string, number>;

	/** @param tiers the cheapest first */
	constructor(tiers: readonly TierConfig[]) {
		this.names = tiers.map(({ name }) => name);
		this.#ranks = new Map(this.names.map((name, rank) => [name.toLowerCase(), rank]));
		this.#rankOfTarget = new Map(
			tiers.flatMap(({ targets }, rank) => targets.map((target): [string, number] => [target, rank])),
		);
	}

	/** @returns undefined for a target that is in no tier */
	rankOf(target: string): number | undefined {
		return this.#rankOfTarget.get(target);
	}

	/**
	 * @param param in which the caller names it
	 * @throws Refusal where there is no such tier
	 */
	rankNamed(name: string, param: string): number {
		const rank = this.#ranks.get(name.trim().toLowerCase());
		if (rank !== undefined) return rank;
		const known = this.names.length === 0 ? 'the configuration has none' : `the tiers are ${this.names.join(', ')}`;
		throw new Refusal('unknown_tier', `There is no tier '${clip(name)}'; ${known}.`, param);
	}
}
