import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isTooDeep, MOST_LEVELS } from '../../src/values/json-depth.ts';

const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

it('counts the levels that are open at once', () => {
	expect(isTooDeep(nested(MOST_LEVELS))).toBe(false);
	expect(isTooDeep(nested(MOST_LEVELS + 1))).toBe(true);
	expect(isTooDeep(`[${Array(2000).fill('[]').join()}]`)).toBe(false);
	expect(isTooDeep(`${'{"a":'.repeat(MOST_LEVELS + 1)}1${'}'.repeat(MOST_LEVELS + 1)}`)).toBe(true);
});

it('does not count what stands in texts, whatever is escaped in them', () => {
	const deep = nested(MOST_LEVELS + 1);
	fc.assert(
		fc.property(fc.string({ unit: fc.constantFrom('"', '\\', '[', 'a') }), (text) => {
			expect(isTooDeep(JSON.stringify([text, deep, text]))).toBe(false);
			expect(isTooDeep(`[${JSON.stringify(text)},${deep}]`)).toBe(true);
		}),
	);
});

it('ends on what is no JSON', () => {
	expect(isTooDeep(`"${'['.repeat(5000)}`)).toBe(false);
	expect(isTooDeep(']'.repeat(5000))).toBe(false);
	expect(isTooDeep('['.repeat(5000))).toBe(true);
});
