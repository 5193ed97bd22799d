import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Permit } from '../../../machines/events.ts';
import {
	afterResult,
	emptyLedger,
	type Ledger,
	ledgerOf,
	plainLedger,
	withPermit,
} from '../../../machines/provider/ledger.ts';
import {
	entriesOf,
	KEYS,
	type NumberTree,
	valueAt,
	withoutKey,
	withValue,
} from '../../../machines/provider/number-tree.ts';
import { minuteMs, quota, serverError } from '../samples.ts';
import { halfOpened, opened, startMs, startProvider } from './provider-harness.ts';

describe('a provider actor', () => {
	const ways = [
		['closed', () => startProvider()],
		['open', () => opened()],
		['half-open', () => halfOpened()],
		[
			'quota-cooldown',
			() => {
				const provider = startProvider();
				provider.failNow(quota);
				return provider;
			},
		],
	] as const;

	it.each(ways)('takes a permit back once in %s, and knows none twice', (state, bring) => {
		const provider = startProvider();
		const permits = Array.from({ length: 3 }, () => provider.permit({ tokens: 100 }));
		const memory = { ...bring().memory(), ledger: provider.memory().ledger };
		const late = startProvider({}, provider.clock, { memory });
		expect(late.state()).toBe(state);
		const out = () => {
			const { out, tokens, models } = late.context().ledger;
			return [out, tokens, models];
		};
		expect(out()).toEqual([3, 300, [{ model: 'm', out: 3, tokens: 300 }]]);
		for (let times = 0; times < 2; times++) late.succeed(permits[0] as Permit);
		expect(out()).toEqual([2, 200, [{ model: 'm', out: 2, tokens: 200 }]]);
		for (let times = 0; times < 2; times++) late.abandon(permits[1] as Permit);
		expect(out()).toEqual([1, 100, [{ model: 'm', out: 1, tokens: 100 }]]);
		late.abandon({ ...(permits[2] as Permit), id: 'somebody else' });
		expect(out()[0]).toBe(1);
		for (let times = 0; times < 2; times++) late.fail(permits[2] as Permit, { category: 'BAD_REQUEST' });
		expect(out()).toEqual([0, 0, []]);
		expect(late.context().ledger.used).toBe(200);
	});

	it('counts a probe that is overdue as out until it has its result', () => {
		const provider = halfOpened();
		const probe = provider.permit();
		provider.pass(5 * minuteMs);
		expect(provider.state()).toBe('open');
		expect(provider.context().ledger.out).toBe(1);
		provider.succeed(probe);
		expect(provider.context().ledger.out).toBe(0);
	});

	it('counts what was used where that is told', () => {
		const provider = startProvider();
		const permit = provider.permit({ tokens: 100 });
		provider.actor.send({ type: 'attempt.succeeded', permit, now: startMs, tokens: 7 });
		provider.fail(provider.permit({ tokens: 100 }), serverError);
		provider.abandon(provider.permit({ tokens: 10 }));
		expect(provider.context().ledger).toMatchObject({ out: 0, tokens: 0, used: 17 });
	});

	it('tells what a permit is worth to nobody but itself: no grant is denied for it', () => {
		const provider = startProvider();
		for (let times = 0; times < 2_000; times++) provider.permit({ tokens: 1_000_000 });
		expect(provider.context().ledger).toMatchObject({ out: 2_000, tokens: 2_000_000_000 });
	});
});

describe('the numbers of permits', () => {
	const start: Ledger = { ...emptyLedger, last: KEYS - 2 };
	const take = (ledger: Ledger, id: string) => withPermit(ledger, { id, model: 'm', tokens: 1 });
	const back = (ledger: Ledger, id: string, number: number) =>
		afterResult(ledger, {
			type: 'attempt.succeeded',
			now: 0,
			permit: { id, number, model: 'm', probe: false, epoch: 0, refusesPrefill: false },
		});

	it('begin again, past those that are out still', () => {
		const lost = take({ ...emptyLedger, last: KEYS - 1 }, 'lost');
		expect(lost.last).toBe(0);
		const full = take(take({ ...lost, last: KEYS - 2 }, 'last'), 'next');
		expect(full.last).toBe(1);
		expect(full.out).toBe(3);
		expect(back(full, 'last', KEYS - 1).out).toBe(2);
	});

	it('are no proof: a permit of the same number and another name gives nothing back', () => {
		const one = take(start, 'one');
		expect(back(one, 'another', one.last)).toBe(one);
		expect(back(one, 'one', one.last).out).toBe(0);
	});

	it('are kept as plain values', () => {
		const ledger = back(take(take(take(start, 'a'), 'b'), 'c'), 'b', 0);
		expect(ledgerOf(JSON.parse(JSON.stringify(plainLedger(ledger))))).toEqual(ledger);
	});
});

it('a tree of numbers is a map, and the same one whatever led to it', () => {
	const changes = fc.array(
		fc.record({ key: fc.nat({ max: KEYS - 1 }).map((key) => key >> (key % 25)), isIn: fc.boolean() }),
	);
	fc.assert(
		fc.property(changes, (history) => {
			const map = new Map<number, number>();
			let tree: NumberTree<number> | undefined;
			for (const [value, { key, isIn }] of history.entries()) {
				if (isIn) map.set(key, value);
				else map.delete(key);
				tree = isIn ? withValue(tree, key, value) : withoutKey(tree, key);
				expect(valueAt(tree, key)).toBe(map.get(key));
			}
			const entries = [...map].sort(([a], [b]) => a - b);
			expect(entriesOf(tree)).toEqual(entries);
			let again: NumberTree<number> | undefined;
			for (const [key, value] of entries.reverse()) again = withValue(again, key, value);
			expect(again).toEqual(tree);
		}),
	);
});
