import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LOCAL_FAULT_WINDOW_MS, LocalFaultLog } from '../../../src/observe/log/local-fault-log.ts';

beforeEach(() => {
	vi.useFakeTimers();
});

afterEach(() => {
	vi.useRealTimers();
});

test('the first fault is said at once, and those that follow in one line a window, with their number', () => {
	const lines: object[] = [];
	const faults = new LocalFaultLog({ error: (line) => void lines.push(line) });
	faults.add('first');
	expect(lines).toEqual([{ faults: 1, what: 'first' }]);
	for (let count = 0; count < 500; count++) faults.add('again');
	expect(lines).toHaveLength(1);
	vi.advanceTimersByTime(LOCAL_FAULT_WINDOW_MS);
	expect(lines.slice(1)).toEqual([{ faults: 500, what: 'again' }]);
	vi.advanceTimersByTime(10 * LOCAL_FAULT_WINDOW_MS);
	expect(lines).toHaveLength(2);
	faults.add('much later');
	expect(lines.slice(2)).toEqual([{ faults: 1, what: 'much later' }]);
});
