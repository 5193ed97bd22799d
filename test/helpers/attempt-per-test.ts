import { afterEach, beforeEach } from 'vitest';
import { AttemptBench, type AttemptTestOptions, type WatchedAttempt } from './attempt.ts';
import { startUpstream, type Upstream } from './upstream.ts';

/** The upstream and the bench of the test that runs. */
export interface PerTest {
	readonly upstream: Upstream;
	readonly bench: AttemptBench;
	/** Starts one attempt at the upstream. */
	start(options?: AttemptTestOptions): WatchedAttempt;
}

/** Called once in a file: an upstream and a bench of attempts, both new for each of its tests, and closed after it. */
export function attemptPerTest(): PerTest {
	let upstream: Upstream | undefined;
	let bench: AttemptBench | undefined;
	beforeEach(async () => {
		upstream = await startUpstream();
		bench = new AttemptBench();
	});
	afterEach(async () => {
		await bench?.close();
		await upstream?.close();
	});
	const current = () => {
		if (upstream === undefined || bench === undefined) throw new Error('no test has begun');
		return { upstream, bench };
	};
	return {
		get upstream() {
			return current().upstream;
		},
		get bench() {
			return current().bench;
		},
		start(options) {
			return current().bench.start(current().upstream.baseUrl, options);
		},
	};
}
