import type { Registry } from 'prom-client';
import type { Failure } from '../../../machines/failure.ts';
import type { TraceEntry } from '../../../machines/request/progress.ts';
import type { Config } from '../../config/config.ts';
import { targetsOf } from '../../config/targets.ts';
import type { CallRecord } from '../../contract/call-record.ts';
import { type Cell, Cells } from './cells.ts';
import { bounded, knownReasons, otherValue, providerLabelNames, providerLabels } from './labels.ts';

type AttemptEntry = Extract<TraceEntry, { did: 'attempt' }>;

const unknownTarget = { provider: otherValue, model: otherValue };
const unknownActor = { gen_ai_provider_name: otherValue, provider: otherValue };

/** Counts what the trace of a call tells: attempts, denials, failovers and continued streams. */
export class TraceMetrics {
	readonly #attempts;
	readonly #denials;
	readonly #failovers;
	readonly #continuations;
	readonly #targets: ReadonlyMap<string, { provider: string; model: string }>;
	readonly #actors;
	readonly #reasons;
	/** What nearly every attempt ends in, at hand: by provider actor, then by target. */
	readonly #successes = new Map<string, Map<string, Cell>>();

	constructor(registry: Registry, config: Config) {
		this.#targets = new Map(targetsOf(config).map(({ target, provider, model }) => [target, { provider, model }]));
		this.#actors = providerLabels(config);
		this.#reasons = knownReasons(config);
		this.#attempts = new Cells(registry, {
			name: 'breakwater_attempts_total',
			help: 'HTTP exchanges with providers; error_type is the category of a failure, reason narrows it.',
			labels: [...providerLabelNames, 'gen_ai_request_model', 'outcome', 'error_type', 'reason'],
		});
		this.#denials = new Cells(registry, {
			name: 'breakwater_permits_denied_total',
			help: 'Attempts that a provider actor did not allow, by reason.',
			labels: [...providerLabelNames, 'reason'],
		});
		this.#failovers = new Cells(registry, {
			name: 'breakwater_failovers_total',
			help: 'Moves of requests from one target to another, or between keys of one; why is the category of the failure, or the reason of the denial.',
			labels: ['from', 'to', 'why'],
		});
		this.#continuations = new Cells(registry, {
			name: 'breakwater_continuations_total',
			help: 'Answers that broke after their first part was sent: rescued by another attempt, interrupted with an error, or abandoned by their client.',
			labels: ['route', 'outcome'],
		});
	}

	/** The series that are known to be are there from the first scrape on: a rate has to see them at zero. */
	prepare(routes: Iterable<string>): void {
		for (const route of routes) {
			for (const outcome of ['rescued', 'interrupted']) this.#continuations.cell({ route, outcome });
		}
		for (const [target, { provider }] of this.#targets) {
			for (const { gen_ai_provider_name: name, provider: credential } of this.#actors.values()) {
				if (name === provider) this.#success(credential, target);
			}
		}
	}

	/** @param route bounded already */
	count({ trace, outcome, code }: CallRecord, route: string): void {
		let before: TraceEntry | undefined;
		let isContinued = false;
		for (const step of trace) {
			if (step.did === 'wait' || step.did === 'reconnect') continue;
			if (step.did === 'deny') this.#denials.count({ ...this.#actor(step.credential), reason: step.reason });
			else {
				this.#countAttempt(step);
				isContinued ||= step.way !== 'fresh';
			}
			if (before !== undefined) this.#countFailover(before, step);
			before = step;
		}
		if (isContinued || code === 'stream_interrupted') {
			this.#continuations.count({ route, outcome: continuationOutcomes[outcome] });
		}
	}

	#countAttempt({ target, credential, outcome, failure }: AttemptEntry): void {
		if (outcome === 'succeeded') {
			this.#success(credential, target).pending += 1;
			return;
		}
		this.#attempts.count({
			...this.#attempt(credential, target),
			outcome,
			error_type: failure?.category,
			reason: this.#reason(failure),
		});
	}

	#countFailover(from: TraceEntry, to: TraceEntry): void {
		if (from.target === to.target && from.credential === to.credential) return;
		this.#failovers.count({
			from: bounded(from.target, this.#targets),
			to: bounded(to.target, this.#targets),
			why: whyLeft(from),
		});
	}

	#success(credential: string, target: string): Cell {
		const known = this.#successes.get(credential)?.get(target);
		if (known !== undefined) return known;
		const labels = { ...this.#attempt(credential, target), error_type: undefined, reason: undefined };
		const cell = this.#attempts.cell({ ...labels, outcome: 'succeeded' });
		const isConfigured = this.#actors.has(credential) && this.#targets.has(target);
		if (!isConfigured) return cell;
		const ofActor = this.#successes.get(credential) ?? new Map<string, Cell>();
		this.#successes.set(credential, ofActor.set(target, cell));
		return cell;
	}

	#attempt(credential: string, target: string) {
		const { model } = this.#targets.get(target) ?? unknownTarget;
		return { ...this.#actor(credential), gen_ai_request_model: model };
	}

	#actor(credential: string) {
		return this.#actors.get(credential) ?? unknownActor;
	}

	#reason(failure: Failure | undefined): string | undefined {
		return failure?.reason === undefined ? undefined : bounded(failure.reason, this.#reasons);
	}
}

const continuationOutcomes = { done: 'rescued', failed: 'interrupted', aborted: 'abandoned' } as const;

function whyLeft(step: TraceEntry): string {
	if (step.did === 'deny') return step.reason;
	return (step.did === 'attempt' && step.failure?.category) || otherValue;
}
