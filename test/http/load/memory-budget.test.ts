import { describe, expect, it } from 'vitest';
import { CallerShares } from '../../../src/http/load/caller-shares.ts';
import {
	BODY_COPIES,
	heapForRequests,
	MemoryBudget,
	READ_COPIES,
	RequestShare,
} from '../../../src/http/load/memory-budget.ts';

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
		expect(budget.used).toBe(100 * READ_COPIES + 20);
		expect(one.holdText(100, 100)).toBeUndefined();
		expect(budget.used).toBe(100 * BODY_COPIES + 20);
		one.release();
		one.release();
		expect(budget.used).toBe(0);
	});

	it('sheds what comes beyond it, and leaves what is there as it is', () => {
		const budget = new MemoryBudget(1000, 10_000);
		const [calm, greedy] = [share(budget), share(budget)];
		calm.one.holdText(100, 100);
		greedy.one.holdAnswer(600);
		expect(greedy.one.holdAnswer(701)).toBe(false);
		expect([greedy.shed(), calm.shed(), budget.used]).toEqual([1, 0, 900]);
		expect(greedy.one.holdAnswer(100)).toBe(true);
		expect(calm.one.holdText(200, 200)).toBeUndefined();
	});

	it('gives the room of a body that is turned away to the others at once', () => {
		const budget = new MemoryBudget(1000, 10_000);
		const [calm, greedy] = [share(budget), share(budget)];
		calm.one.holdText(100, 100);
		greedy.one.holdBody(100);
		expect(greedy.one.holdBody(150)).toBe('memory');
		expect([greedy.shed(), calm.shed(), budget.used]).toEqual([1, 0, 300]);
		greedy.one.release();
		expect(budget.used).toBe(300);
	});

	it('counts two bytes a character for each text that is not all ASCII', () => {
		const budget = new MemoryBudget(1000, 10_000);
		const [ascii, wide] = [share(budget), share(budget)];
		expect(ascii.one.holdText(100, 100)).toBeUndefined();
		expect(budget.used).toBe(300);
		expect(wide.one.holdText(100, 98)).toBeUndefined();
		expect(budget.used).toBe(300 + 100 + 2 * 2 * 98);
		expect(wide.one.holdText(200, 198)).toBe('memory');
		expect(budget.used).toBe(300);
	});

	it('lets one that is alone have more, as far as the heap allows', () => {
		const budget = new MemoryBudget(1000, 10_000);
		const [alone, other] = [share(budget), share(budget)];
		expect(alone.one.holdText(3000, 3000)).toBeUndefined();
		expect(alone.one.holdAnswer(1001)).toBe(false);
		expect(other.one.holdBody(21)).toBe('memory');
		alone.one.release();
		expect(other.one.holdBody(21)).toBeUndefined();
	});

	it('keeps an eighth for all others where one has more than the rest', () => {
		const budget = new MemoryBudget(1000, 10_000);
		const [large, small, another] = [share(budget), share(budget), share(budget)];
		expect(large.one.holdAnswer(5000)).toBe(true);
		expect(small.one.holdAnswer(100)).toBe(true);
		expect(another.one.holdAnswer(26)).toBe(false);
		expect(another.one.holdAnswer(25)).toBe(true);
		expect(another.one.holdAnswer(5000)).toBe(false);
		expect(large.one.holdAnswer(6000)).toBe(true);
		large.one.release();
		expect(another.one.holdAnswer(800)).toBe(true);
		expect(small.one.holdAnswer(300)).toBe(false);
		expect(budget.used).toBe(900);
	});

	it('is never more than the heap has', () => {
		expect(new MemoryBudget(10_000, 1000).limit).toBe(1000);
	});
});
