import type { Asking, CandidatePlan } from './routes.ts';

interface Stop {
	readonly plan: CandidatePlan;
	readonly asking: Asking;
}

/**
 * The targets that may stand in for each other where the answer is a vector: those of one model, since what two models mean by
 * the same numbers is not the same.
 * @param isForEmbeddings whether the whole chain is marked to be of one model; else the first target is alone
 */
export function ofOneModel<T extends Stop>(stops: readonly T[], isForEmbeddings: boolean): readonly T[] {
	const first = stops.find(({ plan }) => isEmbeddingModel(plan.model)) ?? stops[0];
	if (first === undefined) return [];
	if (!isForEmbeddings) return stops.filter(({ plan }) => plan.target === first.plan.target);
	return stops.filter(({ asking }) => asking.sameAs === first.asking.sameAs);
}

/** By its name; nothing else tells. */
export function isEmbeddingModel(model: string): boolean {
	return /embed|\bbge-|\be5-|\bgte-|minilm/i.test(model);
}
