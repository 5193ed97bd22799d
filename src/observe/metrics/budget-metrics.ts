import { Gauge, type Registry } from 'prom-client';
import type { BudgetFigures } from '../../contract/budget-figures.ts';

const labels = ['scope', 'name'] as const;

/** How the budgets stand. A configuration without any has no series of these. */
export function addBudgetMetrics(registry: Registry, figures: () => readonly BudgetFigures[]): void {
	const of = { labelNames: labels, registers: [registry] };
	const add = (name: string, help: string, read: (budget: BudgetFigures) => number) => {
		const gauge = new Gauge({
			...of,
			name,
			help,
			collect: () => {
				for (const budget of figures()) gauge.set({ scope: budget.scope, name: budget.name }, read(budget));
			},
		});
	};
	add('breakwater_budget_limit_usd', 'What may be spent in each period of a budget, USD.', ({ limitUsd }) => limitUsd);
	add(
		'breakwater_budget_used_usd',
		'What was spent of a budget in its present period, as far as it is known, USD.',
		({ usedUsd }) => usedUsd,
	);
	add(
		'breakwater_budget_unknown_costs',
		'Attempts in the present period of a budget of whose cost not all is known; what is not known is not in what was spent.',
		({ unknownCosts }) => unknownCosts,
	);
}
