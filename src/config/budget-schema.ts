import { z } from 'zod';
import { readDuration } from '../values/durations.ts';
import { amount, defaulted, section, text } from './fields.ts';

/** A period of the calendar in UTC, or one of so many ms, counted from the beginning of 1970. */
export type BudgetPeriod = 'hour' | 'day' | 'month' | number;

const periods: readonly string[] = ['hour', 'day', 'month'];
const periodHelp = 'write `hour`, `day`, `month`, or a duration of a minute or more such as `8h`';
/** ms. */
const SHORTEST_PERIOD = 60_000;

const period = z
	.string({ error: `is not a period; ${periodHelp}` })
	.meta({
		pattern: '^(hour|day|month)$|^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$|\\$\\{',
		examples: ['hour', 'day', 'month', '8h'],
	})
	.transform((written, context): BudgetPeriod => {
		if (periods.includes(written)) return written as BudgetPeriod;
		const reading = readDuration(written);
		if ('value' in reading && reading.value >= SHORTEST_PERIOD) return reading.value;
		context.addIssue({ code: 'custom', message: `is not a period; ${periodHelp}` });
		return z.NEVER;
	});

const usdError = 'is not a number of USD above 0; write one, or leave the budget out';

export const budget = section({
	usd: z
		.number({ error: usdError })
		.gt(0, { error: usdError })
		.max(1e9, { error: 'is more than a billion USD; write less, or leave the budget out' })
		.describe('How much may be spent in each period, USD. Required.'),
	per: defaulted(period, 'day', 'The period, in UTC: `hour`, `day`, `month`, or a duration.'),
	// `refuse` is also what it does where no profile is named.
	then: defaulted(
		text(),
		'refuse',
		'What becomes of requests when it is spent: `refuse` (402, until it begins anew), or the name of a profile that serves instead.',
	),
	warnAt: defaulted(amount(0.01, 1), 0.8, 'The share of it from which on the log and the metrics warn.'),
});
