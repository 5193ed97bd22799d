/** The part of the cases that is run, up to 1; by default all of them. */
const share = Number(process.env.DEEP_SHARE ?? 1);
/** Given by vitest.config.ts where nobody gives one. */
const seed = Number(process.env.DEEP_SEED ?? 0);

/**
 * The cases of a deep test that are run: all of them, or `DEEP_SHARE` of them, such as 0.5, in their order and at least
 * one. `DEEP_SEED` says which; it is printed, so that a failure can be repeated.
 */
export function deepSample<T>(cases: readonly T[]): T[] {
	if (!(share > 0 && share <= 1))
		throw new RangeError(`DEEP_SHARE is ${process.env.DEEP_SHARE}, not above 0 and up to 1`);
	if (share === 1) return [...cases];
	const count = Math.max(1, Math.round(cases.length * share));
	console.info(`${count} of ${cases.length} cases; to repeat: DEEP_SHARE=${share} DEEP_SEED=${seed}`);
	const random = randomFrom(seed);
	const ranks = cases.map(() => random());
	const last = ranks.toSorted((a, b) => a - b)[count - 1] ?? 1;
	return cases.filter((_, index) => (ranks[index] ?? 1) <= last);
}

/** Mulberry32, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c: from 0 to 1. */
function randomFrom(start: number): () => number {
	let state = start;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}
