import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Clock, clock, rfc3339 } from '../../src/values/clock.ts';

const hour = 3_600_000;
const start = Date.UTC(2026, 2, 1);

/** A clock whose two sources go as told. */
function started() {
	const time = { wall: start, elapsed: 5000 };
	const made = new Clock(
		() => Math.floor(time.wall),
		() => time.elapsed,
	);
	const pass = (ms: number) => {
		time.wall += ms;
		time.elapsed += ms;
	};
	return { clock: made, time, pass };
}

test('goes as the wall clock does, while that is right', () => {
	const { clock: made, pass } = started();
	expect(made.now()).toBe(start);
	pass(1234);
	expect(made.now()).toBe(start + 1234);
	expect(made.toWall(made.now())).toBe(start + 1234);
});

test('goes on at the same pace where the wall clock is set back, and shows what the wall shows', () => {
	const { clock: made, time, pass } = started();
	made.now();
	time.wall -= hour;
	expect(made.now()).toBe(start);
	pass(1000);
	expect(made.now()).toBe(start + 1000);
	expect(made.toWall(start + 60_000)).toBe(start + 60_000 - hour);
	expect(made.fromWall(made.toWall(start))).toBe(start);
});

test('goes ahead with the wall clock, as after a suspend', () => {
	const { clock: made, time } = started();
	time.wall += hour;
	expect(made.now()).toBe(start + hour);
	expect(made.toWall(start)).toBe(start);
});

test('shows one moment as one time, whatever is rounded, and the right time again once the wall clock has caught up', () => {
	const { clock: made, time, pass } = started();
	time.wall -= hour;
	const shown = new Set<number>();
	for (let step = 0; step < 50; step++) {
		pass(0.3);
		shown.add(made.toWall(start));
	}
	expect(shown.size).toBe(1);
	time.wall += hour;
	expect(made.toWall(start)).toBe(start);
});

test('never goes back, and never stands still, whatever the wall clock does', () => {
	const leaps = fc.array(
		fc.record({ leap: fc.integer({ min: -hour, max: hour }), ms: fc.integer({ min: 1, max: 10_000 }) }),
	);
	fc.assert(
		fc.property(leaps, (steps) => {
			const { clock: made, time, pass } = started();
			let last = made.now();
			for (const { leap, ms } of steps) {
				time.wall += leap;
				pass(ms);
				const now = made.now();
				expect(now).toBeGreaterThanOrEqual(last + ms - 1);
				expect(now).toBeGreaterThanOrEqual(time.wall);
				last = now;
			}
		}),
	);
});

test('the clock of the process is right, and a time past what a date can hold is shown as the last one', () => {
	const before = Date.now();
	const now = clock.now();
	expect(now).toBeGreaterThanOrEqual(before);
	expect(rfc3339(now)).toBe(new Date(now).toISOString());
	expect(rfc3339(Number.MAX_VALUE)).toBe('+275760-09-13T00:00:00.000Z');
});
