import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { type FetchedKey, Unfetched } from '../../src/credentials/fetched-key.ts';
import { renewalDelay, usualTiming } from '../../src/credentials/key-life.ts';
import { LiveKey } from '../../src/credentials/live-key.ts';
import { clockFollowsDate } from '../helpers/fake-clock.ts';

const seconds = (count: number) => count * 1000;

describe('when a key is renewed', () => {
	const hour = seconds(3600);
	test.each<[what: string, lifeMs: number | undefined, everyMs: number | undefined, delayMs: number]>([
		['at 80 % of its life', seconds(100), undefined, seconds(80)],
		['each hour where its life is not known', undefined, undefined, hour],
		['as often as it is wanted', undefined, seconds(5), seconds(5)],
		['by its life, where that ends sooner than it is wanted', seconds(100), hour, seconds(80)],
		['as it is wanted, where that is sooner than its life ends', seconds(100), seconds(20), seconds(20)],
		['not more often than each ten seconds because of its life', seconds(2), undefined, seconds(10)],
		['each day at the latest', 1000 * hour, undefined, 24 * hour],
	])('%s', (_what, lifeMs, everyMs, delayMs) => {
		expect(renewalDelay(lifeMs, everyMs, usualTiming)).toBe(delayMs);
	});
});

describe('a live key', () => {
	/** What the fetches bring, in order; each is answered when the test says so. */
	let fetches: PromiseWithResolvers<FetchedKey>[];
	let told: unknown[];
	let live: LiveKey;

	beforeEach(() => {
		vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
		vi.spyOn(Math, 'random').mockReturnValue(0.5);
		clockFollowsDate();
		fetches = [];
		told = [];
		live = new LiveKey({
			timing: usualTiming,
			fetcher: {
				fetch: () => {
					const fetch = Promise.withResolvers<FetchedKey>();
					fetches.push(fetch);
					return fetch.promise;
				},
			},
			listener: {
				onFound: (key) => told.push({ found: key, beside: live.present }),
				onFetched: () => told.push('fetched'),
				onTrouble: ({ what, hasKey, diesAt, retryAt }) => {
					const from = (at: number | undefined) => at && (at - Date.now()) / 1000;
					told.push({ what, hasKey, diesIn: from(diesAt), retryIn: from(retryAt) });
				},
				onDoubt: (what) => told.push({ doubt: what }),
			},
		});
	});
	afterEach(async () => {
		fetches.at(-1)?.reject(new Unfetched('the test is over'));
		await live.stop();
		vi.useRealTimers();
		vi.restoreAllMocks();
	});

	const pass = (count: number) => vi.advanceTimersByTimeAsync(seconds(count));
	async function bring(fetched: FetchedKey | Error): Promise<void> {
		const last = fetches.at(-1);
		if (fetched instanceof Error) last?.reject(fetched);
		else last?.resolve(fetched);
		await pass(0);
	}
	async function startWith(fetched: FetchedKey | Error): Promise<void> {
		const started = live.start();
		await bring(fetched);
		await started;
		told.length = 0;
	}

	it('is told of before anybody can use it', async () => {
		const started = live.start();
		expect(live.present).toBeUndefined();
		await bring({ key: 'a' });
		await started;
		expect(told).toEqual([{ found: 'a', beside: undefined }, 'fetched']);
		expect(live.present).toBe('a');
	});

	it('is renewed at 80 % of its life, and serves on until there is another', async () => {
		await startWith({ key: 'a', lifeMs: seconds(100) });
		await pass(79.9);
		expect(fetches).toHaveLength(1);
		await pass(0.2);
		expect(fetches).toHaveLength(2);
		await pass(60);
		expect(live.present).toBe('a');
		await bring({ key: 'b', lifeMs: seconds(1000) });
		expect(live.present).toBe('b');
		expect(told).toEqual([{ found: 'b', beside: 'a' }, 'fetched']);
		await pass(799);
		expect(fetches).toHaveLength(2);
	});

	it('that comes again unchanged is no news', async () => {
		await startWith({ key: 'a', lifeMs: seconds(100) });
		await pass(81);
		await bring({ key: 'a', lifeMs: seconds(100) });
		expect(told).toEqual([]);
	});

	it('is renewed once for all who were refused with it', async () => {
		await startWith({ key: 'a', lifeMs: seconds(100) });
		await pass(60);
		const renewals = Promise.all([live.renewAfter('a'), live.renewAfter('a'), live.renewAfter('a')]);
		expect(fetches).toHaveLength(2);
		await bring({ key: 'b', lifeMs: seconds(100) });
		expect(await renewals).toEqual([true, true, true]);
		// One that was asked with the old key, and is refused only now.
		expect(await live.renewAfter('a')).toBe(true);
		expect(fetches).toHaveLength(2);
		expect(told).toEqual([{ found: 'b', beside: 'a' }, 'fetched']);
	});

	it('is not fetched a second time while its own renewal is under way', async () => {
		await startWith({ key: 'a', lifeMs: seconds(100) });
		await pass(81);
		const renewal = live.renewAfter('a');
		expect(fetches).toHaveLength(2);
		await bring({ key: 'b' });
		expect(await renewal).toBe(true);
	});

	it('is not asked for again at once where it dies at once, and then by itself', async () => {
		await startWith({ key: 'a', lifeMs: seconds(3600) });
		await pass(2);
		expect(await live.renewAfter('a')).toBe(false);
		expect(await live.renewAfter('a')).toBe(false);
		expect(fetches).toHaveLength(1);
		const doubt = 'gave one that was refused long before the end of the life that it was said to have';
		expect(told).toEqual([{ doubt }]);
		await pass(7.9);
		expect(fetches).toHaveLength(1);
		await pass(0.2);
		expect(fetches).toHaveLength(2);
	});

	it('that is refused, and comes again, is not another one', async () => {
		await startWith({ key: 'a' });
		await pass(20);
		const renewal = live.renewAfter('a');
		await bring({ key: 'a' });
		expect(await renewal).toBe(false);
	});

	it('that cannot be renewed is trouble before it dies, is tried again, and serves on', async () => {
		await startWith({ key: 'a', lifeMs: seconds(100) });
		await pass(80.1);
		await bring(new Unfetched('the command printed nothing'));
		const trouble = { what: 'the command printed nothing', hasKey: true };
		expect(told).toEqual([{ ...trouble, diesIn: expect.closeTo(19.9, 0), retryIn: 1 }]);
		for (const [attempt, waitS] of [1, 2, 4, 8, 16, 32, 60, 60].entries()) {
			await pass(waitS - 0.5);
			expect(fetches).toHaveLength(2 + attempt);
			await pass(0.6);
			expect(fetches).toHaveLength(3 + attempt);
			await bring(new Unfetched('the command printed nothing'));
		}
		expect(told).toHaveLength(1);
		expect(live.present).toBe('a');
		await pass(60.1);
		await bring({ key: 'a', lifeMs: seconds(100) });
		expect(told.slice(1)).toEqual(['fetched']);
	});

	it('tells of another trouble at once, and of the same one after five minutes', async () => {
		await startWith(new Unfetched('the command printed nothing'));
		await pass(1.1);
		await bring(new Error('a secret'));
		expect(told).toEqual([
			{ what: 'the fetch met a fault of Breakwater', hasKey: false, diesIn: undefined, retryIn: expect.any(Number) },
		]);
		for (let minute = 0; minute < 8; minute += 1) {
			await pass(61);
			await bring(new Error('a secret'));
		}
		expect(told).toHaveLength(2);
	});

	it('tells of each doubt about its life once', async () => {
		await startWith({ key: 'a', lifeMs: seconds(50), doubt: 'says nothing' });
		await pass(41);
		await bring({ key: 'b', doubt: 'says nothing' });
		expect(told).toEqual([{ found: 'b', beside: 'a' }, 'fetched']);
	});

	it('asks no more, and says no more, once it is stopped', async () => {
		await startWith({ key: 'a', lifeMs: seconds(100) });
		await pass(81);
		const stopped = live.stop();
		await bring({ key: 'b' });
		await stopped;
		await pass(100_000);
		expect(fetches).toHaveLength(2);
		expect(told).toEqual([]);
		expect(await live.renewAfter('a')).toBe(false);
		expect(fetches).toHaveLength(2);
	});
});
