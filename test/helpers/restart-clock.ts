import { afterEach, beforeEach, vi } from 'vitest';
import { clock } from '../../src/values/clock.ts';

// Tests that set the wall clock ahead put it back, and the clock of the process never goes back.
beforeEach(() => clock.restart());

afterEach(() => {
	if (vi.isMockFunction(clock.now)) vi.mocked(clock.now).mockRestore();
});
