import { describe, expect, test } from 'vitest';
import { TokenCorrection } from '../../src/tokens/correction.ts';

function factorAfter(answers: readonly (readonly [estimated: number, counted: number])[]): number | undefined {
	const correction = new TokenCorrection();
	for (const [estimated, counted] of answers) correction.note('a/m', estimated, counted);
	return correction.factors['a/m'];
}

const times = (count: number, answer: readonly [number, number]) => Array.from({ length: count }, () => answer);

describe('the correction of estimates', () => {
	test('comes to what the provider counts', () => {
		expect(factorAfter(times(30, [1000, 1500]))).toBeCloseTo(1.5, 1);
		expect(factorAfter(times(30, [1000, 600]))).toBeCloseTo(0.6, 1);
	});

	test('a single short answer decides little, a long one much', () => {
		expect(factorAfter([[10, 40]])).toBeLessThan(1.2);
		expect(factorAfter([[10_000, 15_000]])).toBeGreaterThan(1.45);
	});

	test('follows a change: the last twenty answers tell', () => {
		const changed = factorAfter([...times(200, [1000, 1000]), ...times(40, [1000, 2000])]);
		expect(changed).toBeGreaterThan(1.8);
	});

	test('stays between a quarter and four times, whatever is reported', () => {
		const high = factorAfter(times(50, [1000, 1e9])) ?? 0;
		expect(high).toBeGreaterThan(3.8);
		expect(high).toBeLessThanOrEqual(4);
		const low = factorAfter(times(50, [1000, 1])) ?? 0;
		expect(low).toBeLessThan(0.3);
		expect(low).toBeGreaterThanOrEqual(0.25);
	});

	test('what is no count changes nothing', () => {
		expect(
			factorAfter([
				[1000, 0],
				[1000, -5],
				[1000, Number.NaN],
				[0, 50],
			]),
		).toBeUndefined();
	});

	test('one absurd count is forgotten', () => {
		const healed = factorAfter([...times(20, [1000, 1000]), [1000, 1e9], ...times(60, [1000, 1000])]);
		expect(healed).toBeLessThan(1.1);
	});

	test('factors are replaced, never changed, and only when it matters', () => {
		const correction = new TokenCorrection();
		const before = correction.factors;
		correction.note('a/m', 1000, 1010);
		expect(correction.factors).toBe(before);
		correction.note('a/m', 1000, 3000);
		expect(before).toEqual({});
		expect(Object.keys(correction.factors)).toEqual(['a/m']);
	});
});
