import type { BudgetConfig, Config } from '../../../config/config.ts';
import type { Path } from '../../../config/tree.ts';
import { cataloguedAt } from '../../../prices/catalogue.ts';
import { pricesOf } from '../../../prices/price-of.ts';
import { inWords } from '../../../values/nearest.ts';
import type { Finding, Rule } from '../rule.ts';
import type { LintSubject } from '../subject.ts';

interface LintedBudget {
	readonly at: Path;
	readonly budget: BudgetConfig;
	/** Whose requests it is for. */
	readonly profiles: readonly string[];
}

function budgetsIn({ budget, profiles, server }: Config): LintedBudget[] {
	const all = Object.keys(profiles);
	const found = [
		{ at: ['budget'], budget, profiles: all },
		...Object.entries(server.clients ?? {}).map(([name, client]) => ({
			at: ['server', 'clients', name, 'budget'],
			budget: client.budget,
			profiles: client.profiles ?? all,
		})),
		...Object.values(profiles).map((profile) => ({
			at: ['profiles', profile.name, 'budget'],
			budget: profile.budget,
			profiles: [profile.name],
		})),
	];
	return found.flatMap(({ budget: given, ...others }) => (given === undefined ? [] : [{ ...others, budget: given }]));
}

const mostShown = 3;

function targetsNotSeen({ config }: LintSubject): Finding[] {
	const prices = pricesOf(config, cataloguedAt);
	return budgetsIn(config).flatMap(({ at, profiles }) => {
		const targets = profiles.flatMap((name) => config.profiles[name]?.chain.map(({ target }) => target) ?? []);
		const unseen = [...new Set(targets)].filter((target) => !prices.has(target));
		if (unseen.length === 0) return [];
		const more = unseen.length > mostShown ? ` and ${unseen.length - mostShown} more` : '';
		const named = inWords(unseen.slice(0, mostShown)) + more;
		return [
			{
				at: [at],
				reason: `the price of ${named} is not known: requests there count for nothing in this budget`,
				advice: "write the model's `price`, and `price: { input: 0, output: 0 }` where it is free",
			},
		];
	});
}

function goesOn({ config }: LintSubject): Finding[] {
	return budgetsIn(config).flatMap(({ at, budget }) => {
		const last = lastProfile(budget, config);
		if (last === undefined) return [];
		return [
			{
				at: [[...at, 'then']],
				reason: `when this budget is spent, requests go to \`${last}\`, which has no budget: nothing ends what is spent there`,
				advice: `give \`${last}\` a budget that refuses, unless it is as cheap as you can bear`,
			},
		];
	});
}

/** The profile without a budget to which one leads in the end; undefined where it refuses in the end. */
function lastProfile(budget: BudgetConfig, { profiles }: Config): string | undefined {
	let { then } = budget;
	for (let next = profiles[then]?.budget; next !== undefined; next = profiles[then]?.budget) then = next.then;
	return then === 'refuse' ? undefined : then;
}

export const budgetRules: readonly Rule[] = [
	{
		id: 'budget-without-price',
		severities: ['warning'],
		finds: 'a budget of requests to targets whose price is not known: it does not see what they cost',
		find: targetsNotSeen,
	},
	{
		id: 'budget-goes-on',
		severities: ['note'],
		finds: 'a budget that leads, when it is spent, to a profile without one',
		find: goesOn,
	},
];
