/** States of one exploration after which it stops, unless `--bound` says otherwise. */
export const defaultBounds = {
	provider: 10_000,
	/** Less for a chain of more than 60 targets: what a state costs grows with the chain. */
	profile: 20_000,
} as const;
