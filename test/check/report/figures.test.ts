import { expect, it } from 'vitest';
import { amountText, countText, memoryText, timeText, wrapped } from '../../../src/check/report/figures.ts';

it.each([
	[0, '0 ms'],
	[999.4, '999 ms'],
	[1000, '1 s'],
	[12_540, '12.5 s'],
	[119_900, '119.9 s'],
	[120_000, '2 m'],
	[125_400, '2 m 5 s'],
	[3_600_000, '60 m'],
	[7_200_000, '2 h'],
	[9_000_000, '2 h 30 m'],
	[172_799_999, '48 h'],
	[24 * 86_400_000, '24 d'],
	[2 * 86_400_000 + 3_600_000, '2 d 1 h'],
])('%d ms is %s', (ms, text) => {
	expect(timeText(ms)).toBe(text);
});

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
