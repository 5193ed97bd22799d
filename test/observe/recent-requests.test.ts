import { describe, expect, it } from 'vitest';
import type { CallRecord } from '../../src/contract/call-record.ts';
import { RecentRequests } from '../../src/observe/recent-requests.ts';

function record(id: string, over: Partial<CallRecord> = {}): CallRecord {
	return { id, route: 'default', stream: false, outcome: 'done', ms: 1, overheadMs: 0, tokens: [], trace: [], ...over };
}

const step = { did: 'wait', at: 0, target: 'a/m', credential: 'a#2', ms: 1 } as const;
const idsOf = (recent: RecentRequests, filter = {}) =>
	recent.list({ limit: 1000, ...filter }).map(({ record: { id } }) => id);

describe('the recent requests', () => {
	it('forgets the oldest when there are too many', () => {
		const recent = new RecentRequests({ requests: 3, bytes: 1e9 });
		for (let count = 1; count <= 5; count++) recent.add(record(`r${count}`), count);
		expect(idsOf(recent)).toEqual(['r5', 'r4', 'r3']);
		expect(recent.find('r2')).toBeUndefined();
		expect(recent.find('r3')).toMatchObject({ endedAt: 3 });
	});

	it('forgets the oldest when they take too much room, as long traces do', () => {
		const recent = new RecentRequests({ requests: 1000, bytes: 100_000 });
		const trace = Array.from({ length: 50 }, () => step);
		for (let count = 0; count < 200; count++) recent.add(record(`r${count}`, { trace }), count);
		const kept = idsOf(recent);
		expect(kept[0]).toBe('r199');
		expect(kept.length).toBeGreaterThan(2);
		const takenBytes = JSON.stringify(recent.list({ limit: 1000 })).length;
		expect(takenBytes).toBeLessThan(100_000);
	});

	it('does not keep one that is larger than all its room, and goes on', () => {
		const recent = new RecentRequests({ requests: 10, bytes: 2000 });
		recent.add(record('small'), 1);
		recent.add(record('huge', { trace: Array.from({ length: 100 }, () => step) }), 2);
		expect(idsOf(recent)).toEqual([]);
		recent.add(record('next'), 3);
		expect(idsOf(recent)).toEqual(['next']);
	});

	it('lists what fits the filter, newest first, up to the limit', () => {
		const recent = new RecentRequests();
		recent.add(record('1', { trace: [step] }), 1);
		recent.add(record('2', { outcome: 'failed' }), 2);
		recent.add(record('3', { route: 'cheap', trace: [step] }), 3);
		expect(idsOf(recent, { provider: 'a' })).toEqual(['3', '1']);
		expect(idsOf(recent, { provider: 'a#2' })).toEqual(['3', '1']);
		expect(idsOf(recent, { provider: 'a#1' })).toEqual([]);
		expect(idsOf(recent, { provider: 'a/m' })).toEqual(['3', '1']);
		expect(idsOf(recent, { provider: 'a/n' })).toEqual([]);
		expect(idsOf(recent, { outcome: 'failed' })).toEqual(['2']);
		expect(idsOf(recent, { profile: 'cheap', provider: 'a' })).toEqual(['3']);
		expect(idsOf(recent, { limit: 1 })).toEqual(['3']);
	});
});
