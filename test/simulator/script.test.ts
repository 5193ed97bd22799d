import { describe, expect, test } from 'vitest';
import type { SimulationStep } from '../../src/contract/simulation.ts';
import { type Cursor, endOf, passRequest, passTime, startOf, stepAt } from '../../src/simulator/script.ts';

const well: SimulationStep = { do: 'answer', for: 100 };
const down: SimulationStep = { do: 'status', for: 50 };

/** What each request gets, when they come at these times. */
function trace(script: SimulationStep[], times: number[]) {
	let cursor: Cursor = startOf(0);
	return times.map((now) => {
		cursor = passTime(script, cursor, now);
		const step = stepAt(script, cursor);
		cursor = passRequest(script, cursor, now);
		return step.do;
	});
}

test('an empty script always answers', () => {
	expect(trace([], [0, 1, 1e12])).toEqual(['answer', 'answer', 'answer']);
});

test('a step without an end is the last', () => {
	expect(trace([{ ...well, for: 1 }, { do: 'hang' }], [0, 1, 1e12])).toEqual(['answer', 'hang', 'hang']);
});

describe('time', () => {
	test('a step ends exactly when its time is over, and the script begins again', () => {
		const dids = trace([well, down], [0, 99, 100, 149, 150, 249, 250]);
		expect(dids).toEqual(['answer', 'answer', 'status', 'status', 'answer', 'answer', 'status']);
	});

	test('the schedule holds although nobody looks', () => {
		const cursor = passTime([well, down], startOf(0), 130);
		expect(cursor).toEqual({ index: 1, enteredAt: 100, requests: 0 });
		expect(endOf([well, down], cursor)).toBe(150);
	});

	test('a long sleep lands at the same place as many short ones, at once', () => {
		const years = 150 * 1e9;
		expect(passTime([well, down], startOf(0), years + 120)).toEqual({ index: 1, enteredAt: years + 100, requests: 0 });
	});

	test('a clock that goes back changes nothing', () => {
		const cursor = { index: 1, enteredAt: 100, requests: 0 };
		expect(passTime([well, down], cursor, 20)).toEqual(cursor);
		expect(passTime([well, down], cursor, -1e9)).toEqual(cursor);
	});
});

describe('requests', () => {
	const script: SimulationStep[] = [
		{ do: 'answer', requests: 2 },
		{ do: 'reset', requests: 1 },
	];

	test('drive the script alone when every step counts them', () => {
		expect(trace(script, [0, 0, 0, 0, 1e12])).toEqual(['answer', 'answer', 'reset', 'answer', 'answer']);
	});

	test('do not end a step that counts none', () => {
		expect(trace([well, down], [1, 2, 3, 4])).toEqual(['answer', 'answer', 'answer', 'answer']);
	});

	test('the step after begins with the last request, not when somebody looks', () => {
		const mixed: SimulationStep[] = [{ do: 'reset', requests: 1 }, well];
		expect(passRequest(mixed, startOf(0), 70)).toEqual({ index: 1, enteredAt: 70, requests: 0 });
		expect(trace(mixed, [70, 169, 170])).toEqual(['reset', 'answer', 'reset']);
	});

	test('of a step with both, whichever is first ends it, and the count starts anew', () => {
		const both: SimulationStep[] = [{ do: 'reset', requests: 2, for: 100 }, well];
		expect(trace(both, [0, 1, 2])).toEqual(['reset', 'reset', 'answer']);
		expect(trace(both, [0, 100, 200, 299, 300])).toEqual(['reset', 'answer', 'reset', 'reset', 'answer']);
	});
});
