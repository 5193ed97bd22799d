import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Category } from '../../../machines/failure.ts';
import { leadingDateMs, leadingDurationMs, untilMs } from '../../../src/upstream/classify/error-times.ts';
import { type HintSource, waitHint } from '../../../src/upstream/classify/wait-hint.ts';

const now = Date.parse('2026-08-31T23:00:00Z');
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

// A machine far from UTC: a date without a zone must not be taken for local time.
beforeAll(() => {
	vi.stubEnv('TZ', 'Asia/Tokyo');
});

afterAll(() => void vi.unstubAllEnvs());

interface Told {
	headers?: HintSource['headers'];
	json?: unknown;
	text?: string;
	category?: Category;
	zone?: string;
}

function hint({ headers = {}, json, text, category = 'RATE_LIMIT', zone }: Told): number | undefined {
	return waitHint({ headers, body: { json, texts: text === undefined ? [] : [text] }, category, now, zone });
}

describe('the order of the hints', () => {
	// Every source says another number; each one must win as soon as those before it are gone.
	const headers = {
		'retry-after-ms': '1000',
		'x-ms-retry-after-ms': '2000',
		'retry-after': '3',
		'x-ratelimit-reset-requests': '8s',
		'x-ratelimit-reset': '9',
		'anthropic-ratelimit-requests-reset': '2026-08-31T23:00:10Z',
	};
	const error = {
		resets_in_seconds: 4,
		resets_at: now / 1_000 + 5,
		metadata: { headers: { 'X-RateLimit-Reset': String(now + 5_500) } },
		details: [{ retryDelay: '6s' }],
	};
	const text = 'Please try again in 7s';
	const removals: [string, () => void][] = [
		['retry-after-ms', () => Reflect.deleteProperty(headers, 'retry-after-ms')],
		['x-ms-retry-after-ms', () => Reflect.deleteProperty(headers, 'x-ms-retry-after-ms')],
		['retry-after', () => Reflect.deleteProperty(headers, 'retry-after')],
		['resets_in_seconds', () => Reflect.deleteProperty(error, 'resets_in_seconds')],
		['resets_at', () => Reflect.deleteProperty(error, 'resets_at')],
		['the headers quoted in the body', () => Reflect.deleteProperty(error, 'metadata')],
		['retryDelay', () => Reflect.deleteProperty(error, 'details')],
	];
	const wins: Record<string, number> = {};
	for (const [name, remove] of removals) {
		wins[name] = hint({ headers, json: { error }, text }) ?? 0;
		remove();
	}
	wins['the message'] = hint({ headers, text }) ?? 0;
	wins['x-ratelimit-reset-*'] = hint({ headers }) ?? 0;
	Reflect.deleteProperty(headers, 'x-ratelimit-reset-requests');
	wins['x-ratelimit-reset'] = hint({ headers }) ?? 0;
	Reflect.deleteProperty(headers, 'x-ratelimit-reset');
	wins['anthropic-ratelimit-*-reset'] = hint({ headers }) ?? 0;

	it('is the documented one', () => {
		expect(wins).toEqual({
			'retry-after-ms': 1_000,
			'x-ms-retry-after-ms': 2_000,
			'retry-after': 3_000,
			resets_in_seconds: 4_000,
			resets_at: 5_000,
			'the headers quoted in the body': 5_500,
			retryDelay: 6_000,
			'the message': 7_000,
			'x-ratelimit-reset-*': 8_000,
			'x-ratelimit-reset': 9_000,
			'anthropic-ratelimit-*-reset': 10_000,
		});
	});

	it('passes over a hint that is none', () => {
		expect(hint({ headers: { 'retry-after': 'soon' }, text })).toBe(7_000);
		expect(hint({ headers: { 'retry-after-ms': '-5', 'retry-after': '2' } })).toBe(2_000);
	});
});

describe('an explicit wait', () => {
	it.each([
		['20', 20_000],
		['1.5', 1_500],
		['0.0001', 1],
		['Mon, 31 Aug 2026 23:01:00 GMT', 60_000],
		['Monday, 31-Aug-26 23:01:00 GMT', 60_000],
		['Mon Aug 31 23:01:00 2026', 60_000],
		['Mon, 31 Aug 2026 22:59:00 GMT', undefined],
		['2026-08-31T23:00:30Z', 30_000],
		['30s', 30_000],
		[String(now / 1_000 + 60), 60_000],
		['0', undefined],
		['-1', undefined],
		['', undefined],
		['NaN', undefined],
		['Infinity', undefined],
		['1e3', undefined],
		['after 20', undefined],
		[String(400 * 86_400), 400 * dayMs],
		[String(400 * 86_400 + 1), undefined],
	])('retry-after: %j is %j ms', (value, wait) => {
		expect(hint({ headers: { 'retry-after': value } })).toBe(wait);
	});

	it('may come in a header that was sent twice', () => {
		expect(hint({ headers: { 'retry-after': ['4', '9'] } })).toBe(4_000);
	});

	it('counts whatever the failure is', () => {
		expect(hint({ headers: { 'retry-after': '4' }, category: 'SERVER_ERROR' })).toBe(4_000);
		expect(hint({ json: { error: { resets_in_seconds: 4 } }, category: 'AUTH_ERROR' })).toBe(4_000);
	});

	it.each([
		['seconds since the epoch', { resets_at: now / 1_000 + 60 }, 60_000],
		['ms since the epoch', { error: { resets_at: now + 60_000 } }, 60_000],
		['text', { error: { resets_at: '2026-08-31T23:01:00+00:00' } }, 60_000],
		['a small number', { error: { resets_at: 60 } }, undefined],
		['past', { error: { resets_at: now - 1 } }, undefined],
	])('resets_at as %s', (_name, json, wait) => {
		expect(hint({ json })).toBe(wait);
	});

	it.each([
		[{ retry_after: 4 }, 4_000],
		[{ retryAfterSeconds: '4' }, 4_000],
		[{ retry_after_ms: 40 }, 40],
		[{ reset_at: '2026-08-31T23:01:00' }, 60_000],
	])('stands in the body as %j', (error, wait) => {
		expect(hint({ json: { error } })).toBe(wait);
	});

	it.each([
		['46s', 46_000],
		['0.5s', 500],
		[{ seconds: 46, nanos: 1 }, 46_000],
		[{ seconds: '46' }, 46_000],
		['later', undefined],
	])('retryDelay as %j', (retryDelay, wait) => {
		expect(hint({ json: [{ error: { details: [{}, { retryDelay }] } }] })).toBe(wait);
	});

	it('is not looked for without end', () => {
		const json = { list: Array.from({ length: 1_000 }, () => ({})), last: { resets_in_seconds: 4 } };
		expect(hint({ json: { list: [...json.list, json.last] } })).toBeUndefined();
		expect(hint({ json: { last: json.last, list: json.list } })).toBe(4_000);
	});
});

describe('a message', () => {
	it.each([
		['Please try again in 1.2s.', 1_200],
		['Please try again in 6m0s. Visit the docs.', 360_000],
		['Limit 500 / min. Please try again in 120ms.', 120],
		['Please retry in 10h17m5.7s.', 37_025_700],
		['Please retry after 30 seconds.', 30_000],
		['Retrying in 2 minutes and 5 seconds', 125_000],
		['Try again in 3 days 2 hours, 15 minutes.', 3 * dayMs + 2 * hourMs + 900_000],
		['Please wait 30 seconds before the next request', 30_000],
		['Wait for at least 1 minute', 60_000],
		['Limit resets in: 2 hours', 2 * hourMs],
		['Your quota will reset after 18h31m10s.', 66_670_000],
		['You will regain access on 2026-09-01 at 00:00 UTC.', hourMs],
		['Your limit will reset at 2026-09-01 00:30:00', 1.5 * hourMs],
		['It is available again at 2026-09-01T00:00:00+02:00 or so', undefined],
		['It is available again at 2026-09-01T02:00:00.500+02:00', hourMs + 500],
		['Resets on 2026-09-02', 25 * hourMs],
		['Wait: retry 3 times, then try again in 4s', 4_000],
		['It has reset at 2026-08-01 00:00. Try again in 4s', 4_000],
	])('%j asks for %j ms', (text, wait) => {
		expect(hint({ text })).toBe(wait);
	});

	it.each([
		'The request timed out after 30s',
		'Limit 30s, used 29s',
		'Please try again later. Limits last 30s',
		'Please try again in 20',
		'Please retry 3 times',
		'Available in 5 models',
		'Try again in 2 months',
		'Try again in 0s',
		'Please try again in 900 days',
		'Try again at 2026-13-77',
	])('%j asks for nothing', (text) => {
		expect(hint({ text })).toBeUndefined();
	});

	it('takes the zone of the provider for a date without one', () => {
		expect(hint({ text: 'will reset at 2026-09-01 08:00:00', zone: '+08:00' })).toBe(hourMs);
		expect(hint({ text: 'will reset at 2026-09-01 00:00:00 UTC', zone: '+08:00' })).toBe(hourMs);
	});

	it.each(['RATE_LIMIT', 'QUOTA_EXCEEDED'] as const)('counts for %s', (category) => {
		expect(hint({ text: 'try again in 4s', category })).toBe(4_000);
	});

	it.each(['TIMEOUT', 'SERVER_ERROR', 'BAD_REQUEST', 'AUTH_ERROR'] as const)('does not count for %s', (category) => {
		expect(hint({ text: 'try again in 4s', category })).toBeUndefined();
		expect(hint({ headers: { 'x-ratelimit-reset': '4' }, category })).toBeUndefined();
		expect(hint({ json: { metadata: { headers: { 'X-RateLimit-Reset': '4' } } }, category })).toBeUndefined();
	});
});

describe('the headers of a rate limit', () => {
	it.each([
		['the window that is used up', { requests: ['6m0s', '0'], tokens: ['10m', '7'] }, 360_000],
		['the longer of two that are used up', { requests: ['100ms', '0'], tokens: ['1.5s', '0'] }, 1_500],
		['the longer when none is', { requests: ['6m0s', '3'], tokens: ['100ms', '7'] }, 360_000],
		['a plain number of seconds', { requests: ['11.38', '0'] }, 11_380],
		['a moment', { requests: [String(now / 1_000 + 60), '0'] }, 60_000],
		['no day that has room', { 'requests-day': ['33011', '900'], 'tokens-minute': ['11', '5'] }, 11_000],
		['a day that is used up', { 'requests-day': ['33011', '0'], 'tokens-minute': ['11', '5'] }, 33_011_000],
		['nothing but a day that has room', { 'requests-day': ['33011', '900'] }, undefined],
	])('count %s', (_name, windows, wait) => {
		const headers = Object.entries(windows).flatMap(([name, [reset, remaining]]) => [
			[`x-ratelimit-reset-${name}`, reset],
			[`x-ratelimit-remaining-${name}`, remaining],
		]);
		expect(hint({ headers: Object.fromEntries(headers) })).toBe(wait);
	});

	it('count those of Anthropic whose remaining is 0, else the latest', () => {
		const headers = {
			'anthropic-ratelimit-requests-reset': '2026-08-31T23:01:00Z',
			'anthropic-ratelimit-requests-remaining': '0',
			'anthropic-ratelimit-tokens-reset': '2026-08-31T23:02:00Z',
			'anthropic-ratelimit-tokens-remaining': '1000',
		};
		expect(hint({ headers })).toBe(60_000);
		expect(hint({ headers: { ...headers, 'anthropic-ratelimit-requests-remaining': '1' } })).toBe(120_000);
	});

	it('count the window of a plan that was rejected, not the one that was allowed', () => {
		const headers = {
			'anthropic-ratelimit-unified-5h-reset': String(now / 1_000 + 3_600),
			'anthropic-ratelimit-unified-5h-status': 'rejected',
			'anthropic-ratelimit-unified-7d-reset': String(now / 1_000 + 360_000),
			'anthropic-ratelimit-unified-7d-status': 'allowed',
		};
		expect(hint({ headers })).toBe(hourMs);
		expect(hint({ headers: { ...headers, 'anthropic-ratelimit-unified-5h-status': 'allowed' } })).toBeUndefined();
	});

	it('count no window of a plan that is allowed', () => {
		const headers = {
			'anthropic-ratelimit-unified-reset': String(now / 1_000 + 3_600),
			'anthropic-ratelimit-unified-status': 'allowed',
		};
		expect(hint({ headers })).toBeUndefined();
	});
});

describe('times', () => {
	it('are read from the beginning of a text only', () => {
		expect(leadingDurationMs('in 5s')).toBeUndefined();
		expect(leadingDateMs('on 2026-09-01')).toBeUndefined();
	});

	it.each([
		['1w', 7 * dayMs],
		['1 hr 5 mins', hourMs + 300_000],
		['250 milliseconds', 250],
		['5 monkeys', undefined],
		['5', undefined],
	])('the duration %j is %j ms', (text, duration) => {
		expect(leadingDurationMs(text)).toBe(duration);
	});

	it('that are no numbers, texts or dates are none', () => {
		expect([untilMs(Number.NaN, now), untilMs({}, now), untilMs('yesterday', now)]).toEqual([
			undefined,
			undefined,
			undefined,
		]);
	});
});
