import type { World } from '../explore.ts';
import type { Sample } from './samples.ts';
import { ESTIMATE, type Holding, type Node, type ProviderStage } from './stage.ts';
import { operations, timeMoves } from './world.ts';

/** What may happen in a world that tells each permit from the others. */
export interface PermitLiberties {
	models: readonly string[];
	samples: readonly Sample[];
	/** How long an operator takes it out of traffic, ms. */
	tripsMs: readonly number[];
	/** What attempts use, tokens, as answers say; by default none says. */
	usedTokens?: readonly number[];
	/** What attempts are expected to use, tokens; one number by default. */
	estimates?: readonly number[];
	/** For how long answers say that nothing is left, ms; none does by default. */
	emptyForMs?: readonly number[];
	/** Nothing but requests, their results and time: no operator, and no result twice. */
	isTrafficOnly?: boolean;
	/** Time stops after each of so many ms too, and not only where something ends. */
	stepMs?: number | undefined;
}

/** A permit that was granted; once its result is in, all that can come is the same again. */
interface Held {
	readonly holding: Holding;
	readonly isBack: boolean;
}

type HeldNode = Node & { readonly held: readonly Held[] };

/**
 * A provider actor, and every single permit that it grants: where `providerWorld` takes one for all that are alike, here
 * each has its result in any state, once or twice. The actor's limit of attempts in flight is what ends it.
 */
export function permitsWorld(
	stage: ProviderStage,
	{
		models,
		samples,
		tripsMs,
		usedTokens = [],
		estimates = [ESTIMATE],
		emptyForMs = [],
		isTrafficOnly = false,
		stepMs,
	}: PermitLiberties,
): World<HeldNode> {
	const { concurrent, rates, budget } = stage.limits;
	return {
		initial: withHeld(stage.begin(), []),
		keyOf: ({ key }) => key,
		*moves(node) {
			const { held } = node;
			const isFull = held.filter(({ isBack }) => !isBack).length >= concurrent;
			const mayBeEarly = node.ghost.state === 'open' && (isFull || rates !== undefined);
			const kinds = budget === undefined ? [false] : [false, true];
			const asked = models.flatMap((model) =>
				estimates.flatMap((tokens) => kinds.map((isRetry) => ({ model, tokens, isRetry }))),
			);
			for (const { model, tokens, isRetry } of asked) {
				for (const early of mayBeEarly ? [false, true] : [false]) {
					const { node: next, violations } = stage.ask(node, model, early, { tokens, isRetry });
					const granted = next.did?.replies.find((reply) => reply.type === 'permit.granted');
					const holding = granted && { permit: granted.permit, trips: next.ghost.trips, request: next.requests };
					// An odd ms would be carried on through every later time: what is asked there is looked at, and not followed.
					if (node.isLastMoment) {
						yield violations.length > 0 ? { node: withHeld(next, held), violations } : { node, violations };
						continue;
					}
					// What is granted beyond the limit is told of, and not followed: there is no end to that.
					const isHeld = holding !== undefined && !isFull;
					yield { node: withHeld(next, isHeld ? [...held, { holding, isBack: false }] : held), violations };
				}
			}
			for (const entry of node.isLastMoment ? [] : held) {
				const { holding, isBack } = entry;
				// Closed has no memory of what was settled, but for the permit itself: there, a result counts once more.
				const isRepeated = isBack && holding.permit.probe && node.ghost.state !== 'closed';
				const settling = { holding, isRepeated };
				const others = held.filter((other) => other !== entry && !other.isBack);
				const after = isTrafficOnly ? others : [...others, { holding, isBack: true }];
				const moves = [
					stage.succeed(node, settling),
					...usedTokens.map((tokens) => stage.succeed(node, settling, { tokens })),
					...emptyForMs.map((forMs) => stage.succeed(node, settling, { emptyForMs: forMs })),
					stage.abandon(node, settling),
					...(rates === undefined ? [] : [stage.giveBack(node, settling)]),
					...samples.map((sample) => stage.fail(node, settling, sample)),
				];
				for (const { node: next, violations } of moves) yield { node: withHeld(next, after), violations };
			}
			const probes = held.filter(({ isBack, holding: { permit } }) => permit.probe && !isBack);
			for (const { holding } of node.isLastMoment ? [] : probes) {
				const { node: next, violations } = stage.answer(node, holding);
				yield { node: withHeld(next, held), violations };
			}
			const changes = isTrafficOnly ? [] : operations(stage, node, { models, samples, samplesOfOthers: [], tripsMs });
			for (const { node: next, violations } of [...changes, ...timeMoves(stage, node, { stepMs })]) {
				if (!next.isLastMoment || rates !== undefined) yield { node: withHeld(next, held), violations };
			}
		},
	};
}

function withHeld(node: Node, held: readonly Held[]): HeldNode {
	const texts = held.map(({ holding: { permit, trips }, isBack }) => {
		const isOut = node.ghost.probes.some(({ id }) => id === permit.id);
		return `${permit.model}${isOut ? 'p' : ''}${trips === node.ghost.trips ? '' : 'l'}${isBack ? 'b' : ''}`;
	});
	return { ...node, held, key: `${node.key} ${texts.sort().join()}` };
}
