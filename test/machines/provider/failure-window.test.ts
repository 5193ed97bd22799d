import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
	countResults,
	emptyWindow,
	type FailureWindow,
	withResult,
} from '../../../machines/provider/failure-window.ts';

const windowMs = 60_000;
/** A multiple of the window, so that slices begin at round times. */
const startMs = 1_000 * windowMs;

/** Results as `[ms since the start, failed]`. */
function windowOf(...results: [atMs: number, failed: boolean][]): FailureWindow {
	return results.reduce((window, [atMs, failed]) => withResult(window, failed, startMs + atMs, windowMs), emptyWindow);
}

function countAt(window: FailureWindow, atMs: number) {
	return countResults(window, startMs + atMs, windowMs);
}

describe('the failure window', () => {
	it('begins empty', () => {
		expect(countAt(emptyWindow, 0)).toEqual({ total: 0, failed: 0 });
	});

	it('counts what failed and what succeeded, in one slice and over several', () => {
		const window = windowOf([0, true], [1, false], [2, true], [30_000, false]);
		expect(countAt(window, 30_000)).toEqual({ total: 4, failed: 2 });
	});

	it('forgets a slice one window after it began, read or written', () => {
		const window = windowOf([0, true], [7_000, true]);
		expect(countAt(window, 59_999)).toEqual({ total: 2, failed: 2 });
		expect(countAt(window, 60_000)).toEqual({ total: 1, failed: 1 });
		expect(countAt(window, 66_000)).toEqual({ total: 0, failed: 0 });
		expect(withResult(window, false, startMs + 60_000, windowMs).slices).toHaveLength(2);
	});

	it('leaves the window that it was given as it was', () => {
		const window = windowOf([0, true]);
		withResult(window, true, startMs, windowMs);
		expect(countAt(window, 0)).toEqual({ total: 1, failed: 1 });
	});

	it('adds to the newest slice when the clock goes backwards', () => {
		const window = windowOf([30_000, true], [10_000, true], [10_001, false]);
		expect(window.slices).toEqual([{ from: startMs + 30_000, succeeded: 1, failed: 2 }]);
	});

	it('holds no more than ten slices, and loses nothing younger than nine of them', () => {
		const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.boolean()), { maxLength: 200 });
		fc.assert(
			fc.property(steps, fc.integer({ min: 1, max: 120_000 }), (gaps, lengthMs) => {
				let window = emptyWindow;
				let now = startMs;
				const results: [at: number, failed: boolean][] = [];
				for (const [gapMs, failed] of gaps) {
					now += gapMs;
					results.push([now, failed]);
					window = withResult(window, failed, now, lengthMs);
				}
				const within = (ageMs: number) => results.filter(([at]) => at > now - ageMs);
				const { total, failed } = countResults(window, now, lengthMs);
				const failures = (some: typeof results) => some.filter(([, isFailure]) => isFailure).length;
				expect(window.slices.length).toBeLessThanOrEqual(10);
				expect(total).toBeLessThanOrEqual(within(lengthMs).length);
				expect(total).toBeGreaterThanOrEqual(within(lengthMs * 0.9).length);
				expect(failed).toBeLessThanOrEqual(failures(within(lengthMs)));
				expect(failed).toBeGreaterThanOrEqual(failures(within(lengthMs * 0.9)));
			}),
		);
	});
});
