import type { Failure } from '../../../machines/failure.ts';
import type { Policy } from '../../../machines/policy.ts';
import { providerMachine } from '../../../machines/provider.ts';
import {
	type Bounds,
	type Exploration,
	explore,
	type Move,
	pathTo,
	type Reached,
	type World,
} from '../exploration/explore.ts';
import { failureSamples, hintsUnder } from '../exploration/failures.ts';
import type { PropertyResult, ProviderReport } from '../report/report.ts';
import { caseSteps, happensUnder } from './cases.ts';
import { effectUnder, isCounted } from './ghost.ts';
import { otherProperties, remainingProperty, stepProperties } from './properties.ts';
import { beyondRails, rails, reopeningsCap } from './rails.ts';
import { distinctSamples } from './samples.ts';
import { type KeyWriter, type Node, type ProviderMachine, ProviderStage } from './stage.ts';
import { type ProviderSummary, SummaryBuilder } from './summary.ts';
import { keyWriter, type Liberties, providerWorld } from './world.ts';

/** States of one exploration after which it stops. */
const MOST_STATES = 10_000;

/** What the small numbers of an exploration stand for; larger ones of the file are run through by rails. */
const MOST = { failureThreshold: 4, probes: 2, successThreshold: 2, reopenings: 3 } as const;

/** Results of a window that are tried in every order. */
const MOST_MIXED_STATES = 6_000;

/** A real date, so that a time taken for a duration shows. */
const STARTED_AT = Date.UTC(2026, 0, 1);

/** Results in a window that are never reached. */
const NEVER = Number.MAX_SAFE_INTEGER;

const MINUTE_MS = 60_000;

/**
 * Explores the provider machine under a policy, in four parts, and watches every event of each with the same properties.
 *
 * 1. Everything around one model: every result of every kind of attempt that can be out (of the present, from before the
 *    last trip, a probe, a probe reported twice), every question, the operator, and time, which goes on to the next
 *    instant that matters, with the timer that is due then going off before or after anything else. Counters above
 *    `MOST` are made smaller, and the failure rate does not open it.
 * 2. Models that are sidelined, beside a provider that fails or is out of quota.
 * 3. Every order of successes and failures in one window, up to two more than the minimum volume; where that is too
 *    many, the straight runs alone.
 * 4. Straight runs under the file's own numbers (`provider-rails.ts`).
 *
 * Failures that the machine cannot tell from each other in any kind of situation are tried as one. Permits of one kind
 * are one: any number of attempts may be out.
 * @param ids provider actors that obey this policy
 */
export function checkProvider(
	ids: readonly string[],
	policy: Policy,
	options: { machine?: ProviderMachine; bounds?: Partial<Bounds> } = {},
): ProviderReport & { summary: ProviderSummary } {
	const { machine = providerMachine } = options;
	const bounds = { states: MOST_STATES, ...options.bounds };
	const summary = new SummaryBuilder();
	const findings = new Findings(machine, policy);
	const failures = failureSamples(policy);
	const aspects = [oneModel(machine, policy, failures), sidelinedModels(machine, policy, failures)];
	const unexplored: string[] = [];
	for (const { name, small, liberties, isTold } of aspects) {
		const stage = new ProviderStage(machine, small, keyWriter(reopeningsCap(small.breaker)), {
			startedAt: STARTED_AT,
			...(isTold ? { summary } : {}),
		});
		const world = new WatchedWorld(providerWorld(stage, liberties));
		const exploration = explore(world, bounds);
		findings.explored(exploration, small);
		if (!exploration.isComplete) {
			unexplored.push(
				`the exploration of a provider with ${name} stopped at its bound of ${bounds.states} states; not every order of events was tried`,
			);
			continue;
		}
		findings.stuck(world.withoutWayToClosed(exploration), small);
	}
	const stage = new ProviderStage(machine, policy, windowKey, { startedAt: STARTED_AT, summary });
	const mixed = mixedResults(stage, failures, policy);
	if (mixed !== undefined) {
		const exploration = explore(mixed, bounds);
		findings.explored(exploration);
		if (!exploration.isComplete) {
			unexplored.push(
				`the exploration of the failure rate stopped at its bound of ${bounds.states} states; not every order of results was tried`,
			);
		}
	}
	const untold = new ProviderStage(machine, policy, windowKey, { startedAt: STARTED_AT });
	for (const rail of rails(stage, untold, failures)) findings.ran(rail);
	unexplored.push(...beyondRails(policy));
	return { ids, ...findings.report(ids[0] ?? 'provider'), unexplored, summary: summary.summary() };
}

/** The policy with counters that an exploration can go through in every order. */
function smallPolicy(policy: Policy): Policy {
	const { breaker } = policy;
	const { cooldown, cooldownFactor, maxCooldown } = breaker;
	const reached = Math.max(cooldown, Math.round(cooldown * cooldownFactor ** MOST.reopenings));
	return {
		...policy,
		breaker: {
			...breaker,
			failureThreshold: Math.min(breaker.failureThreshold, MOST.failureThreshold),
			minimumVolume: NEVER,
			probes: Math.min(breaker.probes, MOST.probes),
			successThreshold: Math.min(breaker.successThreshold, MOST.successThreshold),
			maxCooldown: Math.min(maxCooldown, reached),
		},
	};
}

function isAboutModels(policy: Policy, failure: Failure): boolean {
	return (
		effectUnder(policy, failure) === 'model' || (failure.category === 'BAD_REQUEST' && failure.reason === 'prefill')
	);
}

/** One exploration: with which policy, and what may happen. */
interface Aspect {
	name: string;
	small: Policy;
	liberties: Liberties;
	/** Its numbers are the file's: what is answered goes into the summary. */
	isTold: boolean;
}

function oneModel(machine: ProviderMachine, policy: Policy, failures: readonly Failure[]): Aspect {
	const { veryLong } = hintsUnder(policy);
	const small = smallPolicy(policy);
	const others = failures.filter((failure) => !isAboutModels(policy, failure));
	const samples = distinctSamples(machine, small, others, STARTED_AT);
	const tripsMs = [MINUTE_MS, veryLong + MINUTE_MS];
	return {
		name: 'one model',
		small,
		liberties: { models: ['m'], samples, samplesOfOthers: samples, tripsMs },
		isTold: true,
	};
}

/**
 * What is looked for here does not depend on how long a wait is, only on which one ends first: all are whole minutes,
 * so that they meet.
 */
function sidelinedModels(machine: ProviderMachine, policy: Policy, failures: readonly Failure[]): Aspect {
	const small = inMinutes(policy);
	const plain = failures.filter(({ retryAfterMs }) => retryAfterMs === undefined);
	const aboutModels = plain.filter((failure) => isAboutModels(policy, failure));
	const hinted = aboutModels.flatMap((failure) =>
		[1, 3].map((minutes) => ({ ...failure, retryAfterMs: minutes * MINUTE_MS })),
	);
	const transient = plain.find((failure) => isCounted(policy, failure));
	const quota = plain.find((failure) => effectUnder(policy, failure) === 'quota');
	const hurting = [transient, quota].filter((failure) => failure !== undefined);
	const samples = distinctSamples(machine, small, [...aboutModels, ...hinted, ...hurting], STARTED_AT);
	const samplesOfOthers = samples.filter(({ failure }) => !isAboutModels(policy, failure));
	return {
		name: 'sidelined models',
		small,
		liberties: { models: ['m', 'n'], samples, samplesOfOthers, tripsMs: [] },
		isTold: false,
	};
}

function inMinutes(policy: Policy): Policy {
	const breaker = {
		...policy.breaker,
		failureThreshold: Math.min(policy.breaker.failureThreshold, 2),
		minimumVolume: NEVER,
		cooldown: MINUTE_MS,
		maxCooldown: MINUTE_MS,
		cooldownJitter: 0,
		probes: 1,
		successThreshold: 1,
		probeDeadline: MINUTE_MS,
		authCooldown: MINUTE_MS,
		quotaCooldown: 2 * MINUTE_MS,
		modelCooldown: 2 * MINUTE_MS,
	};
	return { ...policy, retry: { ...policy.retry, maxRetryAfter: MINUTE_MS }, breaker };
}

const windowKey: KeyWriter = ({ run, ghost }) => {
	const { results, failuresInARow } = ghost;
	const { value, context } = run.snapshot;
	const [{ total = 0, failed = 0 } = {}] = results;
	return `${String(value)} ${context.consecutiveFailures} ${failuresInARow} ${total} ${failed}`;
};

/** Successes and failures of one moment, in every order; undefined where there are too many orders, or none that counts. */
function mixedResults(stage: ProviderStage, failures: readonly Failure[], policy: Policy): World<Node> | undefined {
	const { minimumVolume, failureThreshold } = policy.breaker;
	const states = (minimumVolume ** 2 / 2) * Math.min(minimumVolume, failureThreshold);
	const failure = failures.find((transient) => isCounted(policy, transient));
	if (states > MOST_MIXED_STATES || failure === undefined) return undefined;
	const sample = { failure, random: 0, lastTry: true, standsFor: [] };
	const most = minimumVolume + 2;
	return {
		initial: stage.ask(stage.begin(), 'm', false).node,
		keyOf: ({ key }) => key,
		*moves(node) {
			const total = node.ghost.results[0]?.total ?? 0;
			if (node.ghost.state !== 'closed' || node.plain === undefined || total >= most) return;
			const settling = { holding: node.plain, isRepeated: false };
			yield stage.succeed(node, settling);
			yield stage.fail(node, settling, sample);
		},
	};
}

/** A world that remembers which ways lead on without an operator. */
class WatchedWorld implements World<Node> {
	readonly initial: Node;
	readonly #world: World<Node>;
	/** For each key the keys that lead to it. */
	readonly #origins = new Map<string, Set<string>>();
	readonly #closed = new Set<string>();

	constructor(world: World<Node>) {
		this.#world = world;
		this.initial = world.initial;
	}

	keyOf({ key }: Node): string {
		return key;
	}

	ranks(node: Node): readonly number[] {
		return this.#world.ranks?.(node) ?? [];
	}

	*moves(node: Node): Generator<Move<Node>> {
		for (const move of this.#world.moves(node)) {
			if (!move.node.did?.event.type.startsWith('operator.')) this.#note(node, move.node);
			yield move;
		}
	}

	#note(from: Node, to: Node): void {
		if (to.run.snapshot.value === 'closed') this.#closed.add(to.key);
		const origins = this.#origins.get(to.key);
		if (origins === undefined) this.#origins.set(to.key, new Set([from.key]));
		else origins.add(from.key);
	}

	/** The first state from which closed is not reached again, if there is one. */
	withoutWayToClosed({ reached }: Exploration<Node>): Reached<Node> | undefined {
		const leads = new Set(this.#closed);
		leads.add(this.initial.key);
		const queue = [...leads];
		for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
			for (const origin of this.#origins.get(key) ?? []) {
				if (leads.has(origin)) continue;
				leads.add(origin);
				queue.push(origin);
			}
		}
		for (const [key, state] of reached) {
			if (!leads.has(key)) return state;
		}
		return undefined;
	}
}

/** What all parts of a check have found, the shortest counterexample of each property first. */
class Findings {
	states = 0;
	transitions = 0;
	readonly #machine: ProviderMachine;
	readonly #policy: Policy;
	readonly #violations = new Map<string, { message: string; path: Node[]; policy: Policy }>();

	constructor(machine: ProviderMachine, policy: Policy) {
		this.#machine = machine;
		this.#policy = policy;
	}

	explored({ states, transitions, violations }: Exploration<Node>, policy = this.#policy): void {
		this.states += states;
		this.transitions += transitions;
		for (const [property, { message, at }] of violations) this.#note(property, message, at, policy);
	}

	ran({ events, violations, at }: { events: number; violations: Move<Node>['violations']; at: Reached<Node> }): void {
		this.states += events;
		this.transitions += events;
		for (const { property, message } of violations) this.#note(property, message, at, this.#policy);
	}

	stuck(at: Reached<Node> | undefined, policy: Policy): void {
		if (at === undefined) return;
		const message = `from ${String(at.node.run.snapshot.value)} as it is then, nothing but an operator leads back to closed`;
		this.#note(otherProperties.closedCanBeReached.id, message, at, policy);
	}

	report(provider: string): { states: number; transitions: number; properties: PropertyResult[] } {
		const all = [...stepProperties, remainingProperty, ...Object.values(otherProperties)];
		const properties = all.map(({ id, statement }): PropertyResult => {
			const violation = this.#violations.get(id);
			if (violation === undefined) return { id, statement, holds: true };
			const { message, path, policy } = violation;
			const isOwn = policy === this.#policy || happensUnder(this.#machine, this.#policy, path);
			const counterexample = { message, steps: caseSteps(path, provider), ...(isOwn ? {} : { policy }) };
			return { id, statement, holds: false, counterexample };
		});
		return { states: this.states, transitions: this.transitions, properties };
	}

	#note(property: string, message: string, at: Reached<Node>, policy: Policy): void {
		const path = pathTo(at);
		const known = this.#violations.get(property);
		if (known === undefined || path.length < known.path.length)
			this.#violations.set(property, { message, path, policy });
	}
}
