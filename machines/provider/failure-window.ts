/** The results of the recent past, in slices, so that its size does not grow with the traffic. */
export interface FailureWindow {
	readonly slices: readonly Slice[];
}

interface Slice {
	/** When the slice began, ms since the epoch; a multiple of the slice's length. */
	readonly from: number;
	readonly succeeded: number;
	readonly failed: number;
}

const SLICES_PER_WINDOW = 10;

export const emptyWindow: FailureWindow = { slices: [] };

/**
 * The window with one more result in it, and without what is older than `windowMs`.
 * @param now ms since the epoch; a clock that went backwards adds to the newest slice
 */
export function withResult(window: FailureWindow, failed: boolean, now: number, windowMs: number): FailureWindow {
	const sliceMs = windowMs / SLICES_PER_WINDOW;
	const newest = window.slices.at(-1);
	const from = Math.max(Math.floor(now / sliceMs) * sliceMs, newest?.from ?? 0);
	const current = newest?.from === from ? newest : { from, succeeded: 0, failed: 0 };
	const oldest = window.slices[0];
	// Nearly always the newest slice only grows: this is on the way of every healthy request.
	const older =
		current === newest && oldest !== undefined && oldest.from > now - windowMs
			? window.slices.slice(0, -1)
			: window.slices.filter((slice) => slice.from < from && slice.from > now - windowMs);
	const { succeeded, failed: failedBefore } = current;
	const added = failed
		? { from, succeeded, failed: failedBefore + 1 }
		: { from, succeeded: succeeded + 1, failed: failedBefore };
	older.push(added);
	return { slices: older };
}

/**
 * The window without one failure, where it still holds it.
 * @param failedAt when it failed, ms since the epoch
 */
export function withoutFailure({ slices }: FailureWindow, failedAt: number): FailureWindow {
	const index = slices.findLastIndex(({ from }) => from <= failedAt);
	const slice = slices[index];
	if (slice === undefined || slice.failed === 0) return { slices };
	return { slices: slices.with(index, { ...slice, failed: slice.failed - 1 }) };
}

/**
 * How many results the window holds at `now`, and how many of them failed.
 */
export function countResults(window: FailureWindow, now: number, windowMs: number): { total: number; failed: number } {
	const recent = window.slices.filter((slice) => slice.from > now - windowMs);
	const failed = recent.reduce((sum, slice) => sum + slice.failed, 0);
	return { failed, total: failed + recent.reduce((sum, slice) => sum + slice.succeeded, 0) };
}
