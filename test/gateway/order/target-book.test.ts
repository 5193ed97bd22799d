import { expect, it } from 'vitest';
import { RecentCounts } from '../../../src/gateway/order/recent-counts.ts';
import { TargetBook } from '../../../src/gateway/order/target-book.ts';

const start = 1_000_000_000;
const asked = { target: 'a/m', credential: 'a' };
const timeout = { category: 'TIMEOUT' as const };

it('counts what is within the window, and forgets the rest', () => {
	const counts = new RecentCounts(1000);
	counts.add('succeeded', start);
	counts.add('failed', start + 500);
	expect(counts.at(start + 500)).toEqual({ succeeded: 1, failed: 1 });
	expect(counts.at(start + 1000)).toEqual({ succeeded: 0, failed: 1 });
	expect(counts.at(start + 5000)).toEqual({ succeeded: 0, failed: 0 });
	counts.add('failed', start + 5000);
	expect(counts.at(start + 5000)).toEqual({ succeeded: 0, failed: 1 });
});

it('knows how long streams take until their first token, and whole answers until their end', () => {
	const book = new TargetBook([60_000]);
	const streamed = book.begin(asked, 'streamed', start);
	streamed.answering(start + 100);
	streamed.succeeded(start + 5000);
	const whole = book.begin(asked, 'whole', start);
	whole.answering(start + 100);
	whole.succeeded(start + 5000);
	const latency = (kind: 'streamed' | 'whole', now: number) => book.standing('a/m', 60_000, kind, now).latencyMs;
	expect([latency('streamed', start + 5000), latency('whole', start + 5000)]).toEqual([100, 5000]);
	expect(latency('streamed', start + 61_000)).toBeUndefined();
	const faster = book.begin(asked, 'streamed', start + 6000);
	faster.answering(start + 6000);
	expect(latency('streamed', start + 6000)).toBe(70);
});

it('counts an attempt as under way until it ends, and ends it once', () => {
	const book = new TargetBook([60_000]);
	const [one, other] = [book.begin(asked, 'whole', start), book.begin(asked, 'whole', start)];
	const inFlight = () => book.standing('a/m', 60_000, 'whole', start).inFlight;
	expect(inFlight()).toBe(2);
	one.end();
	one.end();
	expect(inFlight()).toBe(1);
	other.end();
	expect(inFlight()).toBe(0);
	expect(book.useOf('a', start)).toEqual({ used: 2 });
});

it('holds against a target what was its own doing, and nothing else', () => {
	const book = new TargetBook([60_000]);
	const visit = book.begin(asked, 'whole', start);
	visit.failed({ category: 'BAD_REQUEST' }, start);
	visit.failed({ category: 'NETWORK_ERROR', reason: 'local' }, start);
	visit.failed({ category: 'UNKNOWN_TRANSIENT', reason: 'seam_mismatch' }, start);
	const rate = () => book.standing('a/m', 60_000, 'whole', start);
	expect(rate()).toMatchObject({ judged: 0, successRate: undefined });
	visit.failed(timeout, start);
	book.begin(asked, 'whole', start).succeeded(start);
	expect(rate()).toMatchObject({ judged: 2, successRate: 0.5 });
	expect(book.standings(start)).toEqual({ 'a/m': { successRate: 0.5, firstTokenMs: undefined, inFlight: 2 } });
});
