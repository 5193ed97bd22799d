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
		this.#costs.push(usd === undefined ? { target, isComplete: false } : { target, usd, isComplete: isWhole });
	}

	/** Of all attempts so far; undefined where none is known to have used anything. */
	get cost(): CallCost | undefined {
		const attempts = this.#costs.filter((cost) => cost !== undefined);
		if (attempts.length === 0) return undefined;
		const known = attempts.flatMap(({ usd }) => usd ?? []);
		const isComplete = attempts.every((attempt) => attempt.isComplete);
		if (known.length === 0) return { isComplete, attempts };
		return { usd: known.reduce((sum, usd) => sum + usd, 0), isComplete, attempts };
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

function isAttempt({ did }: TraceEntry): boolean {
	return did === 'attempt';
}
