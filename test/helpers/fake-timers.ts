import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { vi } from 'vitest';

interface UndiciTimers {
	setFastTimeout(callback: () => void, delayMs: number): unknown;
	clearFastTimeout(timer: unknown): void;
}

const undiciTimers = createRequire(import.meta.url)('undici/lib/util/timers.js') as UndiciTimers;

/**
 * Runs something during which the timers of the program go off only where the test has time pass
 * (`vi.advanceTimersByTime`, ms): however slow the machine is, it runs into none of them. Upstreams, `eventually` and sleeps
 * of `node:timers/promises` go on by the real clock, and so do `Date` and `performance`.
 */
export async function withFakeTimers(run: () => Promise<void>): Promise<void> {
	// undici makes one timer for the whole process at its first need of one: a faked one would stand still ever after.
	undiciTimers.clearFastTimeout(undiciTimers.setFastTimeout(() => {}, 1));
	vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
	try {
		await run();
	} finally {
		vi.useRealTimers();
	}
}

/** Waits for something that is about to become true. Unlike with `vi.waitFor`, no time passes for timers that are faked. */
export async function eventually<T>(check: () => T | Promise<T>): Promise<T> {
	const endsAt = performance.now() + LONGEST_WAIT_MS;
	for (;;) {
		try {
			return await check();
		} catch (error) {
			if (performance.now() > endsAt) throw error;
		}
		await sleep(POLL_MS);
	}
}

/** Met by a failure only. */
const LONGEST_WAIT_MS = 100_000;
const POLL_MS = 5;
