import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const quick = 'test/**/*.test.ts';
const deep = 'test/**/*.deep.test.ts';
const properties = 'test/**/*.property.test.ts';

process.env.DEEP_SEED ??= String(Math.trunc(Math.random() * 2 ** 31));

export default defineConfig({
	test: {
		// More than there are cores: many tests wait for a timer or for a process of their own.
		maxWorkers: 2 * availableParallelism(),
		// Of the tests that are marked as concurrent, which do next to nothing but wait for a timer.
		maxConcurrency: 10,
		setupFiles: 'test/helpers/restart-clock.ts',
		// Met by a failure only: no test may depend on being quick, and an exploration is a minute of work for a busy machine.
		testTimeout: 600_000,
		hookTimeout: 600_000,
		// A machine of CI that stands still for a second in the midst of a test with timers: it is tried once more, and reported as flaky.
		retry: process.env.CI === undefined ? 0 : 1,
		// Those of the program.
		execArgv: ['--max-semi-space-size=16', '--no-allocation-site-pretenuring'],
		projects: [
			{ extends: true, test: { name: 'quick', include: [quick], exclude: [deep], isolate: false } },
			{ extends: true, test: { name: 'deep', include: [deep, properties], env: { ALL_RUNS: 'yes' } } },
		],
	},
});
