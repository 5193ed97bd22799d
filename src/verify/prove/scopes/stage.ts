import type { EventObject } from 'xstate';
import type { Permit, ProviderEvent, ProviderRef, ProviderReply, RequestRef } from '../../../../machines/events.ts';
import type { Policy } from '../../../../machines/policy.ts';
import type { ProviderMachine } from '../../../../machines/provider/machine.ts';
import { policyOfKey, policyOfModel } from '../../../../machines/provider/scopes.ts';
import { Runner, type RunState, type Timer } from '../../play/runner.ts';

/** The actors: a key, and two models of it. */
export const scopes = ['k', 'm', 'n'] as const;
export type Scope = (typeof scopes)[number];
export type ModelName = Exclude<Scope, 'k'>;

export type Runs = Readonly<Record<Scope, RunState<ProviderMachine>>>;

/** What came of one event: how the actors stand after it, and what the request was answered. */
export interface Outcome {
	readonly runs: Runs;
	readonly replies: readonly ProviderReply[];
}

/** Lets something happen to one of the actors, and hands on what they say to each other. */
export class ScopesStage {
	readonly #runners: Readonly<Record<Scope, Runner<ProviderMachine>>>;
	readonly #caller: RequestRef;
	readonly #startedAt: number;

	constructor(machine: ProviderMachine, policy: Policy, startedAt: number) {
		const now = startedAt;
		const key = new Runner(machine, { id: 'k', policy: policyOfKey(policy), now });
		const model = (name: ModelName) => {
			const scope = { name, key: key.self as ProviderRef };
			return new Runner(machine, { id: `k/${name}`, policy: policyOfModel(policy), now, model: scope });
		};
		this.#runners = { k: key, m: model('m'), n: model('n') };
		this.#startedAt = startedAt;
		this.#caller = {} as RequestRef;
	}

	begin(): Runs {
		const started = scopes.map((scope) => [scope, this.#runners[scope].start(this.#startedAt).state]);
		return Object.fromEntries(started) as Runs;
	}

	/** A request asks for a permit; it is answered by whoever decides. */
	ask(runs: Runs, model: ModelName, id: string, now: number): Outcome {
		const event = { type: 'permit.requested', id, model, now, early: false, tokens: 1, replyTo: this.#caller } as const;
		return this.send(runs, model, event, now);
	}

	/** Would this actor grant, if it stood alone? Nothing changes. */
	wouldGrant(runs: Runs, scope: Scope, model: ModelName, now: number): boolean {
		const event = { type: 'permit.requested', id: '?', model, now, early: false, tokens: 1, replyTo: this.#caller };
		const { sent } = this.#runners[scope].send(runs[scope], event, now);
		return sent.some(({ event: { type } }) => type === 'permit.granted' || type === 'permit.requested');
	}

	/** The result of an attempt, to the actor that was asked for it. */
	settle(runs: Runs, permit: Permit, result: SettlingEvent, now: number): Outcome {
		const event = { ...result, permit, now, replyTo: this.#caller };
		return this.send(runs, permit.model as ModelName, event, now);
	}

	send(runs: Runs, scope: Scope, event: EventObject, now: number): Outcome {
		const step = this.#runners[scope].send(runs[scope], event, now);
		return this.#passOn({ ...runs, [scope]: step.state }, step.sent, now);
	}

	fire(runs: Runs, scope: Scope, timer: Timer): Outcome {
		const step = this.#runners[scope].fire(runs[scope], timer);
		return this.#passOn({ ...runs, [scope]: step.state }, step.sent, timer.at);
	}

	#passOn(after: Runs, sent: readonly { to: unknown; event: EventObject }[], now: number): Outcome {
		let runs = after;
		const replies: ProviderReply[] = [];
		for (const { to, event } of sent) {
			const scope = scopes.find((name) => this.#runners[name].self === to);
			if (scope === undefined) {
				if (to !== this.#caller) throw new Error(`${event.type} is sent to nobody`);
				replies.push(event as ProviderReply);
				continue;
			}
			const passedOn = this.send(runs, scope, event, now);
			runs = passedOn.runs;
			replies.push(...passedOn.replies);
		}
		return { runs, replies };
	}
}

/** What a request tells of an attempt, without the permit, the time and itself. */
export type SettlingEvent =
	| { type: 'attempt.succeeded' | 'attempt.abandoned' }
	| Omit<FailedEvent, 'permit' | 'now' | 'replyTo'>;

type FailedEvent = Extract<ProviderEvent, { type: 'attempt.failed' }>;
