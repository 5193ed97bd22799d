import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { keyOrders, orders } from '../../../src/config/order-schema.ts';
import { keyOrderOf, orderOf, type Standing } from '../../../src/gateway/order/order.ts';
import { runs } from '../../helpers/runs.ts';

const unknown: Standing = {
	judged: 0,
	successRate: undefined,
	latencyMs: undefined,
	inFlight: 0,
	price: undefined,
	weight: 1,
};
const target = (known: Partial<Standing> = {}): Standing => ({ ...unknown, ...known });
const middle = { random: () => 0.5, turn: 0 };
const rule = (by: (typeof orders)[number], skipBelow?: number) => ({ by, skipBelow });

const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
const standing: fc.Arbitrary<Standing> = fc.record({
	judged: fc.nat(1000),
	successRate: optional(fc.double({ min: 0, max: 1, noNaN: true })),
	latencyMs: optional(fc.double({ min: 0, max: 1e6, noNaN: true })),
	inFlight: fc.nat(1000),
	price: optional(fc.double({ min: 0, max: 1000, noNaN: true })),
	weight: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true })),
});

describe('an order', () => {
	test('has every target once, whatever is known of them', () => {
		fc.assert(
			fc.property(
				fc.constantFrom(...orders),
				optional(fc.double({ min: 0, max: 1, noNaN: true })),
				fc.array(standing, { minLength: 1, maxLength: 20 }),
				fc.nat(),
				fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 20, maxLength: 20 }),
				(by, skipBelow, standings, turn, chances) => {
					const order = orderOf(rule(by, skipBelow), standings, { turn, random: () => chances.pop() ?? 0 });
					expect([...order].sort((a, b) => a - b)).toEqual([...standings.keys()]);
				},
			),
			runs(400),
		);
	});

	it.each(orders.filter((by) => by !== 'weighted'))('by %s begins as the chain where nothing is known', (by) => {
		expect(orderOf(rule(by), [target(), target(), target()], middle)).toEqual([0, 1, 2]);
	});

	it.each([
		['health', { successRate: 0.5 }, { successRate: 0.9 }],
		['latency', { latencyMs: 300 }, { latencyMs: 200 }],
		['cost', { price: 3 }, { price: 1 }],
		['cost', {}, { price: 1000 }],
		['least-busy', { inFlight: 2 }, { inFlight: 1 }],
		['weighted', { weight: 1 }, { weight: 2 }],
		['weighted', { weight: 0 }, { weight: 0.01 }],
	] as const)('by %s puts the better of two first, and equals as in the chain', (by, worse, better) => {
		const [a, b] = [target({ judged: 9, ...worse }), target({ judged: 9, ...better })];
		expect(orderOf(rule(by), [a, b], middle)).toEqual([1, 0]);
		expect(orderOf(rule(by), [b, a], middle)).toEqual([0, 1]);
		expect(orderOf(rule(by), [a, a], middle)).toEqual([0, 1]);
	});

	it('by health takes no notice of one failure in fifty', () => {
		const [nearly, whole] = [target({ judged: 50, successRate: 0.98 }), target({ judged: 50, successRate: 0.95 })];
		expect(orderOf(rule('health'), [whole, nearly], middle)).toEqual([0, 1]);
	});

	it('by latency has an unknown target found out about by one request at a time, and one that never answers last', () => {
		const known = target({ judged: 9, latencyMs: 100 });
		expect(orderOf(rule('latency'), [known, target()], middle)).toEqual([1, 0]);
		expect(orderOf(rule('latency'), [target({ inFlight: 1 }), known], middle)).toEqual([1, 0]);
		expect(orderOf(rule('latency'), [target({ judged: 3, successRate: 0 }), known], middle)).toEqual([1, 0]);
	});

	it('by weight gives each its share of the requests', () => {
		const standings = [target({ weight: 1 }), target({ weight: 3 }), target({ weight: 0 })];
		let seed = 1;
		const random = () => {
			seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
			return seed / 2 ** 32;
		};
		const firsts = Array.from({ length: 4000 }, (_, turn) => orderOf(rule('weighted'), standings, { random, turn })[0]);
		const share = (position: number) => firsts.filter((first) => first === position).length / firsts.length;
		expect(share(1)).toBeGreaterThan(0.7);
		expect(share(1)).toBeLessThan(0.8);
		expect(share(2)).toBe(0);
	});

	it('in turn begins with another target each time', () => {
		const chain = [target(), target(), target()];
		const taken = [0, 1, 2, 3].map((turn) => orderOf(rule('round-robin'), chain, { ...middle, turn }));
		expect(taken).toEqual([
			[0, 1, 2],
			[1, 2, 0],
			[2, 0, 1],
			[0, 1, 2],
		]);
	});

	it.each(orders.filter((by) => by !== 'weighted' && by !== 'round-robin'))(
		'by %s puts a target below `skipBelow` last, and never leaves it out',
		(by) => {
			const bad = target({ judged: 9, successRate: 0.2, latencyMs: 1, price: 1 });
			const good = target({ judged: 9, successRate: 0.3, latencyMs: 900, price: 9, inFlight: 9 });
			expect(orderOf(rule(by, 0.3), [bad, good, bad], middle)).toEqual([1, 0, 2]);
		},
	);
});

describe('the keys of a provider', () => {
	test('are all there, in any order', () => {
		const uses = fc.array(fc.record({ used: fc.nat() }), { maxLength: 20 });
		fc.assert(
			fc.property(fc.constantFrom(...keyOrders), uses, fc.nat(), (by, all, turn) => {
				const order = keyOrderOf(by, all, turn);
				expect(order.sort((a, b) => a - b)).toEqual([...all.keys()]);
			}),
			runs(200),
		);
	});

	it.each([
		['in-order', [0, 1, 2]],
		['round-robin', [1, 2, 0]],
		['least-used', [2, 0, 1]],
	] as const)('%s', (by, order) => {
		expect(keyOrderOf(by, [{ used: 5 }, { used: 5 }, { used: 1 }], 4)).toEqual(order);
	});
});
