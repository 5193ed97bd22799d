import type { EventObject } from 'xstate';
import type { ProviderEvent, ProviderRef, RequestEvent } from '../../../machines/events.ts';
import type { Failure } from '../../../machines/failure.ts';
import { mayLeaveSilence } from '../../../machines/request/failover.ts';
import { requestMachine } from '../../../machines/request/machine.ts';
import { type Candidate, currentCandidate, type Progress } from '../../../machines/request/progress.ts';
import { stateName } from '../../../machines/request/state-name.ts';
import type { ActorConfig } from '../../config/actors.ts';
import type { CandidatePlan, Route } from '../../gateway/routes.ts';
import type { Classify } from '../../upstream/classify/apply-error-rules.ts';
import { type CaseScript, entryFor, type Outcome } from './case-script.ts';
import { type Fact, imagineAttempt } from './imagined-attempt.ts';
import { ImaginedModel, type Written } from './imagined-model.ts';
import { ImaginedProvider, pastOf } from './imagined-provider.ts';
import type { PlayedEvent } from './played-event.ts';
import { type MachineStep, Runner, type RunState } from './runner.ts';

export interface WorldOptions {
	/** The request's. */
	readonly id: string;
	readonly route: Route;
	/** The provider actors that the route needs, each key's before those of its models. */
	readonly actors: readonly ActorConfig[];
	readonly script: CaseScript;
	/** The client asks for a stream. */
	readonly stream: boolean;
	readonly classify: Classify;
}

/** A trip, a recovery or a count tells more than none; of two that tell something, a new state does. */
function isMore(one: PlayedEvent['provider'], other: PlayedEvent['provider']): boolean {
	const tells = ([before, after]: PlayedEvent['provider']) => {
		if (before.value !== after.value) return 2;
		return before.context.consecutiveFailures === after.context.consecutiveFailures ? 0 : 1;
	};
	return tells(one) > tells(other);
}

/** How a case went. */
export interface WorldEnd {
	/** ms since the case began. */
	readonly now: number;
	readonly progress: Progress;
	readonly ending: 'done' | 'failed' | 'aborted';
	/** The trace when the first byte of a stream went to the client, if one did. */
	readonly begun?: Progress;
	readonly happenings: readonly PlayedEvent[];
}

/** The jitter of every wait at its middle. */
const MIDDLE = 0.5;

/** A thing that would happen next. */
interface Next {
	at: number;
	go: () => void;
}

/**
 * One request and its providers in a time of their own, which begins at 0: the real machines, the real assembly of
 * streamed answers, and an imagined upstream. It has no clock: what would happen next happens at once.
 */
export class ScriptedWorld {
	readonly providers: ReadonlyMap<string, ImaginedProvider>;
	readonly #options: WorldOptions;
	readonly #byActor: ReadonlyMap<unknown, ImaginedProvider>;
	readonly #request: Runner<typeof requestMachine>;
	readonly #happenings: PlayedEvent[] = [];
	/** Attempts that each entry of the script has met. */
	readonly #met = new Map<object, number>();
	readonly #model: ImaginedModel;
	#state: RunState<typeof requestMachine> | undefined;
	#now = 0;
	/** What the present attempt will report, in order; times since the case began. */
	#facts: readonly Fact[] = [];
	#streams = false;
	/** The present attempt has written something for the client. */
	#isAnswering = false;
	#begun: Progress | undefined;

	constructor(options: WorldOptions) {
		this.#options = options;
		const { id, route, actors, script } = options;
		const providers = new Map<string, ImaginedProvider>();
		for (const actor of actors) {
			const { credential } = actor;
			const concerned = route.candidates.filter(
				(candidate) => candidate.credential === credential && (actor.model ?? candidate.model) === candidate.model,
			);
			const key = actor.model === undefined ? undefined : providers.get(credential);
			providers.set(actor.id, new ImaginedProvider(actor, key, pastOf(script, actor, concerned), 0));
		}
		this.providers = providers;
		this.#byActor = new Map([...this.providers.values()].map((provider) => [provider.runner.self, provider]));
		const candidates = route.candidates.map((candidate) => ({
			...candidate,
			actor: this.#provider(candidate).runner.self as ProviderRef,
		}));
		this.#request = new Runner(requestMachine, { id, candidates, policy: route.policy, tokens: 0, now: 0 });
		this.#model = new ImaginedModel(route.policy.continuation.retainedText);
	}

	/** Plays the case to its end, which the request's deadline is at the latest. */
	play(): WorldEnd {
		const started = this.#request.start(0);
		this.#state = started.state;
		this.#passOn(started);
		while (this.#snapshot.status === 'active') this.#happenNext();
		const { value } = this.#snapshot;
		const ending = value === 'done' || value === 'aborted' ? value : 'failed';
		return {
			now: this.#now,
			progress: this.#progress,
			ending,
			...(this.#begun === undefined ? {} : { begun: this.#begun }),
			happenings: this.#happenings,
		};
	}

	get #running(): RunState<typeof requestMachine> {
		if (this.#state === undefined) throw new Error('the request of the case has not begun');
		return this.#state;
	}

	get #snapshot() {
		return this.#running.snapshot;
	}

	get #progress(): Progress {
		return this.#snapshot.context.progress;
	}

	#provider({ gate }: CandidatePlan): ImaginedProvider {
		const provider = this.providers.get(gate);
		if (provider === undefined) throw new Error(`${gate} is not among the actors of this case`);
		return provider;
	}

	/** The soonest; of things at the same time, the one whose timer was set first in a real process. */
	#happenNext(): void {
		const { clientLeavesAfterMs } = this.#options.script;
		const { deadlineAt } = this.#progress;
		const [timer] = this.#running.timers;
		const [fact] = this.#facts;
		const nexts: Next[] = [
			...(clientLeavesAfterMs === undefined ? [] : [{ at: clientLeavesAfterMs, go: () => this.#leave() }]),
			...[...this.providers.values()].flatMap((provider) =>
				provider.state.timers.slice(0, 1).map(({ at }) => ({ at, go: () => this.#letPass(provider) })),
			),
			{ at: deadlineAt, go: () => this.#tell({ type: 'deadline.passed', now: this.#now }, 'time') },
			...(timer === undefined ? [] : [{ at: timer.at, go: () => this.#wait() }]),
			...(fact === undefined ? [] : [{ at: fact.atMs, go: () => this.#report(fact) }]),
		];
		const soonest = nexts.reduce((first, next) => (next.at < first.at ? next : first));
		this.#now = soonest.at;
		soonest.go();
	}

	#leave(): void {
		this.#tell({ type: 'client.left', now: this.#now }, 'client');
	}

	/** A provider's own timer. */
	#letPass(provider: ImaginedProvider): void {
		const before = provider.snapshot;
		const [timer] = provider.state.timers;
		if (timer === undefined) return;
		provider.fire(timer);
		this.#happenings.push({
			at: this.#now,
			by: 'time',
			event: timer.event,
			credential: before.context.id,
			provider: [before, provider.snapshot],
			progress: [this.#progress, this.#progress],
			requestState: stateName(this.#snapshot.value),
		});
	}

	#wait(): void {
		const [timer] = this.#running.timers;
		if (timer === undefined) return;
		this.#take(timer.event, 'time', this.#request.fire(this.#running, timer));
	}

	/** What the present attempt reports, as `Exchange` would pass it on. */
	#report(fact: Fact): void {
		this.#facts = this.#facts.slice(1);
		switch (fact.is) {
			case 'content':
				if (this.#progress.permit?.probe === true) {
					this.#tell({ type: 'probe.answering', now: this.#now }, 'upstream', 'sends its first content');
				}
				this.#deliver(this.#model.write(fact.tokens));
				return;
			case 'silent':
				this.#endSilent();
				return;
			case 'end':
				this.#end();
				return;
			case 'break':
				this.#break(fact.failure, fact.says);
		}
	}

	#end(): void {
		if (this.#streams && !this.#deliver(this.#model.finish())) return;
		this.#tell({ type: 'attempt.completed', now: this.#now }, 'upstream', 'completes the answer');
	}

	#endSilent(): void {
		if (!mayLeaveSilence(this.#progress)) {
			this.#end();
			return;
		}
		const event = { type: 'attempt.silent', now: this.#now, random: MIDDLE } as const;
		this.#tell(event, 'upstream', 'answers and says nothing → UNKNOWN_TRANSIENT.answer_silent');
	}

	/** @returns whether the attempt goes on */
	#deliver({ isHeard, seam, problem }: Written): boolean {
		if (isHeard && this.#commits && !this.#isAnswering) {
			this.#isAnswering = true;
			const joined = seam === undefined ? {} : { seam };
			this.#tell({ type: 'attempt.answering', now: this.#now, ...joined }, 'upstream', 'begins to answer');
		}
		if (problem === undefined) return true;
		this.#break(
			{ category: 'UNKNOWN_TRANSIENT', reason: problem },
			`writes what cannot be joined → UNKNOWN_TRANSIENT.${problem}`,
		);
		return false;
	}

	#break(failure: Failure, says: string): void {
		const continuable = this.#streams && this.#model.isContinuable;
		this.#tell({ type: 'attempt.broke', failure, now: this.#now, random: MIDDLE, continuable }, 'upstream', says);
	}

	/** What is written cannot be taken back: all but a stream that is held until it is whole. */
	get #commits(): boolean {
		return !(this.#options.stream && this.#options.route.commit === 'complete');
	}

	#tell(event: RequestEvent, by: PlayedEvent['by'], says?: string, provider?: PlayedEvent['provider']): void {
		this.#take(event, by, this.#request.send(this.#running, event, this.#now), says, provider);
	}

	/** An event has happened to the request: notes it, and does what it led to. */
	#take(
		event: EventObject,
		by: PlayedEvent['by'],
		step: MachineStep<typeof requestMachine>,
		says?: string,
		change?: PlayedEvent['provider'],
	): void {
		const before = this.#progress;
		const candidate = currentCandidate(before);
		this.#state = step.state;
		const { snapshot } = this.#provider(candidate);
		const place = this.#happenings.length;
		const happening: PlayedEvent = {
			at: this.#now,
			by,
			event,
			candidate,
			credential: (change ?? [snapshot])[0].context.id,
			...(says === undefined ? {} : { says }),
			provider: change ?? [snapshot, snapshot],
			progress: [before, this.#progress],
			requestState: stateName(this.#snapshot.value),
		};
		this.#happenings.push(happening);
		for (const action of step.did) this.#act(action);
		const settled = this.#passOn(step);
		if (settled !== undefined) {
			this.#happenings[place] = { ...happening, credential: settled[0].context.id, provider: settled };
		}
	}

	#act(action: string): void {
		if (action === 'startAttempt') this.#startAttempt();
		if (action === 'stopAttempt') this.#facts = [];
		if (action === 'commitAnswer' && this.#options.stream) this.#begun = this.#progress;
	}

	/**
	 * Hands what the request sent to its providers, and their answers back.
	 * @returns how a provider changed that does not answer
	 */
	#passOn(step: MachineStep<typeof requestMachine>): PlayedEvent['provider'] | undefined {
		let unanswered: PlayedEvent['provider'] | undefined;
		for (const word of step.sent) {
			const { replies, change } = this.#hand(word);
			if (replies.length === 0) unanswered = change;
			for (const reply of replies) this.#tell(reply, 'provider', undefined, change);
		}
		return unanswered;
	}

	/**
	 * Lets a provider hear something, and its key what it passes on.
	 * @returns what they answer, and how the one of them changed that tells more
	 */
	#hand({ to, event }: { to: unknown; event: EventObject }): {
		replies: RequestEvent[];
		change: PlayedEvent['provider'];
	} {
		const provider = this.#byActor.get(to);
		if (provider === undefined) throw new Error(`${event.type} was sent to somebody who is not in the case`);
		const before = provider.snapshot;
		const { sent } = provider.send(event as ProviderEvent, this.#now);
		const replies: RequestEvent[] = [];
		let change: PlayedEvent['provider'] = [before, provider.snapshot];
		for (const word of sent) {
			if (!this.#byActor.has(word.to)) {
				replies.push(word.event as RequestEvent);
				continue;
			}
			const passedOn = this.#hand(word);
			replies.push(...passedOn.replies);
			if (isMore(passedOn.change, change)) change = passedOn.change;
		}
		return { replies, change };
	}

	#startAttempt(): void {
		const { stream, classify } = this.#options;
		const { way } = this.#progress;
		const candidate = currentCandidate(this.#progress);
		const { provider, target, streamUpstream, policy } = candidate;
		this.#isAnswering = false;
		this.#streams = stream || streamUpstream || way !== 'fresh';
		if (this.#streams) this.#model.begin(target, way);
		const setting = { timeouts: policy.timeouts, streams: this.#streams, provider, classify, now: this.#now };
		const facts = imagineAttempt(this.#nextOutcome(candidate), setting);
		this.#facts = facts.map((fact) => ({ ...fact, atMs: this.#now + fact.atMs }));
	}

	#nextOutcome(candidate: Candidate): Outcome {
		const scripted = this.#options.script.entries.filter(({ outcomes }) => outcomes.length > 0);
		const entry = entryFor(scripted, candidate);
		if (entry === undefined) return { does: 'answer', afterMs: 0, takesMs: 0 };
		const met = this.#met.get(entry) ?? 0;
		this.#met.set(entry, met + 1);
		return entry.outcomes[Math.min(met, entry.outcomes.length - 1)] as Outcome;
	}
}
