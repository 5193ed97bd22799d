import type { Permit } from '../../../../machines/events.ts';
import type { Failure } from '../../../../machines/failure.ts';
import type { Policy } from '../../../../machines/policy.ts';
import { type ProviderMachine, providerMachine } from '../../../../machines/provider/machine.ts';
import { policyOfModel } from '../../../../machines/provider/scopes.ts';
import { durationWords } from '../../../values/time-text.ts';
import type { CaseStep, PropertyResult } from '../../report/report.ts';
import { defaultBounds } from '../default-bounds.ts';
import { type Bounds, explore, type Move, pathTo, type World } from '../explore.ts';
import { failureSamples, failureWords } from '../failure-samples.ts';
import { inMinutes, STARTED_AT } from '../provider/aspects.ts';
import { effectUnder, isCounted } from '../provider/meaning.ts';
import { contextKey } from '../provider/stage.ts';
import { checkAsked, checkFailed, checkLedgers, type ScopeFinding, scopeProperties } from './properties.ts';
import {
	type ModelName,
	type Outcome,
	type Runs,
	type Scope,
	ScopesStage,
	type SettlingEvent,
	scopes,
} from './stage.ts';

/** Permits that are out at the same time. */
const MOST_OUT = 2;

const models: readonly ModelName[] = ['m', 'n'];

interface Node {
	readonly runs: Runs;
	/** ms since the epoch. */
	readonly now: number;
	readonly held: readonly Permit[];
	readonly asked: number;
	readonly step: CaseStep | undefined;
	readonly key: string;
}

export interface ScopesResult {
	readonly states: number;
	readonly transitions: number;
	readonly unexplored: readonly string[];
	readonly properties: readonly PropertyResult[];
}

/**
 * Explores a key with two models: requests for either, up to two attempts at once and every kind of result of each, and
 * time. What each actor does by itself is proven elsewhere (`provider/`); here, what they make of it together.
 * @param policy the provider's; its times become whole minutes, and its counters small
 */
export function checkScopes(
	policy: Policy,
	{ machine = providerMachine, bounds }: { machine?: ProviderMachine; bounds?: Partial<Bounds> } = {},
): ScopesResult {
	const small = inMinutes(policy);
	const exploration = explore(new ScopesWorld(machine, small), { states: defaultBounds.provider, ...bounds });
	const properties = Object.entries(scopeProperties).map(([id, statement]): PropertyResult => {
		const violation = exploration.violations.get(id);
		if (violation === undefined) return { id, statement, holds: true };
		const steps = pathTo(violation.at).flatMap(({ step }) => step ?? []);
		return { id, statement, holds: false, counterexample: { message: violation.message, steps, policy: small } };
	});
	const { states, transitions, isComplete } = exploration;
	const stopped = bounds?.total?.isReached ? 'stopped with the check' : 'stopped at its bound';
	const unexplored = isComplete
		? []
		: [`the exploration of a key with two models ${stopped}; not every order of events was tried`];
	return { states, transitions, unexplored, properties };
}

/** The first failure of each kind that the policy knows. */
function samplesOf(policy: Policy): Failure[] {
	const plain = failureSamples(policy).filter(({ retryAfterMs }) => retryAfterMs === undefined);
	const firstOf = (isOne: (failure: Failure) => boolean) => plain.find(isOne) ?? [];
	return [
		firstOf((failure) => isCounted(policyOfModel(policy), failure)),
		firstOf((failure) => isCounted(policy, failure) && !isCounted(policyOfModel(policy), failure)),
		firstOf((failure) => effectUnder(policy, failure) === 'auth'),
	].flat();
}

class ScopesWorld implements World<Node> {
	readonly initial: Node;
	readonly #stage: ScopesStage;
	readonly #samples: readonly Failure[];
	readonly #ofModel: Policy;

	constructor(machine: ProviderMachine, policy: Policy) {
		this.#stage = new ScopesStage(machine, policy, STARTED_AT);
		this.#samples = samplesOf(policy);
		this.#ofModel = policyOfModel(policy);
		this.initial = nodeOf({ runs: this.#stage.begin(), now: STARTED_AT, held: [], asked: 0, step: undefined });
	}

	keyOf({ key }: Node): string {
		return key;
	}

	*moves(node: Node): Generator<Move<Node>> {
		if (node.held.length < MOST_OUT) for (const model of models) yield this.#ask(node, model);
		for (const permit of node.held) {
			yield this.#end(node, permit, 'attempt.succeeded');
			yield this.#end(node, permit, 'attempt.abandoned');
			if (permit.probe) yield this.#answer(node, permit);
			for (const failure of this.#samples) yield this.#fail(node, permit, failure);
		}
		yield* this.#pass(node);
	}

	#ask(node: Node, model: ModelName): Move<Node> {
		const { runs, now } = node;
		const id = `request-${node.asked + 1}`;
		const can = [
			this.#stage.wouldGrant(runs, model, model, now),
			this.#stage.wouldGrant(runs, 'k', model, now),
		] as const;
		const outcome = this.#stage.ask(runs, model, id, now);
		const granted = outcome.replies.find((reply) => reply.type === 'permit.granted');
		const held = granted === undefined ? node.held : [...node.held, granted.permit];
		const findings = checkAsked(model, runs, outcome.runs, outcome.replies, can);
		const words = `a request asks for model ${model}: ${granted === undefined ? 'denied' : 'granted'}`;
		const event = { type: 'permit.requested', id, model, now };
		return this.#move({ ...node, asked: node.asked + 1 }, outcome, held, { by: 'request', words, event }, findings);
	}

	#end(node: Node, permit: Permit, type: 'attempt.succeeded' | 'attempt.abandoned'): Move<Node> {
		const outcome = this.#settle(node, permit, { type });
		const words = `the attempt for model ${permit.model} ${type === 'attempt.succeeded' ? 'succeeds' : 'is abandoned'}`;
		const event = { type, permit };
		return this.#move(node, outcome, without(node.held, permit), { by: 'upstream', words, event });
	}

	#fail(node: Node, permit: Permit, failure: Failure): Move<Node> {
		const { runs, now } = node;
		const event = { type: 'attempt.failed', failure, random: 0, lastTry: true, counted: [] } as const;
		const outcome = this.#settle(node, permit, event);
		const model = permit.model as ModelName;
		const sibling = runs[model === 'm' ? 'n' : 'm'].snapshot;
		const isSiblingFailing = sibling.value === 'open' && sibling.context.until > now;
		const isOfModel = isCounted(this.#ofModel, failure);
		const findings = checkFailed(failure, model, runs, outcome.runs, outcome.replies, {
			isOfModel,
			isSiblingFailing,
			now,
		});
		const words = `the attempt for model ${model} fails: ${failureWords(failure)}`;
		const told = { ...event, permit };
		const step = { by: 'upstream', words, event: told } as const;
		return this.#move(node, outcome, without(node.held, permit), step, findings);
	}

	#settle({ runs, now }: Node, permit: Permit, event: SettlingEvent): Outcome {
		return this.#stage.settle(runs, permit, event, now);
	}

	#answer(node: Node, permit: Permit): Move<Node> {
		const { now } = node;
		const event = { type: 'probe.answering', id: permit.id, now };
		const outcome = this.#stage.send(node.runs, permit.model as ModelName, event, now);
		const words = `the attempt for model ${permit.model} begins to answer`;
		return this.#move(node, outcome, node.held, { by: 'upstream', words, event });
	}

	/** To the soonest timer, which goes off. */
	*#pass(node: Node): Generator<Move<Node>> {
		const timers = scopes.flatMap((scope) => node.runs[scope].timers.map((timer) => ({ scope, timer })));
		const [soonest] = timers.sort((a, b) => a.timer.at - b.timer.at);
		if (soonest === undefined) return;
		const { scope, timer } = soonest;
		const words = `${durationWords(timer.at - node.now)} pass, and a timer of ${scope} goes off`;
		const outcome = this.#stage.fire(node.runs, scope, timer);
		yield this.#move({ ...node, now: timer.at }, outcome, node.held, { by: 'time', words, event: timer.event });
	}

	#move(
		node: Node,
		{ runs }: Outcome,
		held: readonly Permit[],
		step: Pick<CaseStep, 'by' | 'words' | 'event'>,
		findings: readonly ScopeFinding[] = [],
	): Move<Node> {
		const { now, asked } = node;
		const provider = Object.entries(runs).map(([scope, run]) => `${scope} ${String(run.snapshot.value)}`);
		const told: CaseStep = { at: now - STARTED_AT, provider: 'k', providerState: provider.join(', '), ...step };
		const violations = [...findings, ...checkLedgers(runs, held)];
		return { node: nodeOf({ runs, now, held, asked, step: told }), violations };
	}
}

function without(held: readonly Permit[], permit: Permit): readonly Permit[] {
	return held.filter((other) => other !== permit);
}

/** What is out matters by its model, and by which of its actors it is late or a probe for. */
function nodeOf(parts: Omit<Node, 'key'>): Node {
	const { runs, now, held } = parts;
	const actors = scopes.map((scope: Scope) => {
		const { snapshot, timers } = runs[scope];
		return `${contextKey(snapshot, now, 0)} ${timers.map(({ at }) => at - now).join()}`;
	});
	const out = held.map(({ model, id, epoch, ofKey }) => {
		const isLate = epoch !== runs[model as ModelName].snapshot.context.epoch;
		const isLateForKey = ofKey?.epoch !== runs.k.snapshot.context.epoch;
		const probes = scopes.map((scope) => runs[scope].snapshot.context.probes.some((probe) => probe.id === id));
		return [model, isLate, isLateForKey, ...probes].join();
	});
	const { succeededAt } = runs.k.snapshot.context;
	// Since when a model fails matters to its key alone, and only while it does.
	const since = models.map((model) => {
		const { consecutiveFailures, failingSince } = runs[model].snapshot.context;
		return consecutiveFailures > 0 && failingSince >= succeededAt;
	});
	return { ...parts, key: `${actors.join(' / ')} ${out.sort().join(' ')} ${since.join()}` };
}
