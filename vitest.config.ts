import { defineConfig } from 'vitest/config';

const quick = 'test/**/*.test.ts';
const deep = 'test/**/*.deep.test.ts';

export default defineConfig({
	test: {
		// Met by a failure only: no test may depend on being quick.
		testTimeout: 60_000,
		hookTimeout: 60_000,
		projects: [
			{ extends: true, test: { name: 'quick', include: [quick], exclude: [deep], isolate: false } },
			{ extends: true, test: { name: 'deep', include: [deep] } },
		],
	},
});
