import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RefusalLog, refusalLogLimits } from '../../../src/observe/log/refusal-log.ts';

let lines: { level: string; line: object; text: string }[];
let refusals: RefusalLog;

beforeEach(() => {
	vi.useFakeTimers();
	lines = [];
	const take = (level: string) => (line: object, text: string) => void lines.push({ level, line, text });
	refusals = new RefusalLog({ info: take('info'), warn: take('warn') });
});

afterEach(() => {
	vi.useRealTimers();
});

const refuse = (count: number, code = 'invalid_api_key', status = 401) => {
	for (let index = 0; index < count; index++) refusals.add({ id: `req_${index}`, code, status, address: '192.0.2.7' });
};

test.each([
	['invalid_api_key', 401, 'warn'],
	['client_rate_limited', 429, 'warn'],
	['invalid_json', 400, 'info'],
	['not_found', 404, 'info'],
])('%s has one line at the level of %i: %s', (code, status, level) => {
	refusals.add({ id: 'req_1', code, status, client: 'web', address: '192.0.2.7' });
	expect(lines).toEqual([
		{
			level,
			line: { requestId: 'req_1', code, status, client: 'web', address: '192.0.2.7' },
			text: `refused: ${code}`,
		},
	]);
});

test('a fault of Breakwater itself has its own line elsewhere', () => {
	refuse(1, 'internal_error', 500);
	expect(lines).toEqual([]);
});

test('a flood has a few lines, then one with the counts by code; then it begins anew', () => {
	refuse(1000);
	refuse(5, 'invalid_json', 400);
	expect(lines).toHaveLength(refusalLogLimits.lines);
	vi.advanceTimersByTime(refusalLogLimits.windowMs);
	expect(lines).toHaveLength(refusalLogLimits.lines + 1);
	expect(lines.at(-1)).toMatchObject({
		level: 'warn',
		line: { refused: 985, codes: { invalid_api_key: 980, invalid_json: 5 } },
	});
	refuse(1);
	expect(lines).toHaveLength(refusalLogLimits.lines + 2);
	vi.advanceTimersByTime(refusalLogLimits.windowMs);
	expect(lines).toHaveLength(refusalLogLimits.lines + 2);
});

test('nothing waits while nothing is refused', () => {
	refuse(1);
	vi.advanceTimersByTime(refusalLogLimits.windowMs);
	expect(vi.getTimerCount()).toBe(0);
});
