import { afterEach, describe, expect, test } from 'vitest';
import { callerTimeout } from '../../../src/http/v1/caller-timeout.ts';
import { eventsOf, failureOf, startGateway, type TestGateway } from '../../helpers/gateway.ts';
import { chunksOf, hangs, streams } from '../../helpers/upstream.ts';

let breakwater: TestGateway | undefined;
afterEach(() => breakwater?.close());

describe('X-Request-Timeout', () => {
	test.each([
		['30', 30_000],
		['1.5', 1500],
		[' 2 ', 2000],
		['0.001', 1],
		['30s', 30_000],
		['1500ms', 1500],
		['1m30s', 90_000],
		['999999999', 999_999_999_000],
	])('%j is a time', (given, ms) => {
		expect(callerTimeout({ 'x-request-timeout': given })).toBe(ms);
	});

	test.each(['0', '-1', '', 'soon', '1e3', '0s', '30 s', '5 minutes', 'NaN', 'Infinity', '9'.repeat(400), '0.0001'])(
		'%j is none',
		(given) => {
			expect(() => callerTimeout({ 'x-request-timeout': given })).toThrow(
				'X-Request-Timeout is not a time; send seconds such as 30, or a duration such as 1500ms.',
			);
		},
	);

	test('is not looked for elsewhere: SDKs send the time for which they wait themselves', () => {
		expect(callerTimeout({ 'x-stainless-timeout': '600' })).toBeUndefined();
	});

	test('ends a request that nobody answers', async () => {
		breakwater = await startGateway();
		breakwater.upstream('a').always(hangs());
		const response = await breakwater.post({}, { headers: { 'x-request-timeout': '300ms' } });
		expect(response.status).toBe(504);
		const { error } = await failureOf(response);
		expect(error.code).toBe('deadline_exceeded');
		expect(error.message).toContain('ran out of time (X-Request-Timeout)');
		expect(breakwater.records[0]?.ms).toBeLessThan(3000);
	});

	test('ends a stream that goes on, counted from the beginning of the request', async () => {
		breakwater = await startGateway();
		breakwater.upstream('a').next(streams(chunksOf('word '.repeat(200)), { delayMs: 30 }));
		const response = await breakwater.post({ stream: true }, { headers: { 'x-request-timeout': '0.5' } });
		const events = eventsOf(await response.text());
		expect(JSON.parse(events.at(-1) ?? '')).toMatchObject({ error: { code: 'stream_interrupted' } });
		expect(breakwater.records[0]?.ms).toBeLessThan(2500);
	});

	test('makes no deadline later', async () => {
		breakwater = await startGateway({ policy: { timeouts: { request: '300ms', firstToken: '250ms' } } });
		breakwater.upstream('a').always(hangs());
		breakwater.upstream('b').always(hangs());
		const response = await breakwater.post({}, { headers: { 'x-request-timeout': '60' } });
		expect(response.status).toBe(504);
		expect(breakwater.records[0]?.ms).toBeLessThan(3000);
	});

	test('that is nonsense is refused', async () => {
		breakwater = await startGateway();
		const response = await breakwater.post({}, { headers: { 'x-request-timeout': 'soon' } });
		expect(response.status).toBe(400);
		expect((await failureOf(response)).error).toMatchObject({ code: 'invalid_request', param: 'X-Request-Timeout' });
	});
});
