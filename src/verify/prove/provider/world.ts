import type { PeerEvent, ProviderEvent } from '../../../../machines/events.ts';
import { MINUTE_MS } from '../../../../machines/provider/rate-window.ts';
import type { Move, World } from '../explore.ts';
import { leftAside } from './ghost.ts';
import type { Sample } from './samples.ts';
import { contextKey, type Node, type ProviderStage, type Settling } from './stage.ts';

/** What may happen in a world. */
export interface Liberties {
	/** The first is the one that attempts are for; the others are only asked for. */
	models: readonly string[];
	samples: readonly Sample[];
	/** Failures of attempts for the other models. */
	samplesOfOthers: readonly Sample[];
	/** Time stops where a named time is over too: an instant more for each, so that only round times can afford it. */
	stopsAtNamed?: boolean;
	/** Time stops after each of so many ms, as long as a grant is in the minute that is limited. */
	stepMs?: number | undefined;
	/** How long an operator takes it out of traffic, ms. */
	tripsMs: readonly number[];
	/** What peers tell, with how long it is to last, ms. */
	peers?: readonly (Pick<PeerEvent, 'reason' | 'model'> & { forMs: number })[];
	/** Which models of it open for failures, and for how long, ms. */
	failingModels?: readonly { model: string; forMs: number; hasFailedForLong?: boolean }[];
	/** What a request takes upon itself in the end; nothing by default. */
	withdrawn?: readonly Sample[];
}

/**
 * A provider actor and its environment. Any number of attempts may be out from before the last trip, and from the
 * present while it is closed: as granting there changes nothing, one permit stands for all of them.
 */
export function providerWorld(stage: ProviderStage, liberties: Liberties): World<Node> {
	return {
		initial: stage.begin(),
		keyOf: ({ key }) => key,
		moves: (node) => movesFrom(stage, node, liberties),
		ranks: ({ used, late }) => [(used === undefined ? 0 : 1) + (late === undefined ? 0 : 2)],
	};
}

function* movesFrom(stage: ProviderStage, node: Node, liberties: Liberties): Generator<Move<Node>> {
	if (node.isLastMoment) {
		// An odd ms would be carried on through every later time: what is asked here is looked at, and not followed.
		for (const move of questions(stage, node, liberties)) yield move.violations.length > 0 ? move : { ...move, node };
		yield* timeMoves(stage, node, liberties);
		return;
	}
	yield* questions(stage, node, liberties);
	for (const settling of settlingsOf(node)) {
		yield stage.succeed(node, settling);
		yield stage.abandon(node, settling);
		const isWitness = settling.holding.permit.model !== liberties.models[0];
		for (const sample of isWitness ? liberties.samplesOfOthers : liberties.samples) {
			yield stage.fail(node, settling, sample);
		}
	}
	for (const sample of liberties.withdrawn ?? []) {
		for (const holding of [node.plain[0], node.late]) {
			if (holding !== undefined) yield stage.withdraw(node, holding, sample);
		}
	}
	for (const holding of node.out) yield stage.answer(node, holding);
	// What comes of a probe that has had its verdict, or is late, is none.
	if (node.used !== undefined) yield stage.answer(node, node.used);
	yield* operations(stage, node, liberties);
	yield* timeMoves(stage, node, liberties);
}

function* questions(stage: ProviderStage, node: Node, { models }: Liberties): Generator<Move<Node>> {
	const { state } = node.ghost;
	for (const model of models) {
		// Attempts of closed are asked for in one order: they differ by nothing but their model.
		if (model !== models[0] && state === 'closed' && node.plain.length === 0) continue;
		yield stage.ask(node, model, false);
		if (state === 'open') yield stage.ask(node, model, true);
	}
}

/** The permits that can be settled now. */
function* settlingsOf({ ghost, plain, late, out, used }: Node): Generator<Settling> {
	for (const holding of plain) yield { holding, isRepeated: false };
	if (late !== undefined) yield { holding: late, isRepeated: false };
	for (const holding of out) yield { holding, isRepeated: false };
	if (used === undefined) return;
	// Closed has no memory of what was settled: there, only a probe that was still out when it closed comes back.
	if (ghost.state !== 'closed' || !used.isSettled) yield { holding: used, isRepeated: used.isSettled };
}

export function* operations(
	stage: ProviderStage,
	node: Node,
	{ tripsMs, peers = [], failingModels = [] }: Liberties,
): Generator<Move<Node>> {
	const { now } = node;
	const events: Extract<ProviderEvent, { type: `operator.${string}` }>[] = [
		...tripsMs.map((forMs) => ({ type: 'operator.tripped', now, forMs }) as const),
		{ type: 'operator.reset', now },
		{ type: 'operator.probed', now },
	];
	for (const event of events) yield stage.operate(node, event);
	for (const { forMs, ...said } of peers)
		yield stage.operate(node, { type: 'peer.tripped', now, until: now + forMs, ...said });
	for (const { model, forMs, hasFailedForLong = false } of failingModels) {
		const since = hasFailedForLong ? 1 : now;
		yield stage.operate(node, { type: 'model.tripped', model, since, until: now + forMs, now, random: 0 });
	}
}

/** The instants that matter: a timer, the end of a cooldown, of a named time or of a unavailable model, and the last moment before it. */
export function* timeMoves(
	stage: ProviderStage,
	node: Node,
	{ stopsAtNamed, stepMs }: Pick<Liberties, 'stopsAtNamed' | 'stepMs'>,
): Generator<Move<Node>> {
	const { now, ghost, run } = node;
	const [timer] = run.timers;
	if (timer !== undefined && timer.at <= now) {
		yield stage.fire(node, timer);
		return;
	}
	const { deadline, notBefore, unavailable, failingModels, grants, nothingLeftUntil } = ghost;
	const named = stopsAtNamed === true ? notBefore : 0;
	const leaving = grants.map(({ at }) => at + MINUTE_MS);
	const ends = [
		timer?.at ?? 0,
		deadline,
		named,
		...Object.values(unavailable),
		...Object.values(failingModels),
		...leaving,
		nothingLeftUntil,
	].filter((end) => end > now);
	if (ends.length === 0) return;
	const next = Math.min(...ends);
	// Nothing ends after a mere step: the moment before it is like any other.
	if (stepMs !== undefined && !node.isLastMoment && now + stepMs < next) {
		yield stage.pass(node, now + stepMs);
		return;
	}
	if (next - now > 1) yield stage.pass(node, next - 1, true);
	yield stage.pass(node, next);
}

/** @param reopeningsCap re-openings from which on a cooldown grows no more */
export function keyWriter(reopeningsCap: number): (node: Omit<Node, 'key'>) => string {
	return ({ run, now, ghost, plain, out, isLastMoment }) => {
		const { deadline, notBefore, failuresInARow, reopenings, probeSuccesses, alarmed, unavailable } = ghost;
		const failing = leftAside(ghost.failingModels, now);
		const machine = contextKey(run.snapshot, now, reopeningsCap);
		const timers = run.timers.map(({ at }) => at - now).join();
		const wait = deadline === 0 ? 0 : deadline - now;
		const named = ghost.reason === 'failures' ? Math.max(0, notBefore - now) : 0;
		const row = ghost.state === 'closed' ? failuresInARow : 0;
		const aside = leftAside(unavailable, now);
		const permits = `${plain.length}${out.length}`;
		const granted = ghost.grants.flatMap(({ at, tokens, isRetry }) => {
			return at + MINUTE_MS > now ? [`${now - at} ${tokens} ${isRetry}`] : [];
		});
		return `${machine}|${timers}|${ghost.state}|${wait}|${named}|${row}|${Math.min(reopenings, reopeningsCap)}|${probeSuccesses}|${alarmed.length}|${aside}|${failing}${ghost.succeededAt > 0}${run.snapshot.context.succeededAt > 0}|${permits}${ghost.ramp === undefined ? '' : `r${now - ghost.ramp.since} ${ghost.ramp.credit}`}${granted.join()}${Math.max(0, ghost.nothingLeftUntil - now)}${isLastMoment ? '!' : ''}`;
	};
}
