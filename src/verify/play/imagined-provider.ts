import type { SnapshotFrom } from 'xstate';
import type { Permit, ProviderEvent, ProviderRef, ProviderReply, RequestRef } from '../../../machines/events.ts';
import type { Failure } from '../../../machines/failure.ts';
import type { Policy } from '../../../machines/policy.ts';
import { providerMachine } from '../../../machines/provider/machine.ts';
import { heardRate, type Rate } from '../../../machines/provider/rate.ts';
import { MINUTE_MS } from '../../../machines/provider/rate-window.ts';
import type { ActorConfig } from '../../config/actors.ts';
import type { CandidatePlan } from '../../gateway/routes.ts';
import { type CaseScript, entryFor, type ScriptEntry, type StateBefore } from './case-script.ts';
import { type MachineStep, Runner, type RunState, type Timer } from './runner.ts';

export type ProviderSnapshot = SnapshotFrom<typeof providerMachine>;

/** What a provider is imagined to have met before the request. */
export interface ImaginedPast {
	readonly state?: StateBefore | undefined;
	/** Models that are unavailable, and for how long, ms; undefined: as long as the policy says. */
	readonly unavailable: ReadonlyMap<string, number | undefined>;
}

/** A real provider machine, run as a function, that stands as its past left it. */
export class ImaginedProvider {
	readonly runner: Runner<typeof providerMachine>;
	state: RunState<typeof providerMachine>;
	readonly #policy: Policy;

	/**
	 * @param key that of a model; undefined for a key itself
	 * @param now ms since the epoch, when the request comes
	 */
	constructor(
		{ id, policy, concurrent, rates, model: name }: ActorConfig,
		key: ImaginedProvider | undefined,
		past: ImaginedPast,
		now: number,
	) {
		const model =
			name === undefined || key === undefined ? {} : { model: { name, key: key.runner.self as ProviderRef } };
		const limits = { ...(concurrent !== undefined && { concurrent }), ...(rates && { rates }) };
		this.runner = new Runner(providerMachine, { id, policy, now, ...limits, ...model });
		this.#policy = policy;
		this.state = this.runner.start(now).state;
		// What it met before counts in no limit: all of it is there for the request.
		const { rate } = this.snapshot.context;
		this.#have({ rate: undefined });
		for (const [model, forMs = policy.breaker.modelCooldown] of past.unavailable) {
			this.#fail({ category: 'MODEL_UNAVAILABLE', retryAfterMs: forMs }, policy, now, model);
		}
		if (past.state !== undefined) this.#bringInto(past.state, now);
		this.#have({ rate: past.state?.is === 'limited' ? withNothingLeft(rate, past.state.forMs, now) : rate });
	}

	get snapshot(): ProviderSnapshot {
		return this.state.snapshot;
	}

	send(event: ProviderEvent, now: number): MachineStep<typeof providerMachine> {
		const step = this.runner.send(this.state, event, now);
		this.state = step.state;
		return step;
	}

	/** Lets one of its timers go off. */
	fire(timer: Timer): void {
		this.state = this.runner.fire(this.state, timer).state;
	}

	#bringInto(before: StateBefore, now: number): void {
		const { breaker, retry } = this.#policy;
		switch (before.is) {
			case 'closed':
				return;
			case 'failing':
				for (let failure = 1; failure <= before.failures && this.snapshot.value === 'closed'; failure++) {
					this.#fail({ category: 'SERVER_ERROR' }, this.#policy, now);
				}
				return;
			case 'quota-cooldown':
				this.#fail(
					{ category: 'QUOTA_EXCEEDED', retryAfterMs: before.forMs ?? breaker.quotaCooldown },
					this.#policy,
					now,
				);
				return;
			case 'limited':
				return;
			case 'half-open':
				this.#open('failures', breaker.cooldown, now);
				this.send({ type: 'operator.probed', now }, now);
				if (before.isBusy) for (let probe = 1; probe <= breaker.probes; probe++) this.#ask(`before/${probe}`, '', now);
				return;
			case 'open': {
				const usual = before.reason === 'auth' ? breaker.authCooldown : breaker.cooldown;
				const hint = Math.max(usual, retry.maxRetryAfter + 1);
				this.#open(before.reason, before.forMs ?? (before.reason === 'hint' ? hint : usual), now);
			}
		}
	}

	#open(reason: Extract<StateBefore, { is: 'open' }>['reason'], forMs: number, now: number): void {
		const { breaker, retry } = this.#policy;
		switch (reason) {
			case 'operator':
				this.send({ type: 'operator.tripped', now, forMs }, now);
				return;
			case 'auth':
				this.#fail({ category: 'AUTH_ERROR' }, { ...this.#policy, breaker: { ...breaker, authCooldown: forMs } }, now);
				return;
			case 'hint': {
				const patient = { ...this.#policy, retry: { ...retry, maxRetryAfter: 0 } };
				this.#fail({ category: 'RATE_LIMIT', retryAfterMs: forMs }, patient, now);
				return;
			}
			case 'failures': {
				const opensFor = { cooldown: forMs, maxCooldown: forMs, cooldownJitter: 0, failureThreshold: 1 };
				this.#fail({ category: 'SERVER_ERROR' }, { ...this.#policy, breaker: { ...breaker, ...opensFor } }, now);
				this.#have({ consecutiveFailures: breaker.failureThreshold });
			}
		}
	}

	/**
	 * The state is reached through the machine's own transitions, so that its timers and its memory are right, under a
	 * policy by which this failure leads there; then its own policy is given back.
	 */
	#fail(failure: Failure, policy: Policy, now: number, model = ''): void {
		const effects = { AUTH_ERROR: 'auth', QUOTA_EXCEEDED: 'quota', MODEL_UNAVAILABLE: 'model' } as const;
		const leading = { ...effects, RATE_LIMIT: 'cool', SERVER_ERROR: 'count' } as const;
		this.#have({ policy: { ...policy, breaker: { ...policy.breaker, effects: leading } } });
		const permit = this.#ask('before', model, now);
		if (permit === undefined) throw new Error(`provider ${this.snapshot.context.id} granted nothing before the case`);
		const replyTo = this.runner.self as RequestRef;
		const event: ProviderEvent = {
			type: 'attempt.failed',
			permit,
			failure,
			now,
			random: 0,
			lastTry: true,
			counted: [],
			replyTo,
		};
		this.send(event, now);
		this.#have({ policy: this.#policy });
	}

	#ask(id: string, model: string, now: number): Permit | undefined {
		const replyTo = this.runner.self as RequestRef;
		const event: ProviderEvent = { type: 'permit.requested', id, model, now, early: false, tokens: 0, replyTo };
		const reply = this.send(event, now).sent[0]?.event as ProviderReply | ProviderEvent | undefined;
		if (reply?.type === 'permit.requested') return reply.ofModel?.permit;
		return reply?.type === 'permit.granted' ? reply.permit : undefined;
	}

	#have(changes: Partial<ProviderSnapshot['context']>): void {
		const { snapshot, timers } = this.state;
		this.state = { snapshot: { ...snapshot, context: { ...snapshot.context, ...changes } }, timers };
	}
}

/** As if its last answer had said that nothing is left. */
function withNothingLeft(rate: Rate | undefined, forMs: number | undefined, now: number): Rate | undefined {
	return heardRate(rate, { requests: { left: 0, until: now + (forMs ?? MINUTE_MS) } }, undefined, now);
}

/** @param candidates the targets that are asked through this actor */
export function pastOf(
	{ entries }: CaseScript,
	actor: ActorConfig,
	candidates: readonly CandidatePlan[],
): ImaginedPast {
	const stateEntries = entries.filter((entry) => isStateOf(entry, actor, candidates));
	const sideliningEntries = entries.filter(({ unavailable }) => unavailable !== undefined && actor.model === undefined);
	const [state] = candidates.flatMap((candidate) => entryFor(stateEntries, candidate)?.state ?? []);
	const unavailable = candidates.flatMap((candidate): [string, number | undefined][] => {
		const entry = entryFor(sideliningEntries, candidate);
		return entry === undefined ? [] : [[candidate.model, entry.unavailable?.forMs]];
	});
	return { state, unavailable: new Map(unavailable) };
}

/**
 * Where several models of a key are in use, a state that is told of one of them is the model's, but for a dead key and an empty
 * account; failures that are told of the provider are those of each of its models too.
 */
function isStateOf(
	{ state, subject }: ScriptEntry,
	{ model }: ActorConfig,
	candidates: readonly CandidatePlan[],
): boolean {
	if (state === undefined) return false;
	const isAlone = candidates.every(({ gate, credential }) => gate === credential);
	const isOfKey = state.is === 'quota-cooldown' || (state.is === 'open' && state.reason === 'auth');
	if (isAlone) return true;
	if (model === undefined) return isOfKey || subject.target === undefined;
	return !isOfKey && (subject.target !== undefined || state.is === 'failing');
}
