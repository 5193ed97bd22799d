import { describe, expect, it } from 'vitest';
import { toldLimits } from '../../src/upstream/told-limits.ts';
import { clock } from '../../src/values/clock.ts';

const at = clock.now();
const inMs = (ms: number) => at + ms;
const openai = (requests: string, resetRequests: string, tokens: string, resetTokens: string) => ({
	'x-ratelimit-limit-requests': '60',
	'x-ratelimit-remaining-requests': requests,
	'x-ratelimit-reset-requests': resetRequests,
	'x-ratelimit-remaining-tokens': tokens,
	'x-ratelimit-reset-tokens': resetTokens,
});

describe('what the headers of an answer say is left', () => {
	it.each([
		['1s', 1_000],
		['6m0s', 360_000],
		['12ms', 12],
		['1m26.4s', 86_400],
	])('is read from those of OpenAI, with a reset of %s', (reset, ms) => {
		expect(toldLimits(openai('59', reset, '149984', reset), at, true)).toEqual({
			requests: { left: 59, until: inMs(ms) },
			tokens: { left: 149_984, until: inMs(ms) },
		});
	});

	it('is read from those of Anthropic: the least of all tokens, until its moment', () => {
		const reset = new Date(Math.ceil(clock.toWall(at) / 1000) * 1000 + 30_000).toISOString();
		const headers = {
			'anthropic-ratelimit-requests-remaining': '49',
			'anthropic-ratelimit-requests-reset': reset,
			'anthropic-ratelimit-input-tokens-remaining': '8000',
			'anthropic-ratelimit-input-tokens-reset': reset,
			'anthropic-ratelimit-output-tokens-remaining': '0',
			'anthropic-ratelimit-output-tokens-reset': reset,
		};
		const until = at + Date.parse(reset) - clock.toWall(at);
		expect(toldLimits(headers, at, true)).toEqual({ requests: { left: 49, until }, tokens: { left: 0, until } });
		expect(toldLimits(headers, at, false)).toEqual({ tokens: { left: 0, until } });
	});

	it.each([
		['ratelimit-remaining', 'ratelimit-reset', () => '30', 30_000],
		// Not before the test: until then the clock may be where another file has left it.
		['x-ratelimit-remaining', 'x-ratelimit-reset', () => String(Math.round(clock.toWall(at)) + 5_000), 5_000],
	])('is read from %s', (remaining, reset, textOf, ms) => {
		const { requests } = toldLimits({ [remaining]: '0', [reset]: textOf() }, at, false) ?? {};
		expect(requests?.left).toBe(0);
		expect(Math.abs((requests?.until ?? 0) - inMs(ms))).toBeLessThanOrEqual(1);
	});

	it('is only that nothing is, where nobody is to learn', () => {
		expect(toldLimits(openai('1', '1s', '1', '1s'), at, false)).toBeUndefined();
		expect(toldLimits(openai('0', '1s', '1', '1s'), at, false)).toEqual({ requests: { left: 0, until: inMs(1_000) } });
	});

	it.each([
		['no header', {}],
		['no time', { 'x-ratelimit-remaining-requests': '0' }],
		['a time that is over', { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '0s' }],
		['a time that is none', { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': 'soon' }],
		['no number', { 'x-ratelimit-remaining-requests': 'none', 'x-ratelimit-reset-requests': '1s' }],
		['less than nothing', { 'x-ratelimit-remaining-requests': '-1', 'x-ratelimit-reset-requests': '1s' }],
		[
			'a limit of nothing',
			{
				'x-ratelimit-limit-requests': '0',
				'x-ratelimit-remaining-requests': '0',
				'x-ratelimit-reset-requests': '1s',
			},
		],
		['a header twice', { 'x-ratelimit-remaining-requests': ['0', '0'], 'x-ratelimit-reset-requests': '1s' }],
	])('is nothing with %s', (_, headers) => {
		expect(toldLimits(headers, at, true)).toBeUndefined();
	});
});
