import { namedPairs, type Pair } from './pair.ts';

/** Which of the faults a pair is tested with. */
export type FaultsOf = <T>(pair: Pair, faults: readonly T[]) => T[];

/** Those whose caller and provider speak different dialects. */
const translated = namedPairs.map(([, pair]) => pair).filter(([, spoken, own]) => spoken !== own);

/**
 * For the quick tests: every fault where caller and provider speak the same dialect, and every fault in one of the pairs
 * where they do not, each of which has its share.
 */
export const shareOf: FaultsOf = (pair, faults) => {
	const index = translated.indexOf(pair);
	return index === -1 ? [...faults] : faults.filter((_, fault) => fault % translated.length === index);
};

/** For the deep tests: every fault in every pair. */
export const everyFault: FaultsOf = (_pair, faults) => [...faults];
