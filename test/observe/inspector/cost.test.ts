import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import type { ProviderHealth } from '../../../src/contract/service.ts';
import { Feed, limits } from '../../../src/observe/inspector/feed.ts';
import { clockFollowsDate } from '../../helpers/fake-clock.ts';
import { configText } from '../../helpers/gateway.ts';
import { attemptStep, callRecord } from './samples.ts';

const config = parseConfig(configText({}, { a: 'http://127.0.0.1:9/v1', b: 'http://127.0.0.1:9/v1' }), {
	file: 'test.yaml',
	env: {},
});
const nobody = { health: () => ({}), servable: () => ({}) };

/** Starts a call, and counts who follows it. */
function start(feed: Feed, id: string, counter = { follows: 0 }) {
	const follow = () => {
		counter.follows += 1;
	};
	const target = { target: 'a/model-a', credential: 'a' };
	const progress = { candidates: [target], position: 0, permit: undefined, trace: [], now: 0, startedAt: 0 };
	const present = () => ({ progress: progress as never, state: 'asking' });
	feed.observer.callStarted?.({ id, route: 'default', stream: false, startedAt: Date.now(), follow, present });
	return counter;
}

function end(feed: Feed, id: string, over = {}): void {
	feed.observer.callEnded?.(callRecord({ id, ...over }));
}

beforeEach(clockFollowsDate);
afterEach(() => void vi.useRealTimers());

describe('the feed', () => {
	test('tells a newcomer no more of a long outage than fits, the newest of it', () => {
		const names = Array.from({ length: 100 }, (_, index) => `p${index}`);
		const baseUrls = Object.fromEntries(names.map((name) => [name, 'http://127.0.0.1:9/v1']));
		const large = parseConfig(configText({ names }, baseUrls), { file: 'test.yaml', env: {} });
		const feed = new Feed(large);
		const health: ProviderHealth = {
			state: 'open',
			since: '2026-01-01T00:00:00.000Z',
			reason: 'failures',
			retryAt: null,
			consecutiveFailures: 0,
			recentResults: { total: 0, failed: 0 },
			probesInFlight: 0,
			unavailableModels: {},
			lastFailure: null,
		};
		for (let round = 0; round < 500; round += 1) {
			for (const name of names) {
				feed.observer.providerChanged?.(name, 'closed', 'open', health);
				feed.observer.providerChanged?.(name, 'open', 'closed', { ...health, reason: `round ${round}` });
			}
		}
		const startMs = Date.now();
		for (let index = 0; index < 400; index += 1) {
			vi.setSystemTime(startMs + 10 * index);
			end(feed, `req_${index}`, { outcome: 'failed', trace: new Array(36).fill(attemptStep) });
		}
		const gateway = {
			health: () => Object.fromEntries(names.map((name) => [name, health])),
			servable: () => ({ default: false, other: true }),
		};
		const told = feed.snapshot(gateway, { brief: empty, full: empty });
		expect(JSON.stringify(told).length).toBeLessThan(1_000_000);
		expect(told.unservable).toEqual(['default']);
		expect(told.providers.length).toBe(100);
		for (const { marks, history } of told.providers) {
			expect(marks.at(-1)).toMatchObject({ kind: 'change', to: 'closed', reason: 'round 499' });
			expect(history.at(-1)?.state).toBe('closed');
			expect(Math.min(marks.length, history.length)).toBeGreaterThanOrEqual(4);
		}
		const marks = told.providers.reduce((sum, provider) => sum + provider.marks.length, 0);
		expect(marks).toBeLessThanOrEqual(limits.marksShown);
		expect(JSON.stringify(told.calls).length).toBeLessThan(limits.callsShownBytes + 1000);
		expect(told.calls[0]?.id).toBe('req_399');
		expect(told.calls.length).toBeGreaterThan(40);
	});

	test('follows nothing and keeps a bounded past while nobody watches', () => {
		const feed = new Feed(config);
		const counter = { follows: 0 };
		for (let index = 0; index < 20_000; index += 1) {
			start(feed, `req_${index}`, counter);
			end(feed, `req_${index}`, index % 2 === 0 ? {} : { outcome: 'failed', id: `req_${index}` });
		}
		expect(counter.follows).toBe(0);
		expect(feed.kept).toMatchObject({ live: 0, ended: 2 * limits.endedKept, followed: 0, moved: 0 });
		expect(feed.kept.endedBytes).toBeLessThanOrEqual(2 * limits.endedKeptBytes);
	});

	test('keeps only some calls of each second, so that under load most of them die young', () => {
		const feed = new Feed(config);
		const startMs = Date.now();
		vi.setSystemTime(startMs);
		for (let index = 0; index < 10_000; index += 1) end(feed, `early_${index}`);
		vi.setSystemTime(startMs + 100);
		for (let index = 0; index < 10_000; index += 1) end(feed, `late_${index}`);
		const { calls } = feed.snapshot({ health: () => ({}), servable: () => ({}) }, { brief: empty, full: empty });
		const late = calls.filter((call) => JSON.stringify(call).includes('late_'));
		expect(late).toHaveLength(limits.keptPerSecond / 10);
	});

	test('keeps traces with thousands of steps within its bytes', () => {
		const feed = new Feed(config);
		for (let index = 0; index < 300; index += 1)
			end(feed, `req_${index}`, { trace: new Array(5000).fill(attemptStep) });
		expect(feed.kept.endedBytes).toBeLessThanOrEqual(2 * limits.endedKeptBytes);
	});

	test('samples under load, keeps room for what is worth a look, and says so', () => {
		vi.setSystemTime(Date.now());
		const feed = new Feed(config);
		feed.watch(true);
		const counter = { follows: 0 };
		for (let index = 0; index < 1240; index += 1) {
			start(feed, `req_${index}`, counter);
			end(feed, `req_${index}`, index % 10 === 0 ? { outcome: 'failed' } : {});
		}
		const { calls = [], load } = feed.changes(nobody) ?? {};
		expect(counter.follows).toBeLessThanOrEqual(limits.shownPerSecond / 2 + 1);
		expect(calls.length).toBeLessThanOrEqual(limits.shownPerSecond + 1);
		expect(calls.filter((call) => call.end?.outcome === 'failed').length).toBeGreaterThanOrEqual(20);
		expect(load).toEqual({ requests: 1240, shown: calls.length });
	});

	test('forgets what it kept for viewers when the last one leaves', () => {
		const feed = new Feed(config);
		feed.watch(true);
		for (let index = 0; index < 20; index += 1) start(feed, `req_${index}`);
		expect(feed.kept).toMatchObject({ followed: 20, moved: 20, live: 20 });
		feed.watch(false);
		expect(feed.kept).toMatchObject({ followed: 0, moved: 0, live: 20 });
	});

	test('tells of a call once, however much happens to it between two messages', () => {
		const feed = new Feed(config);
		feed.watch(true);
		start(feed, 'req_1');
		end(feed, 'req_1');
		expect(feed.changes(nobody)?.calls).toMatchObject([{ id: 'req_1', end: { outcome: 'done' } }]);
		expect(feed.changes(nobody)).toBeUndefined();
	});

	test('tells two calls with one id apart', () => {
		const feed = new Feed(config);
		feed.watch(true);
		for (let count = 0; count < 2; count += 1) start(feed, 'same');
		for (let count = 0; count < 2; count += 1) end(feed, 'same');
		const keys = feed.changes(nobody)?.calls?.map(({ key }) => key) ?? [];
		expect(new Set(keys).size).toBe(keys.length);
		expect(feed.kept.live).toBe(0);
	});

	test('survives hostile names', () => {
		const names = ['<script>alert(1)</script>', '\u202egnp.exe', '__proto__', 'x'.repeat(200)];
		const feed = new Feed(config);
		for (const name of names) end(feed, name, { route: name, target: name });
		const told = JSON.parse(JSON.stringify(feed.snapshot(nobody, { brief: empty, full: empty })));
		expect(told.calls.map(({ id }: { id: string }) => id)).toEqual(names.toReversed());
		expect(Object.keys(told.traffic)).toEqual(expect.arrayContaining(names.filter((name) => name !== '__proto__')));
	});
});

const empty = { width: 0, height: 0, nodes: [], edges: [] };
