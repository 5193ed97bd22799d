import type { Asking, CandidatePlan } from './routes.ts';

interface Stop {
	readonly plan: CandidatePlan;
	readonly asking: Asking;
}

/** Whose targets they are. */
interface Purpose {
	/** The whole chain is marked to be of one model; else the first target for embeddings is alone. */
	readonly isForEmbeddings: boolean;
	/** The caller names the one target, and knows what its model makes. */
	readonly isOneTarget: boolean;
}

/**
 * The targets that may stand in for each other where the answer is a vector: those of one model, since what two models mean by
 * the same numbers is not the same. A model that writes is none of them: some would answer with vectors that are good for nothing.
 */
export function ofOneModel<T extends Stop>(
	stops: readonly T[],
	{ isForEmbeddings, isOneTarget }: Purpose,
): readonly T[] {
	const first = stops.find(makesVectors) ?? (isForEmbeddings || isOneTarget ? stops[0] : undefined);
	if (first === undefined) return [];
	if (!isForEmbeddings) return stops.filter(({ plan }) => plan.target === first.plan.target);
	return stops.filter(({ asking }) => asking.sameAs === first.asking.sameAs);
}

/** As far as its endpoints and its name tell. */
export function makesVectors({ plan, asking }: Stop): boolean {
	return asking.endpoints?.every((endpoint) => endpoint === 'embeddings') === true || isEmbeddingModel(plan.model);
}

/** By its name, where its endpoints do not tell. */
function isEmbeddingModel(model: string): boolean {
	return /embed|\bbge-|\be5-|\bgte-|minilm/i.test(model);
}
