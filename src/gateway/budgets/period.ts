import type { BudgetPeriod } from '../../config/budget-schema.ts';

/** ms since the epoch, on the wall; the end is not in it. */
export interface Period {
	readonly from: number;
	readonly to: number;
}

const lengths = { hour: 3_600_000, day: 86_400_000 };

/** The period in which a moment is, in UTC. @param at ms since the epoch, on the wall */
export function periodAt(per: BudgetPeriod, at: number): Period {
	if (per === 'month') {
		const date = new Date(at);
		const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
		return { from: Date.UTC(year, month, 1), to: Date.UTC(year, month + 1, 1) };
	}
	const length = typeof per === 'number' ? per : lengths[per];
	const from = Math.floor(at / length) * length;
	return { from, to: from + length };
}
