import { createActor, fromCallback, SimulatedClock } from 'xstate';
import type { Permit, ProviderAlarm, ProviderFact, ProviderReply, RequestEvent } from '../../../machines/events.ts';
import type { Failure } from '../../../machines/failure.ts';
import type { Policy } from '../../../machines/policy.ts';
import type { ModelScope, ProviderInput, ProviderMemory } from '../../../machines/provider/context.ts';
import { providerMachine } from '../../../machines/provider/machine.ts';
import { memoryOf } from '../../../machines/provider/memory.ts';
import type { Limits } from '../../../machines/provider/rate.ts';
import { ProviderRecorder } from '../../../machines/provider/recording.ts';
import { type PolicyChanges, policyWith } from '../../helpers/policy.ts';
import { minuteMs, serverError } from '../samples.ts';

/** When every test begins, ms since the epoch: a real date, so that a time taken for a duration shows. */
export const startMs = Date.parse('2026-09-01T00:00:00Z');

/**
 * A simulated clock that knows how many timers are set, for one that is left behind is a leak, and that treats too long
 * a delay as Node does: it fires after 1 ms.
 */
export class CountingClock extends SimulatedClock {
	readonly #pending = new Set<number>();

	constructor() {
		super();
		this.increment(startMs);
	}

	get timers(): number {
		return this.#pending.size;
	}

	override setTimeout(fn: () => void, delayMs: number): number {
		const id: number = super.setTimeout(
			() => {
				this.#pending.delete(id);
				fn();
			},
			delayMs >= 2 ** 31 ? 1 : delayMs,
		);
		this.#pending.add(id);
		return id;
	}

	override clearTimeout(id: number): void {
		this.#pending.delete(id);
		super.clearTimeout(id);
	}
}

export interface Ask {
	model?: string;
	early?: boolean;
	/** The estimate. Default: 0. */
	tokens?: number;
	/** The request has attempted it before. Default: it has not. */
	isRetry?: boolean;
	/** What the caller takes for the present, ms since the epoch. Default: the clock's. */
	now?: number;
}

export interface Report {
	/** 0 to 1. Default: 0, no jitter. */
	random?: number;
	/** Default: true. */
	lastTry?: boolean;
	/** A failure of the request has counted with this actor before. Default: false. */
	hasCounted?: boolean;
}

export type ProviderHarness = ReturnType<typeof startProvider>;

export interface Start {
	/** What it remembers of an actor that was set down. */
	memory?: ProviderMemory;
	/** Default: `a`. */
	id?: string;
	/** It stands for this model of that key. */
	model?: ModelScope;
	/** How many permits may be out at once. Default: any number. */
	concurrent?: number;
	/** What may be granted in any minute. Default: whatever is asked. */
	rates?: Limits;
	/** What of the policy it obeys. Default: all. */
	scope?: (policy: Policy) => Policy;
}

/** A provider actor on a simulated clock, and a caller that collects what it is answered. */
export function startProvider(
	changes: PolicyChanges = {},
	clock: CountingClock = new CountingClock(),
	{ memory, id = 'a', model, concurrent, rates, scope = (policy) => policy }: Start = {},
) {
	const input: ProviderInput = {
		id,
		policy: scope(policyWith(changes)),
		now: clock.now(),
		...(memory && { memory }),
		...(model && { model }),
		...(concurrent === undefined ? {} : { concurrent }),
		...(rates && { rates }),
	};
	const recorder = new ProviderRecorder(input);
	const actor = createActor(providerMachine, { clock, input, inspect: recorder.inspect });
	const replies: RequestEvent[] = [];
	const caller = createActor(
		fromCallback<RequestEvent>(({ receive }) => receive((reply) => replies.push(reply))),
	).start();
	const alarms: ProviderAlarm[] = [];
	const facts: ProviderFact[] = [];
	actor.on('*', (told) => {
		if (told.type === 'provider.alarmed') alarms.push(told);
		else facts.push(told);
	});
	actor.start();
	let asked = 0;

	/** The one reply that an event to the actor leads to. */
	function replyTo(send: () => void): RequestEvent {
		replies.length = 0;
		send();
		const [reply, ...more] = replies;
		if (reply === undefined || more.length > 0) throw new Error(`there were ${replies.length} replies, not one`);
		return reply;
	}

	function ask({
		model: asks = model?.name ?? 'm',
		early = false,
		tokens = 0,
		isRetry = false,
		now = clock.now(),
	}: Ask = {}): ProviderReply {
		asked += 1;
		const id = `request/${asked}`;
		const reply = replyTo(() =>
			actor.send({
				type: 'permit.requested',
				id,
				model: asks,
				now,
				early,
				tokens,
				...(isRetry && { isRetry }),
				replyTo: caller,
			}),
		);
		if (reply.type !== 'permit.granted' && reply.type !== 'permit.denied')
			throw new Error(`answered with ${reply.type}`);
		return reply;
	}

	function permit(options: Ask = {}): Permit {
		const reply = ask(options);
		if (reply.type !== 'permit.granted') throw new Error(`denied: ${JSON.stringify(reply)}`);
		return reply.permit;
	}

	/** The answer to a failure. */
	function settle(
		failed: Permit,
		failure: Failure,
		{ random = 0, lastTry = true, hasCounted = false }: Report = {},
	): Extract<ProviderReply, { type: 'attempt.settled' }> {
		const now = clock.now();
		const told = {
			permit: failed,
			failure,
			now,
			random,
			lastTry,
			counted: hasCounted ? [actor.getSnapshot().context.id] : [],
		};
		const reply = replyTo(() => actor.send({ type: 'attempt.failed', ...told, replyTo: caller }));
		if (reply.type !== 'attempt.settled') throw new Error(`answered with ${reply.type}`);
		return reply;
	}

	/** @returns when the provider would grant this model again, ms since the epoch */
	function fail(failed: Permit, failure: Failure, report: Report = {}): number {
		return settle(failed, failure, report).retryAt;
	}

	/** An event that nobody is to be answered for. */
	function tell(event: { type: 'attempt.succeeded' | 'attempt.abandoned'; permit: Permit; tokens?: number }): void {
		replies.length = 0;
		actor.send({ ...event, now: clock.now() });
		if (replies.length > 0) throw new Error(`${event.type} was answered`);
	}

	const state = () => actor.getSnapshot().value;

	/** Attempts fail, one after the other, until it no longer is closed. */
	function trip(failure: Failure = serverError): void {
		for (let failures = 0; state() === 'closed'; failures++) {
			if (failures > 1_000) throw new Error('the provider does not open');
			fail(permit(), failure);
		}
	}

	return {
		actor,
		clock,
		alarms,
		facts,
		recorder,
		memory: () => memoryOf(actor.getSnapshot()),
		trip,
		ask,
		permit,
		fail,
		answering: ({ id }: Permit) => actor.send({ type: 'probe.answering', id, now: clock.now() }),
		settle,
		/** @param tokens what it used; undefined: nobody says */
		succeed: (permit: Permit, tokens?: number) =>
			tell({ type: 'attempt.succeeded', permit, ...(tokens !== undefined && { tokens }) }),
		abandon: (permit: Permit) => tell({ type: 'attempt.abandoned', permit }),
		/** An attempt that begins and fails in this very moment. */
		failNow: (failure: Failure, report: Report = {}) => fail(permit(), failure, report),
		pass: (ms: number) => clock.increment(ms),
		state,
		context: () => actor.getSnapshot().context,
	};
}

/** Opens at the third failure in a row, for a minute. */
export function opened(...given: Parameters<typeof startProvider>) {
	const provider = startProvider(...given);
	provider.trip();
	return provider;
}

/** Stands in `half-open`, with no probe out. */
export function halfOpened(...given: Parameters<typeof startProvider>) {
	const provider = opened(...given);
	provider.pass(minuteMs);
	if (provider.state() !== 'half-open') throw new Error(`the provider is ${provider.state()}`);
	return provider;
}
