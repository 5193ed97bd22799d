import { createActor, fromCallback } from 'xstate';
import type { Permit, ProviderEvent, RequestEvent } from '../../../../machines/events.ts';
import type { Policy } from '../../../../machines/policy.ts';
import type { ProviderInput } from '../../../../machines/provider/context.ts';
import type { providerMachine } from '../../../../machines/provider/machine.ts';
import type { CaseStep, Counterexample } from '../../../../src/verify/report/report.ts';

const startMs = Date.UTC(2026, 0, 1);

/** A clock whose timers go off when a case says so: a request can come before a timer that is due in the same ms. */
class HandClock {
	#now = startMs;
	#asked = 0;
	readonly #timers = new Map<number, { at: number; run: () => void }>();

	now = () => this.#now;

	setTimeout = (run: (...given: unknown[]) => void, delayMs: number): number => {
		this.#asked += 1;
		this.#timers.set(this.#asked, { at: this.#now + delayMs, run });
		return this.#asked;
	};

	clearTimeout = (id: number): void => {
		this.#timers.delete(id);
	};

	moveTo(at: number): void {
		const missed = [...this.#timers.values()].find((timer) => timer.at < at);
		if (missed !== undefined) throw new Error(`a timer was due ${at - missed.at} ms ago`);
		this.#now = at;
	}

	fireDue(): void {
		const due = [...this.#timers].find(([, { at }]) => at === this.#now);
		if (due === undefined) throw new Error('no timer is due');
		this.#timers.delete(due[0]);
		due[1].run();
	}
}

/**
 * Feeds the events of a case into a real actor, with the permits as it grants them.
 * @param limits what it may grant; default: whatever is asked
 * @returns the state after each step, as the case tells them and as the actor has them; an actor that threw is `threw`
 */
export function replay(
	machine: typeof providerMachine,
	policy: Policy,
	{ steps }: Pick<Counterexample, 'steps'>,
	limits: Pick<ProviderInput, 'concurrent' | 'rates'> = {},
) {
	const clock = new HandClock();
	const actor = createActor(machine, { clock, input: { id: 'a', policy, now: startMs, ...limits } });
	let hasThrown = false;
	actor.subscribe({ error: () => (hasThrown = true) });
	const permits = new Map<string, Permit>();
	const caller = createActor(
		fromCallback<RequestEvent>(({ receive }) =>
			receive((reply) => {
				if (reply.type === 'permit.granted') permits.set(reply.permit.id, reply.permit);
			}),
		),
	).start();
	actor.start();
	const told: unknown[] = [];
	const seen: unknown[] = [];
	for (const step of steps) {
		clock.moveTo(startMs + step.at);
		apply(step);
		told.push(step.providerState);
		seen.push(hasThrown ? 'threw' : actor.getSnapshot().value);
	}
	return { told, seen, actor };

	function apply({ by, event }: CaseStep): void {
		if (by === 'provider' || event.type === 'time.passed') return;
		if (by === 'time') {
			clock.fireDue();
			return;
		}
		const settled = (event as { permit?: Permit }).permit;
		if (settled === undefined) {
			actor.send({ ...event, replyTo: caller } as unknown as ProviderEvent);
			return;
		}
		const permit = permits.get(settled.id);
		if (permit === undefined) throw new Error(`${settled.id} was not granted`);
		actor.send({ ...event, permit, replyTo: caller } as unknown as ProviderEvent);
	}
}
