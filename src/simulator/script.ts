import type { SimulationStep } from '../contract/simulation.ts';

/** A place in a script. */
export interface Cursor {
	/** Which step. */
	index: number;
	/** When the step began, ms on the caller's clock. */
	enteredAt: number;
	/** Chat requests that the step has had. */
	requests: number;
}

const alwaysAnswer: SimulationStep = { do: 'answer' };

/** The first step, begun `now`. */
export function startOf(now: number): Cursor {
	return { index: 0, enteredAt: now, requests: 0 };
}

/** The step at a cursor; an empty script always answers. */
export function stepAt(script: readonly SimulationStep[], cursor: Cursor): SimulationStep {
	return script[cursor.index] ?? alwaysAnswer;
}

/**
 * Moves past the steps whose time is over. A step begins when the one before it ended, not when somebody looked,
 * so an idle provider keeps to its schedule.
 */
export function passTime(script: readonly SimulationStep[], cursor: Cursor, now: number): Cursor {
	if (script.length === 0) return cursor;
	let place = skipWholeLoops(script, cursor, now);
	for (;;) {
		const endsAt = endOf(script, place);
		if (now < endsAt) return place;
		place = { index: (place.index + 1) % script.length, enteredAt: endsAt, requests: 0 };
	}
}

/** Counts a chat request that comes `now`. The last request of a step ends it, and begins the next one. */
export function passRequest(script: readonly SimulationStep[], cursor: Cursor, now: number): Cursor {
	const place = passTime(script, cursor, now);
	const requests = place.requests + 1;
	const limit = stepAt(script, place).requests;
	if (limit === undefined || requests < limit) return { ...place, requests };
	return { index: (place.index + 1) % script.length, enteredAt: now, requests: 0 };
}

/** When the step at the cursor ends by time, ms; Infinity when only requests end it, or nothing does. */
export function endOf(script: readonly SimulationStep[], cursor: Cursor): number {
	return cursor.enteredAt + (stepAt(script, cursor).for ?? Number.POSITIVE_INFINITY);
}

/** After a laptop slept for a week, the short steps of that week must not be played one by one. */
function skipWholeLoops(script: readonly SimulationStep[], cursor: Cursor, now: number): Cursor {
	const loopMs = script.reduce((sum, step) => sum + (step.for ?? Number.POSITIVE_INFINITY), 0);
	const loops = Math.floor((now - cursor.enteredAt) / loopMs);
	if (!Number.isFinite(loopMs) || !Number.isFinite(loops) || loops <= 0) return cursor;
	return { ...cursor, enteredAt: cursor.enteredAt + loops * loopMs, requests: 0 };
}
