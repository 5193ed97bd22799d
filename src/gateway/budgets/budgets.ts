import type { Config } from '../../config/config.ts';
import type { BudgetFigures, BudgetNews } from '../../contract/budget-figures.ts';
import type { Call } from '../../contract/call.ts';
import type { CallCost } from '../../contract/call-record.ts';
import { Refusal } from '../../contract/refusal.ts';
import { clock, rfc3339 } from '../../values/clock.ts';
import { Budget } from './budget.ts';

/** A request that its budgets let pass, perhaps to another profile than it had asked for. */
export interface BudgetedCall {
	readonly call: Call;
	/** Those that it counts for. */
	readonly budgets: readonly Budget[];
}

/** What all requests, those of each caller and those to each profile may cost. */
export class Budgets {
	readonly #all: Budget | undefined;
	readonly #ofClients: ReadonlyMap<string, Budget>;
	readonly #ofProfiles: ReadonlyMap<string, Budget>;

	private constructor(
		all: Budget | undefined,
		ofClients: ReadonlyMap<string, Budget>,
		ofProfiles: ReadonlyMap<string, Budget>,
	) {
		this.#all = all;
		this.#ofClients = ofClients;
		this.#ofProfiles = ofProfiles;
	}

	/**
	 * @param tell called once for each period of a budget when it is to be warned of, and when it is spent
	 * @returns undefined where the configuration has no budget
	 */
	static of(config: Config, tell: (news: BudgetNews) => void): Budgets | undefined {
		const { budget, profiles, server } = config;
		const all = budget && new Budget({ scope: 'all', name: '', place: 'budget' }, budget, tell);
		const ofClients = Object.entries(server.clients ?? {}).flatMap(([name, { budget: own }]) => {
			const owner = { scope: 'client', name, place: `server.clients.${name}.budget` } as const;
			return own === undefined ? [] : [[name, new Budget(owner, own, tell)] as const];
		});
		const ofProfiles = Object.values(profiles).flatMap(({ name, budget: own }) => {
			const owner = { scope: 'profile', name, place: `profiles.${name}.budget` } as const;
			return own === undefined ? [] : [[name, new Budget(owner, own, tell)] as const];
		});
		if (all === undefined && ofClients.length + ofProfiles.length === 0) return undefined;
		return new Budgets(all, new Map(ofClients), new Map(ofProfiles));
	}

	get figures(): readonly BudgetFigures[] {
		return this.#every.map(({ figures }) => figures);
	}

	get #every(): readonly Budget[] {
		return [...(this.#all === undefined ? [] : [this.#all]), ...this.#ofClients.values(), ...this.#ofProfiles.values()];
	}

	/**
	 * Where a request goes: where it wants to, unless a budget is spent that leads elsewhere.
	 * @throws Refusal where a budget is spent that refuses
	 */
	lead(call: Call): BudgetedCall {
		const own = call.client === undefined ? undefined : this.#ofClients.get(call.client);
		const spent: Budget[] = [];
		let { route, targets } = call;
		// The one of all requests is the last to say where they go.
		for (const budget of [own, this.#all]) {
			if (budget?.isSpent !== true) continue;
			route = led(budget, call);
			targets = undefined;
			spent.push(budget);
		}
		let ofProfile = targets === undefined ? this.#ofProfiles.get(route) : undefined;
		// No budget leads to its own profile, nor round in a circle: the configuration was checked.
		while (ofProfile?.isSpent === true) {
			route = led(ofProfile, call);
			spent.push(ofProfile);
			ofProfile = this.#ofProfiles.get(route);
		}
		const budgets = [this.#all, own, ofProfile].filter((budget) => budget !== undefined);
		const staysThere = route === call.route && targets === call.targets;
		if (staysThere) return { call, budgets };
		return { call: { ...call, route, targets, spentBudgets: spent.map(nameOf) }, budgets };
	}
}

/** Holds what a request is estimated to cost. @returns to be called once, with what it did cost */
export function hold(budgets: readonly Budget[], usd: number): (cost: CallCost | undefined) => void {
	for (const budget of budgets) budget.hold(usd);
	return (cost) => {
		for (const budget of budgets) budget.settle(usd, cost);
	};
}

/**
 * The profile to which a spent budget leads.
 * @throws Refusal where it leads to none; nor do requests for vectors go elsewhere: those of two models do not fit together
 */
function led(budget: Budget, { dialect }: Call): string {
	const { then } = budget.config;
	if (then === 'refuse' || dialect.needsOneModel === true) throw spentRefusal(budget);
	return then;
}

function spentRefusal(budget: Budget): Refusal {
	const { until, owner, config } = budget;
	const seconds = Math.max(1, Math.ceil((until - clock.now()) / 1000));
	const whose = owner.scope === 'all' ? 'The budget of all requests' : `The budget of the ${nameOf(budget)}`;
	const message = `${whose} is spent (${owner.place}, ${config.usd} USD); it begins anew at ${rfc3339(until)}.`;
	return new Refusal('budget_spent', message, { headers: { 'retry-after': String(seconds) } });
}

/** `client 'web'`; `all requests` for the one of all. */
function nameOf({ owner: { scope, name } }: Budget): string {
	return scope === 'all' ? 'all requests' : `${scope} '${name}'`;
}
