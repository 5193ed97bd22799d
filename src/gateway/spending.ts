import type { TraceEntry } from '../../machines/request/progress.ts';
import type { Usage } from '../contract/answer-parts.ts';
import type { AttemptCost, CallCost, RecordedStep, TokenCount } from '../contract/call-record.ts';
import { costOf } from '../prices/cost.ts';
import type { Price } from '../prices/price.ts';
import { clock } from '../values/clock.ts';

/** An attempt that is over. */
export interface SpentAttempt {
	/** `provider/model`. */
	readonly target: string;
	readonly price: Price | undefined;
	/** As far as the provider has reported it. */
	readonly usage: Usage | undefined;
	/** Its answer was whole, whether or not it was used: what it reported is all. */
	readonly isWhole: boolean;
	/** Something of an answer has come. */
	readonly hasContent: boolean;
}

/** What the attempts of one request used and cost, those too of which the caller saw nothing. */
export class Spending {
	readonly tokens: TokenCount[] = [];
	#cost: CallCost | undefined;
	/** By attempt, in order; undefined for one that is not known to have used anything, as it failed before it wrote. */
	readonly #costs: (AttemptCost | undefined)[] = [];

	/** An attempt is over, however it went. */
	note({ target, price, usage, isWhole, hasContent }: SpentAttempt): void {
		if (usage !== undefined) this.tokens.push({ target, input: usage.input, output: usage.output });
		if (usage === undefined && !isWhole && !hasContent) {
			this.#costs.push(undefined);
			return;
		}
		const usd = price && usage && costOf(price, usage, clock.toWall(clock.now()));
		const cost = usd === undefined ? { target, isComplete: false } : { target, usd, isComplete: isWhole };
		this.#costs.push(cost);
		this.#cost = added(this.#cost ?? nothing, cost);
	}

	/** Of all attempts so far; undefined where none is known to have used anything. */
	get cost(): CallCost | undefined {
		return this.#cost;
	}

	/** A trace with what each of its attempts cost, where that is known. */
	inTrace(trace: readonly RecordedStep[]): readonly RecordedStep[] {
		if (this.#costs.every((cost) => cost?.usd === undefined)) return trace;
		let attempts = 0;
		return trace.map((step) => {
			const costUsd = isAttempt(step) ? this.#costs[attempts++]?.usd : undefined;
			return costUsd === undefined ? step : { ...step, costUsd };
		});
	}
}

const nothing: CallCost = { isComplete: true, attempts: [] };

function added({ usd, isComplete, attempts }: CallCost, cost: AttemptCost): CallCost {
	const both = { isComplete: isComplete && cost.isComplete, attempts: [...attempts, cost] };
	if (usd === undefined && cost.usd === undefined) return both;
	return { usd: (usd ?? 0) + (cost.usd ?? 0), ...both };
}

function isAttempt({ did }: TraceEntry): boolean {
	return did === 'attempt';
}
