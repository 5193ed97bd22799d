/** Set for the deep tests by vitest.config.ts. */
const isDeep = process.env.ALL_RUNS !== undefined;

/** How often a property is tried: so often by the deep tests, which run the files `*.property.test.ts` too, and a quarter otherwise. */
export function runs(count: number): { numRuns: number } {
	return { numRuns: isDeep ? count : Math.ceil(count / 4) };
}
