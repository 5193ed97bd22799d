/** How much an earlier answer counts beside the next one: about the last twenty tell. */
const DECAY = 0.95;
/** Answers weigh by their tokens. So many are taken to have been estimated rightly before the first, so that it decides little. */
const TRUSTED_TOKENS = 200;
/** No model counts so differently; what does not fit in between is a count of something else. */
const LEAST_FACTOR = 0.25;
const MOST_FACTOR = 4;
/** Whoever reads the factors gets new ones only for a change that matters. */
const NOTED_CHANGE = 0.02;

/** By what estimates are multiplied, by `provider/model`; absent: by 1. */
export type TokenFactors = Readonly<Record<string, number>>;

interface Sums {
	estimated: number;
	counted: number;
}

/**
 * Learns from what providers count how far the estimates for each target are off: models differ in their vocabularies, and
 * callers in what they write.
 */
export class TokenCorrection {
	/** By target: there are no more of them than the configuration has. */
	readonly #sums = new Map<string, Sums>();
	#factors: TokenFactors = {};

	/** Never changed, but replaced. */
	get factors(): TokenFactors {
		return this.#factors;
	}

	/**
	 * @param target `provider/model`
	 * @param estimated the tokens that `estimateTokens` gave for a request
	 * @param counted the tokens of its prompt, as the provider counted them
	 */
	note(target: string, estimated: number, counted: number): void {
		if (estimated <= 0 || !(counted > 0)) return;
		// One answer that counts something else, such as a whole day, must not outweigh all others for long.
		const told = Math.min(Math.max(counted, estimated * LEAST_FACTOR), estimated * MOST_FACTOR);
		const before = this.#sums.get(target) ?? { estimated: TRUSTED_TOKENS, counted: TRUSTED_TOKENS };
		const sums = { estimated: before.estimated * DECAY + estimated, counted: before.counted * DECAY + told };
		this.#sums.set(target, sums);
		const factor = sums.counted / sums.estimated;
		const known = this.#factors[target] ?? 1;
		if (Math.abs(factor - known) >= known * NOTED_CHANGE) this.#factors = { ...this.#factors, [target]: factor };
	}
}
