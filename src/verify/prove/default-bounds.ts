/** After what an exploration stops: states of one, unless `--bound` says otherwise, and `total`, unless `--total` does. */
export const defaultBounds = {
	provider: 10_000,
	/** Less for a chain of more than 60 targets: what a state costs grows with the chain. */
	profile: 20_000,
	/** Transitions of the whole check: four times as many as the largest template needs. */
	total: 2_000_000,
} as const;
