import type { Failure } from '../../../../machines/failure.ts';
import type { Policy } from '../../../../machines/policy.ts';
import type { ProviderMachine } from '../../../../machines/provider/machine.ts';
import { providerMachine } from '../../../../machines/provider/machine.ts';
import type { Limits } from '../../../../machines/provider/rate.ts';
import { behaviourKey } from '../../alike.ts';
import type { PropertyResult, ProviderReport } from '../../report/report.ts';
import { defaultBounds } from '../default-bounds.ts';
import { type Bounds, type Exploration, explore, type Move, pathTo, type Reached, type World } from '../explore.ts';
import { failureSamples } from '../failure-samples.ts';
import { type Aspect, aspectsOf, STARTED_AT } from './aspects.ts';
import { caseSteps, happensUnder } from './cases.ts';
import { isCounted } from './meaning.ts';
import { permitsWorld } from './permits-world.ts';
import { otherProperties, remainingProperty, stepProperties, toldProperties } from './properties.ts';
import { beyondRails, rails, reopeningsCap } from './rails.ts';
import { plainly } from './samples.ts';
import { type KeyWriter, type Node, ProviderStage } from './stage.ts';
import { type ProviderSummary, SummaryBuilder } from './summary.ts';
import { keyProperties } from './trips.ts';
import { WatchedWorld } from './watched-world.ts';
import { keyWriter, providerWorld } from './world.ts';

/** A reason that the machine knows of BAD_REQUEST alone; rules of a user can give it to any category. */
const misplaced: Failure = { category: 'SERVER_ERROR', reason: 'prefill' };

/** Results of a window that are tried in every order. */
const MOST_MIXED_STATES = 6_000;

/**
 * Explores the provider machine under a policy, in eleven parts, and watches every event of each with the same properties.
 *
 * 1. Everything around one model: every result of every kind of attempt that can be out (of the present, from before the
 *    last trip, a probe, a probe reported twice), every question, the operator, and time, which goes on to the next
 *    instant that matters, with the timer that is due then going off before or after anything else. Counters above
 *    `MOST` are made smaller, and the failure rate does not open it.
 * 2. Two models that are unavailable, beside a provider that fails or is out of quota.
 * 3. Failures that name a time while it is open for another reason.
 * 4. Trips that other processes tell, shorter and longer than its own.
 * 5. Each permit by itself, up to two at a time, which is the limit there (`limits.concurrent`), with its result in any state,
 *    once or twice.
 * 6. Models of the key that open, and failures that are taken back.
 * 7. Where it has limits per minute: what was granted in the last minute, each grant told from the others, under a limit of
 *    three requests, and where it has one of tokens, under one of the tokens of two requests.
 * 8. Where it has a retry budget: the retries and the other attempts of the last minute, under a small one.
 * 9. Where it has a ramp: what is granted after a recovery.
 * 10. Every order of successes and failures in one window, up to two more than the minimum volume; where that is too
 *    many, the straight runs alone.
 * 11. Straight runs under the file's own numbers (`rails.ts`).
 *
 * Failures that neither the machine nor the policy tells from each other are tried as one. Permits of one kind
 * are one: any number of attempts may be out.
 * @param ids provider actors that obey this policy
 * @param options.isOfModel they stand for models of a key, and not for keys
 * @param options.rates what they may grant in any minute
 * @param options.shared explorations that other policies of the same check had already: parts 2 to 9 depend on few numbers
 */
export function checkProvider(
	ids: readonly string[],
	policy: Policy,
	options: {
		machine?: ProviderMachine;
		bounds?: Partial<Bounds>;
		shared?: SharedExplorations;
		isOfModel?: boolean;
		rates?: Limits | undefined;
	} = {},
): ProviderReport & { summary: ProviderSummary } {
	const { machine = providerMachine, shared = new Map(), isOfModel = false, rates } = options;
	const bounds = { states: defaultBounds.provider, ...options.bounds };
	const summary = new SummaryBuilder();
	const findings = new Findings(machine, policy);
	const failures = [...failureSamples(policy), misplaced];
	const unexplored: string[] = [];
	const cutShort: string[] = [];
	for (const aspect of aspectsOf(machine, policy, failures, rates)) {
		const { name, small, liberties, isAboutPermits, isTold } = aspect;
		const key = JSON.stringify([behaviourKey(small), liberties, isAboutPermits, isOfModel, aspect.rates]);
		const known = isTold || aspect.tells ? undefined : shared.get(key);
		const { exploration, stuck } = known ?? exploreAspect(machine, aspect, bounds, summary, isOfModel);
		if (!isTold) shared.set(key, { exploration, stuck });
		findings.explored(exploration, small, known !== undefined);
		if (exploration.isComplete) {
			findings.stuck(stuck, small);
			continue;
		}
		if (bounds.total?.isReached) {
			cutShort.push(name);
			continue;
		}
		unexplored.push(
			`the exploration of a provider with ${name} stopped at its bound of ${bounds.states} states; not every order of events was tried`,
		);
	}
	const stage = new ProviderStage(machine, policy, windowKey, { startedAt: STARTED_AT, summary, isOfModel });
	const mixed = mixedResults(stage, failures, policy);
	if (mixed !== undefined) {
		const exploration = explore(mixed, bounds);
		findings.explored(exploration);
		if (!exploration.isComplete && bounds.total?.isReached) cutShort.push('the failure rate');
		else if (!exploration.isComplete) {
			unexplored.push(
				`the exploration of the failure rate stopped at its bound of ${bounds.states} states; not every order of results was tried`,
			);
		}
	}
	const untold = new ProviderStage(machine, policy, windowKey, { startedAt: STARTED_AT, isOfModel });
	for (const rail of rails(stage, untold, failures)) {
		if (bounds.total?.isReached) {
			cutShort.push('the numbers of the file');
			break;
		}
		findings.ran(rail);
		bounds.total?.used(rail.events);
	}
	unexplored.push(...beyondRails(policy), ...(cutShort.length === 0 ? [] : [stoppedAmid(cutShort)]));
	const { properties, ...report } = findings.report(ids[0] ?? 'provider');
	const own = isOfModel ? properties.filter(({ id }) => !keyProperties.includes(id)) : properties;
	return { ids, ...report, properties: own, unexplored, summary: summary.summary() };
}

/** @param names aspects whose exploration was not finished when the bound of the whole check was reached */
function stoppedAmid(names: readonly string[]): string {
	return `the exploration stopped with the check; not every order of events was tried with ${names.join(', with ')}`;
}

/** An exploration, and the first state of it from which closed is not reached again. */
interface Explored {
	/** Without the states that were reached: thousands of policies may have one each. */
	exploration: Pick<Exploration<Node>, 'states' | 'transitions' | 'isComplete' | 'violations'>;
	stuck: Reached<Node> | undefined;
}

/** By what they depend on. */
export type SharedExplorations = Map<string, Explored>;

function exploreAspect(
	machine: ProviderMachine,
	aspect: Aspect,
	bounds: Bounds,
	summary: SummaryBuilder,
	isOfModel: boolean,
): Explored {
	const { small, liberties, isAboutPermits, concurrent, rates, isTold, tells } = aspect;
	const stage = new ProviderStage(machine, small, keyWriter(reopeningsCap(small.breaker)), {
		startedAt: STARTED_AT,
		isOfModel,
		...(concurrent === undefined ? {} : { concurrent }),
		rates,
		...(isTold ? { summary } : tells ? { summary: summary.hearing(tells.reason, tells.factor) } : {}),
	});
	const world = new WatchedWorld((isAboutPermits ? permitsWorld : providerWorld)(stage, liberties));
	const exploration = explore(world, bounds);
	const { states, transitions, isComplete, violations } = exploration;
	const stuck = isComplete ? world.withoutWayToClosed(exploration) : undefined;
	return { exploration: { states, transitions, isComplete, violations }, stuck };
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
	const sample = { failure, ...plainly, standsFor: [] };
	const most = minimumVolume + 2;
	return {
		initial: stage.ask(stage.begin(), 'm', false).node,
		keyOf: ({ key }) => key,
		*moves(node) {
			const total = node.ghost.results[0]?.total ?? 0;
			const [holding] = node.plain;
			if (node.ghost.state !== 'closed' || holding === undefined || total >= most) return;
			const settling = { holding, isRepeated: false };
			yield stage.succeed(node, settling);
			yield stage.fail(node, settling, sample);
		},
	};
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

	/** @param isCounted another policy's share of the work has it already */
	explored(
		{ states, transitions, violations }: Explored['exploration'],
		policy = this.#policy,
		isCounted = false,
	): void {
		this.states += isCounted ? 0 : states;
		this.transitions += isCounted ? 0 : transitions;
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
		const all = [...stepProperties, remainingProperty, ...toldProperties, ...Object.values(otherProperties)];
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
