import { expect, test } from 'vitest';
import type { BudgetPeriod } from '../../../src/config/budget-schema.ts';
import { periodAt } from '../../../src/gateway/budgets/period.ts';

const period = (per: BudgetPeriod, at: string) => {
	const { from, to } = periodAt(per, Date.parse(at));
	return [new Date(from).toISOString(), new Date(to).toISOString()];
};

test.each<[BudgetPeriod, string, string, string]>([
	['hour', '2026-11-27T22:59:59.999Z', '2026-11-27T22:00:00.000Z', '2026-11-27T23:00:00.000Z'],
	['hour', '2026-11-27T23:00:00.000Z', '2026-11-27T23:00:00.000Z', '2026-11-28T00:00:00.000Z'],
	['day', '2026-11-27T23:59:59.999Z', '2026-11-27T00:00:00.000Z', '2026-11-28T00:00:00.000Z'],
	// In Berlin it is the 28th already: days are those of UTC.
	['day', '2026-11-28T00:30:00.000+01:00', '2026-11-27T00:00:00.000Z', '2026-11-28T00:00:00.000Z'],
	['month', '2028-02-29T12:00:00.000Z', '2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
	['month', '2026-12-31T23:59:59.999Z', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
	[28_800_000, '2026-11-27T08:00:00.000Z', '2026-11-27T08:00:00.000Z', '2026-11-27T16:00:00.000Z'],
])('the %s of %s is from %s to %s', (per, at, from, to) => {
	expect(period(per, at)).toEqual([from, to]);
});
