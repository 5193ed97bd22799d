import type { World } from '../explore.ts';
import type { Sample } from './samples.ts';
import type { Holding, Node, ProviderStage } from './stage.ts';
import { operations, timeMoves } from './world.ts';

/** What may happen in a world that tells each permit from the others. */
export interface PermitLiberties {
	models: readonly string[];
	samples: readonly Sample[];
	/** How long an operator takes it out of traffic, ms. */
	tripsMs: readonly number[];
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
export function permitsWorld(stage: ProviderStage, { models, samples, tripsMs }: PermitLiberties): World<HeldNode> {
	return {
		initial: withHeld(stage.begin(), []),
		keyOf: ({ key }) => key,
		*moves(node) {
			const { held } = node;
			const isFull = held.filter(({ isBack }) => !isBack).length >= stage.concurrent;
			for (const model of models) {
				for (const early of isFull && node.ghost.state === 'open' ? [false, true] : [false]) {
					const { node: next, violations } = stage.ask(node, model, early);
					const granted = next.did?.replies.find((reply) => reply.type === 'permit.granted');
					const holding = granted && { permit: granted.permit, trips: next.ghost.trips, request: next.requests };
					// What is granted beyond the limit is told of, and not followed: there is no end to that.
					const isHeld = holding !== undefined && !isFull;
					yield { node: withHeld(next, isHeld ? [...held, { holding, isBack: false }] : held), violations };
				}
			}
			for (const entry of held) {
				const { holding, isBack } = entry;
				// Closed has no memory of what was settled, but for the permit itself: there, a result counts once more.
				const isRepeated = isBack && holding.permit.probe && node.ghost.state !== 'closed';
				const settling = { holding, isRepeated };
				const others = held.filter((other) => other !== entry && !other.isBack);
				const after = [...others, { holding, isBack: true }];
				const moves = [
					stage.succeed(node, settling),
					stage.abandon(node, settling),
					...samples.map((sample) => stage.fail(node, settling, sample)),
				];
				for (const { node: next, violations } of moves) yield { node: withHeld(next, after), violations };
			}
			for (const { holding } of held.filter(({ isBack, holding: { permit } }) => permit.probe && !isBack)) {
				const { node: next, violations } = stage.answer(node, holding);
				yield { node: withHeld(next, held), violations };
			}
			const changes = [...operations(stage, node, { models, samples, samplesOfOthers: [], tripsMs })];
			for (const { node: next, violations } of [...changes, ...timeMoves(stage, node, {})]) {
				if (!next.isLastMoment) yield { node: withHeld(next, held), violations };
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
