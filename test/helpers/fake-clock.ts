import { vi } from 'vitest';
import { clock } from '../../src/values/clock.ts';

/** Until the end of the test, the clock of the process says what `Date` says, and stands still where that is a fake that does. */
export function clockFollowsDate(): void {
	vi.spyOn(clock, 'now').mockImplementation(() => Date.now());
}
