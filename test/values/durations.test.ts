import { describe, expect, it } from 'vitest';
import { readDuration } from '../../src/values/durations.ts';
import { readSize } from '../../src/values/sizes.ts';

describe('a duration', () => {
	it.each([
		['1ms', 1],
		['500ms', 500],
		['1.5s', 1500],
		['90s', 90_000],
		['15m', 900_000],
		['1h', 3_600_000],
		['1h30m', 5_400_000],
		['1m30s500ms', 90_500],
		['2d', 172_800_000],
		['24d', 2_073_600_000],
	])('%s is %i ms', (text, value) => {
		expect(readDuration(text)).toEqual({ value });
	});

	it.each([
		['30', 'without a unit'],
		['-30', 'without a unit'],
		['-5s', 'negative'],
		['', 'not a duration'],
		['s', 'not a duration'],
		['5 s', 'not a duration'],
		['5S', 'not a duration'],
		['5min', 'not a duration'],
		['30m1h', 'not a duration'],
		['1h1h', 'not a duration'],
		['.5s', 'not a duration'],
		['1e3s', 'not a duration'],
		['0s', 'no time at all'],
		['0.4ms', 'no time at all'],
		['25d', 'longer than a timer'],
		['24d1ms', 'longer than a timer'],
		['99999999999999999999d', 'longer than a timer'],
	])('%j is refused: %s', (text, mistake) => {
		expect(readDuration(text)).toEqual({ mistake: expect.stringContaining(mistake) });
	});

	it('may be nothing where that makes sense', () => {
		expect(readDuration('0ms', { zero: true })).toEqual({ value: 0 });
	});

	it('stays below the length at which a timer of Node fires at once', () => {
		const longest = readDuration('24d');
		expect('value' in longest && longest.value).toBeLessThan(2 ** 31 - 1);
	});
});

describe('a size', () => {
	it.each([
		['1KB', 1024],
		['512KB', 524_288],
		['20MB', 20_971_520],
		['0.5gb', 536_870_912],
		['1GB', 1_073_741_824],
	])('%s is %i bytes', (text, value) => {
		expect(readSize(text)).toEqual({ value });
	});

	it.each([
		['20', 'not a size'],
		['20 MB', 'not a size'],
		['-1MB', 'not a size'],
		['1TB', 'not a size'],
		['MB', 'not a size'],
		['0MB', 'too small'],
		['1.1GB', 'too large'],
	])('%j is refused: %s', (text, mistake) => {
		expect(readSize(text)).toEqual({ mistake: expect.stringContaining(mistake) });
	});
});
