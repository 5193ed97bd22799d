import { expect, it } from 'vitest';
import { durationWords, timeText } from '../../src/values/time-text.ts';

it.each([
	[0, '0 ms'],
	[999.4, '999 ms'],
	[999.6, '1 s'],
	[12_540, '12.5 s'],
	[59_940, '59.9 s'],
	[59_960, '1 m'],
	[62_000, '1 m 2 s'],
	[119_900, '2 m'],
	[125_400, '2 m 5 s'],
	[3_599_700, '1 h'],
	[9_000_000, '2 h 30 m'],
	[86_399_999, '1 d'],
	[24 * 86_400_000, '24 d'],
	[2 * 86_400_000 + 3_600_000, '2 d 1 h'],
])('%d ms is about %s', (ms, text) => {
	expect(timeText(ms)).toBe(text);
});

it.each([
	[0, '0 ms'],
	[1, '1 ms'],
	[999, '999 ms'],
	[5_001, '5.001 s'],
	[60_000, '1 m'],
	[331_000, '5 m 31 s'],
	[1_375_500, '22 m 55.5 s'],
	[3_600_001, '1 h 0.001 s'],
	[90_061_000, '1 d 1 h 1 m 1 s'],
])('%d ms is exactly %s', (ms, text) => {
	expect(durationWords(ms)).toBe(text);
});
