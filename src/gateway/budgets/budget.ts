import type { BudgetConfig } from '../../config/config.ts';
import type { BudgetFigures, BudgetNews } from '../../contract/budget-figures.ts';
import type { CallCost } from '../../contract/call-record.ts';
import { clock } from '../../values/clock.ts';
import { type Period, periodAt } from './period.ts';

/** Whose a budget is. */
export type BudgetOwner = Pick<BudgetNews, 'scope' | 'name' | 'place'>;

/** What of one budget has been used in the present period. It is in memory only: a new process begins anew. */
export class Budget {
	readonly owner: BudgetOwner;
	readonly config: BudgetConfig;
	readonly #tell: (news: BudgetNews) => void;
	#period: Period;
	/** USD, of the requests that have ended. */
	#used = 0;
	/** USD that the prompts of the requests in flight are estimated to cost. */
	#held = 0;
	#unknown = 0;
	/** What has been told in this period. */
	#told: BudgetNews['is'] | undefined;

	constructor(owner: BudgetOwner, config: BudgetConfig, tell: (news: BudgetNews) => void) {
		this.owner = owner;
		this.config = config;
		this.#tell = tell;
		this.#period = periodAt(config.per, wallNow());
	}

	/** With what is in flight, as far as that can be told. */
	get isSpent(): boolean {
		this.#turn();
		return this.#used + this.#held >= this.config.usd;
	}

	/** When it begins anew, ms since the epoch, of the process's clock. */
	get until(): number {
		this.#turn();
		return clock.fromWall(this.#period.to);
	}

	get figures(): BudgetFigures {
		const { scope, name } = this.owner;
		const { until } = this;
		return { scope, name, limitUsd: this.config.usd, usedUsd: this.#used, unknownCosts: this.#unknown, until };
	}

	/** A request begins. @param usd what its prompt is estimated to cost */
	hold(usd: number): void {
		this.#held += usd;
	}

	/**
	 * It has ended.
	 * @param held what `hold` was told of it, USD
	 * @param cost absent where nothing was used
	 */
	settle(held: number, cost: CallCost | undefined): void {
		this.#turn();
		this.#held = Math.max(0, this.#held - held);
		if (cost === undefined) return;
		// Of a stream whose usage nobody reported, the prompt is what is known.
		this.#used += cost.usd ?? held;
		this.#unknown += cost.attempts.filter(({ isComplete }) => !isComplete).length;
		this.#tellNews();
	}

	#tellNews(): void {
		const { usd, warnAt, then } = this.config;
		const is = this.#used >= usd ? 'spent' : this.#used >= usd * warnAt ? 'warned' : undefined;
		if (is === undefined || is === this.#told || this.#told === 'spent') return;
		this.#told = is;
		this.#tell({ ...this.figures, is, place: this.owner.place, then });
	}

	/** A wall clock that is set back begins no period that has been. */
	#turn(): void {
		const now = wallNow();
		if (now < this.#period.to) return;
		this.#period = periodAt(this.config.per, now);
		this.#used = 0;
		this.#unknown = 0;
		this.#told = undefined;
	}
}

function wallNow(): number {
	return clock.toWall(clock.now());
}
