import { describe, expect, it } from 'vitest';
import { CallerShares } from '../../../src/http/load/caller-shares.ts';
import { BODY_COPIES, heapForRequests, MemoryBudget, RequestShare } from '../../../src/http/load/memory-budget.ts';

const MB = 1024 ** 2;

describe('the heap that requests may hold', () => {
	it.each([
		['--max-old-space-size=64', 256 * MB, 16 * MB],
		['--max-old-space-size=64 --max_old_space_size=128', 256 * MB, 32 * MB],
		['', 4288 * MB, 1024 * MB],
		['--max-semi-space-size=16', 304 * MB, 64 * MB],
		['--some-other-flag', 100 * MB, 6.25 * MB],
	])('is a quarter of what old objects may take (%j)', (flags, heapLimit, bytes) => {
		expect(heapForRequests(flags, heapLimit)).toBe(bytes);
	});
});

describe('the memory of all requests', () => {
	const share = (budget: MemoryBudget) => {
		let shed = 0;
		return { one: new RequestShare(budget, new CallerShares(), undefined, () => (shed += 1)), shed: () => shed };
	};

	it('counts bodies as often as they are held, and answers as they are, and gives all back at once', () => {
		const budget = new MemoryBudget(1000, 10_000);
		const { one } = share(budget);
		expect(one.holdBody(100)).toBeUndefined();
		expect(one.holdAnswer(50)).toBe(true);
		expect(one.holdAnswer(20)).toBe(true);
		expect(budget.used).toBe(100 * BODY_COPIES + 20);
		one.release();
		one.release();
		expect(budget.used).toBe(0);
	});

	it('sheds what comes beyond it, and leaves what is there as it is', () => {
		const budget = new MemoryBudget(1000, 10_000);
		const [calm, greedy] = [share(budget), share(budget)];
		calm.one.holdBody(100);
		greedy.one.holdAnswer(600);
		expect(greedy.one.holdAnswer(701)).toBe(false);
		expect(greedy.one.holdBody(200)).toBe('memory');
		expect([greedy.shed(), calm.shed(), budget.used]).toEqual([1, 0, 900]);
		expect(greedy.one.holdAnswer(100)).toBe(true);
		expect(calm.one.holdBody(200)).toBeUndefined();
	});

	it('lets one that is alone have more, as far as the heap allows', () => {
		const budget = new MemoryBudget(1000, 10_000);
		const [alone, other] = [share(budget), share(budget)];
		expect(alone.one.holdBody(3000)).toBeUndefined();
		expect(other.one.holdBody(1)).toBe('memory');
		expect(alone.one.holdAnswer(1001)).toBe(false);
		alone.one.release();
		expect(other.one.holdBody(1)).toBeUndefined();
	});

	it('is never more than the heap has', () => {
		expect(new MemoryBudget(10_000, 1000).limit).toBe(1000);
	});
});
