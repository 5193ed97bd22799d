import { expect, it } from 'vitest';
import { amountText, countText, memoryText, wrapped } from '../../src/values/figures.ts';

it('counts with thousands, and knows one from many', () => {
	expect([0, 999, 1000, 1_234_567].map(countText)).toEqual(['0', '999', '1,000', '1,234,567']);
	expect(amountText(1, 'property', 'properties')).toBe('1 property');
	expect(amountText(2000, 'state')).toBe('2,000 states');
	expect(memoryText(181_400_000)).toBe('181 MB');
});

it('breaks lines between words, and never a word', () => {
	expect(wrapped('one two three', 7)).toEqual(['one two', 'three']);
	expect(wrapped('a-very-long-word b', 5)).toEqual(['a-very-long-word', 'b']);
	expect(wrapped('', 5)).toEqual(['']);
});
