import { describe, expect, test } from 'vitest';
import type { CallRecord } from '../../../src/contract/call-record.ts';
import { CallRing } from '../../../src/observe/inspector/call-ring.ts';
import { Sampler } from '../../../src/observe/inspector/sampler.ts';
import { TrafficCounter } from '../../../src/observe/inspector/traffic.ts';
import { callRecord } from './samples.ts';

const now = 1_700_000_000_000;

describe('the ring of ended calls', () => {
	const push = (ring: CallRing, key: number, record: CallRecord = callRecord()) =>
		ring.push({ key, record, endedAt: now });
	const keys = (ring: CallRing) => ring.list().map(({ key }) => key);

	test('keeps the last so many, newest first', () => {
		const ring = new CallRing(3, 1_000_000);
		for (const key of [1, 2, 3, 4, 5]) push(ring, key);
		expect(keys(ring)).toEqual([5, 4, 3]);
	});

	test('keeps fewer where they are large, and counts none twice', () => {
		const ring = new CallRing(100, 10_000);
		const large = callRecord({ id: 'x'.repeat(2000) });
		for (let key = 1; key <= 1000; key += 1) push(ring, key, large);
		expect(keys(ring)).toEqual([1000, 999]);
		expect(ring.bytes).toBeLessThanOrEqual(10_000);
		for (let key = 1; key <= 100; key += 1) push(ring, key);
		expect(ring.bytes).toBeLessThanOrEqual(10_000);
		expect(keys(ring)[0]).toBe(100);
	});

	test('survives one that is larger than all of it', () => {
		const ring = new CallRing(10, 1000);
		push(ring, 1, callRecord({ id: 'x'.repeat(5000) }));
		expect(keys(ring)).toEqual([]);
		expect(ring.bytes).toBe(0);
		push(ring, 2);
		expect(keys(ring)).toEqual([2]);
	});
});

describe('the sampler', () => {
	test('lets so many a second through, however many come', () => {
		const sampler = new Sampler(50);
		let through = 0;
		for (let ms = 0; ms < 10_000; ms += 1) if (sampler.take(now + ms)) through += 1;
		expect(through).toBeGreaterThan(540);
		expect(through).toBeLessThanOrEqual(550);
	});

	test('keeps a reserve for what is worth a look', () => {
		const sampler = new Sampler(50);
		const plain = Array.from({ length: 100 }, () => sampler.take(now, 25)).filter(Boolean).length;
		const eventful = Array.from({ length: 100 }, () => sampler.take(now)).filter(Boolean).length;
		expect([plain, eventful]).toEqual([25, 25]);
	});

	test('gives nothing for a clock that goes backwards', () => {
		const sampler = new Sampler(1);
		expect(sampler.take(now)).toBe(true);
		expect(sampler.take(now - 60_000)).toBe(false);
	});
});

describe('the traffic of the last minute', () => {
	test('is counted by route and by who answered', () => {
		const traffic = new TrafficCounter();
		traffic.count('default', 'a/m', now);
		traffic.count('default', 'a/m', now + 1000);
		traffic.count('default', '', now + 1000);
		traffic.count('cheap', 'b/m', now + 2000);
		expect(traffic.lastMinute(now + 3000)).toEqual({ default: { 'a/m': 2, '': 1 }, cheap: { 'b/m': 1 } });
	});

	test('forgets what is older, also where a slot was not used again', () => {
		const traffic = new TrafficCounter();
		traffic.count('default', 'a/m', now);
		expect(traffic.lastMinute(now + 59_000)).toEqual({ default: { 'a/m': 1 } });
		expect(traffic.lastMinute(now + 61_000)).toEqual({});
		traffic.count('default', 'b/m', now + 120_000);
		expect(traffic.lastMinute(now + 120_000)).toEqual({ default: { 'b/m': 1 } });
	});

	test('takes names such as __proto__ for names', () => {
		const traffic = new TrafficCounter();
		traffic.count('__proto__', 'constructor', now);
		expect(JSON.stringify(traffic.lastMinute(now))).toBe('{"__proto__":{"constructor":1}}');
	});
});
