import type { Permit, ProviderEvent, RequestRef } from '../../../../machines/events.ts';
import type { Failure } from '../../../../machines/failure.ts';
import type { Policy } from '../../../../machines/policy.ts';
import type { ProviderMachine } from '../../../../machines/provider/machine.ts';
import { Runner, type RunState } from '../../play/runner.ts';
import { effectUnder, isCounted, namedWait } from './meaning.ts';

/** One way for an attempt to fail, and all the failures that neither the machine nor the policy tells from it. */
export interface Sample {
	readonly failure: Failure;
	readonly random: number;
	readonly lastTry: boolean;
	/** The actor's id, where a failure of the request has counted before. */
	readonly counted: readonly string[];
	readonly standsFor: readonly Failure[];
}

/** Categories that have a property of their own: they are never merged with another. */
const watched: readonly string[] = ['AUTH_ERROR', 'BAD_REQUEST', 'QUOTA_EXCEEDED'];

/** How a failure is told, beside what it is. */
type Manner = Omit<Sample, 'failure' | 'standsFor'>;

/** The id of the actor that is explored. */
export const ACTOR_ID = 'provider';

/** The last failure of a request, and its first one that counts. */
export const plainly: Manner = { random: 0, lastTry: true, counted: [] };

const manners: readonly Manner[] = [
	plainly,
	{ random: 1, lastTry: true, counted: [] },
	{ random: 0, lastTry: false, counted: [] },
	{ random: 1, lastTry: false, counted: [] },
	{ random: 0, lastTry: true, counted: [ACTOR_ID] },
];

/**
 * The failures that make a difference to this machine under this policy. Each is tried, with the least and the most
 * chance and as the last try or not, in one situation of each kind: two that do the same in all of them, and that mean
 * the same to the policy, are one. What they mean is asked of the reference too: a machine that takes one failure for
 * another would else hide that by taking them for one.
 */
export function distinctSamples(
	machine: ProviderMachine,
	policy: Policy,
	failures: readonly Failure[],
	startedAt: number,
): Sample[] {
	const situations = new Situations(machine, policy, failures, startedAt);
	const samples = new Map<string, Sample>();
	for (const manner of manners) {
		for (const failure of failures) {
			const isAgain =
				manner.counted.length > 0 && isCounted(policy, failure) && namedWait(policy, failure) === undefined;
			const again = isAgain ? ' again' : '';
			const key = `${meaningOf(policy, failure)}${again} ${situations.outcomes(failure, manner)}`;
			const known = samples.get(key);
			const standsFor = known === undefined ? [failure] : [...new Set([...known.standsFor, failure])];
			samples.set(key, { ...(known ?? { failure, ...manner }), standsFor });
		}
	}
	return [...samples.values()];
}

/** All that a failure is to the reference, as text. */
function meaningOf(policy: Policy, failure: Failure): string {
	const kind = watched.includes(failure.category) ? `${failure.category} ` : '';
	const effect = effectUnder(policy, failure);
	const named = namedWait(policy, failure);
	if (named !== undefined) return `${kind}${effect === 'quota' || effect === 'auth' ? effect : 'hint'} ${named}`;
	if (effect === 'model') return `${kind}model ${failure.retryAfterMs ?? policy.breaker.modelCooldown}`;
	if (effect === 'count' || effect === 'cool') return isCounted(policy, failure) ? `${kind}counts` : `${kind}paces`;
	return `${kind}none ${failure.category === 'BAD_REQUEST' && failure.reason === 'prefill'}`;
}

interface Situation {
	run: RunState<ProviderMachine>;
	permit: Permit;
	now: number;
}

/** A closed provider, one that is about to open, an open one, one that is probed, one without quota. */
class Situations {
	readonly #runner: Runner<ProviderMachine>;
	readonly #all: Situation[] = [];

	constructor(machine: ProviderMachine, policy: Policy, failures: readonly Failure[], startedAt: number) {
		this.#runner = new Runner(machine, { id: ACTOR_ID, policy, now: startedAt });
		const plain: Permit = { id: 'plain', number: 0, model: 'm', probe: false, epoch: 0, refusesPrefill: false };
		const fresh = { run: this.#runner.start(startedAt).state, permit: plain, now: startedAt };
		this.#all.push(fresh);
		const transient = failures.find((failure) => isCounted(policy, failure));
		const quota = failures.find(({ category }) => category === 'QUOTA_EXCEEDED');
		if (quota !== undefined) this.#add(this.#after(fresh, failed(fresh, quota)));
		if (transient === undefined) return;
		let closed: Situation | undefined = fresh;
		for (let row = 1; row < policy.breaker.failureThreshold; row++) {
			closed = closed && this.#after(closed, failed(closed, transient));
		}
		this.#add(closed);
		const open = closed && this.#after(closed, failed(closed, transient));
		this.#add(open);
		const [timer] = open?.run.timers ?? [];
		if (open === undefined || timer === undefined) return;
		const halfOpen = this.#after(
			{ ...open, run: { ...open.run, timers: [] }, now: timer.at },
			timer.event as ProviderEvent,
		);
		const replyTo = this.#runner.self as RequestRef;
		const asks = {
			type: 'permit.requested',
			id: 'probe',
			model: 'm',
			now: timer.at,
			early: false,
			tokens: 0,
			replyTo,
		} as const;
		const probed = halfOpen && this.#after(halfOpen, asks);
		this.#add(probed);
		this.#add(probed && { ...probed, permit: { ...plain, id: 'probe', probe: true, epoch: 1 } });
	}

	/** What comes of a failure in each situation, as text. */
	outcomes(failure: Failure, manner: Manner): string {
		return this.#all.map((situation) => this.#outcome(situation, failure, manner)).join(' ');
	}

	#outcome(situation: Situation, failure: Failure, manner: Manner): string {
		try {
			const { state, sent, emitted } = this.#runner.send(
				situation.run,
				failed(situation, failure, manner),
				situation.now,
			);
			const { policy: _, lastFailure: __, consecutiveFailures, window, ...context } = state.snapshot.context;
			// Counters of results mean nothing but to a closed provider: they begin anew with it.
			const counters = state.snapshot.value === 'closed' ? [consecutiveFailures, window] : [];
			// What was told to have counted comes back: all that is the failure's own is whether it does, too.
			const replies = sent.map(({ event }) =>
				'counted' in event ? { ...event, counted: (event.counted as string[]).length > manner.counted.length } : event,
			);
			const told = emitted.map((event) => ({ ...event, failure: undefined }));
			return JSON.stringify([state.snapshot.value, context, counters, state.timers, replies, told]);
		} catch {
			return `throws on ${failure.category}.${failure.reason ?? ''}`;
		}
	}

	#add(situation: Situation | undefined): void {
		if (situation !== undefined) this.#all.push(situation);
	}

	/** Undefined where the machine throws: the exploration will come upon that itself. */
	#after(situation: Situation, event: ProviderEvent): Situation | undefined {
		try {
			return { ...situation, run: this.#runner.send(situation.run, event, situation.now).state };
		} catch {
			return undefined;
		}
	}
}

function failed({ permit, now }: Situation, failure: Failure, manner = plainly): ProviderEvent {
	return { type: 'attempt.failed', permit, failure, now, ...manner, replyTo: undefined as unknown as RequestRef };
}
