import { describe, expect, it } from 'vitest';
import { DescriptorWatch, descriptorLimit } from '../../../src/http/load/descriptors.ts';
import { EventLoopWatch, TICK_MS } from '../../../src/http/load/event-loop.ts';
import { Load } from '../../../src/http/load/load.ts';

const limits = { requests: 10, connections: 10, memory: 1024 ** 2, eventLoopLag: 1000 };
const request = { socket: {} } as Parameters<Load['reasonAgainst']>[0];

describe('the watch of the event loop', () => {
	/** @param lateMs how late each tick is */
	function watched(...lateMs: number[]): EventLoopWatch {
		const watch = new EventLoopWatch(1000);
		let now = 0;
		watch.tick(now);
		for (const late of lateMs) {
			now += TICK_MS + late;
			watch.tick(now);
		}
		return watch;
	}

	it.each([
		['on time', [0, 0, 0, 0], false],
		['late once, however much', [0, 60_000, 0], false],
		['as late as it may be', [1000, 1000, 1000, 1000], false],
		['too late for three ticks', [1001, 5000, 1001], true],
		['on time again', [1001, 1001, 1001, 3], false],
		['too early, after a clock that was corrected', [-TICK_MS, -TICK_MS, -TICK_MS], false],
	])('of a process that is %s', (_, lateMs, isOverloaded) => {
		expect(watched(...lateMs).isOverloaded).toBe(isOverloaded);
	});

	it('turns requests away for as long as it lasts', () => {
		const load = new Load(limits, { heap: 1e9, descriptors: undefined });
		for (const now of [0, 2000, 4000, 6000]) load.tick(now);
		expect(load.reasonAgainst(request)).toBe('event_loop');
		load.tick(6000 + TICK_MS);
		expect(load.reasonAgainst(request)).toBeUndefined();
	});
});

describe('the watch of descriptors', () => {
	it('counts what it does not know of, where it may matter', async () => {
		let [known, open, looks] = [0, 60, 0];
		const count = async () => {
			looks += 1;
			return open;
		};
		const watch = new DescriptorWatch(256, () => known, count);
		await watch.look();
		expect([looks, watch.areScarce]).toEqual([0, false]);
		known = 150;
		open = 200;
		await watch.look();
		expect([looks, watch.areScarce]).toEqual([1, false]);
		// What has come since the last look counts at once.
		known = 175;
		expect(watch.areScarce).toBe(true);
		known = 100;
		expect(watch.areScarce).toBe(false);
	});

	it('takes it for full where nothing is left to look with, and for endless where no limit is known', async () => {
		const full = new DescriptorWatch(
			100,
			() => 60,
			async (limit) => limit,
		);
		await full.look();
		expect(full.areScarce).toBe(true);
		const endless = new DescriptorWatch(
			undefined,
			() => 1e6,
			async () => undefined,
		);
		await endless.look();
		expect(endless.areScarce).toBe(false);
	});

	it('knows the limit of this process where the system tells it', () => {
		expect(process.platform === 'linux' ? descriptorLimit() : 1).toBeGreaterThan(0);
	});

	it('leaves every connection of a caller one to a provider', () => {
		expect(new DescriptorWatch(256, () => 0).connections).toBe(96);
		expect(new DescriptorWatch(10, () => 0).connections).toBe(1);
	});
});
