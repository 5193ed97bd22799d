import type { EventObject } from 'xstate';
import type {
	Permit,
	ProviderAlarm,
	ProviderEvent,
	ProviderFact,
	ProviderReply,
	ProviderStateName,
	RequestRef,
} from '../../../../machines/events.ts';
import type { Policy } from '../../../../machines/policy.ts';
import type { ProviderContext } from '../../../../machines/provider/context.ts';
import type { ProviderMachine } from '../../../../machines/provider/machine.ts';
import { isRamping } from '../../../../machines/provider/ramp.ts';
import { MINUTE_MS, type RateLimits } from '../../../../machines/provider/rate-window.ts';
import { type MachineStep, Runner, type RunState, type Timer } from '../../play/runner.ts';
import type { Move, Violation } from '../explore.ts';
import { expect, type Ghost, isOut, type Limits, leftAside, type ProviderObservation, unhurtGhost } from './ghost.ts';
import { otherProperties, remainingProperty, stepProperties, toldProperties } from './properties.ts';
import { ACTOR_ID, type Sample } from './samples.ts';
import { happeningWords, type Seen } from './seen.ts';
import type { SummaryListener } from './summary.ts';

/** A permit that was granted, and what has become of it. */
export interface Holding {
	readonly permit: Permit;
	/** The trips when it was granted. */
	readonly trips: number;
	/** Which request holds it, for people. */
	readonly request: number;
}

/** A provider actor between two events, and everything around it that decides what can happen next. */
export interface Node {
	readonly key: string;
	readonly run: RunState<ProviderMachine>;
	/** ms since the epoch. */
	readonly now: number;
	readonly ghost: Ghost;
	/** Requests that have asked so far. */
	readonly requests: number;
	/** Permits of the present that are no probes, one for each model: any number of them may be out while it is closed. */
	readonly plain: readonly Holding[];
	/** A permit from before the last trip: any number of them may be out too. */
	readonly late: Holding | undefined;
	/** Probes that are out. */
	readonly out: readonly Holding[];
	/** A probe that had its result since half-open was entered, or was out when it was left. */
	readonly used: (Holding & { isSettled: boolean }) | undefined;
	/** One ms before an end: all that can happen is that somebody asks too soon. */
	readonly isLastMoment: boolean;
	/** What led here. */
	readonly did: Done | undefined;
}

/** An event as it was sent, and what was answered. */
export interface Done {
	readonly event: EventObject;
	readonly happening: ProviderObservation | undefined;
	readonly replies: readonly ProviderReply[];
	readonly request: number;
	/** The permit that a result is for is not the one that was granted last: the request of the path that holds it. */
	readonly holding: Holding | undefined;
	/** ms that passed, where it is time that did. */
	readonly passedMs: number;
	readonly isRepeated: boolean;
}

export interface Settling {
	readonly holding: Holding;
	readonly isRepeated: boolean;
}

/** How a node's state is written as a key. */
export type KeyWriter = (node: Omit<Node, 'key'>) => string;

/** What each attempt is expected to use, tokens. */
export const ESTIMATE = 3;

export interface StageOptions {
	/** ms since the epoch. */
	startedAt: number;
	/** Hears what is answered. */
	summary?: SummaryListener;
	/** The actor stands for one model of a key. */
	isOfModel?: boolean;
	/** How many permits may be out at once; default: any number. */
	concurrent?: number;
	/** What may be granted in any minute; default: whatever is asked. */
	rates?: RateLimits | undefined;
}

/** Lets one thing happen to a provider actor, and looks at what the machine made of it. */
export class ProviderStage {
	readonly policy: Policy;
	readonly limits: Limits;
	readonly #isOfModel: boolean;
	readonly #runner: Runner<ProviderMachine>;
	readonly #keyOf: KeyWriter;
	readonly #summary: SummaryListener | undefined;
	readonly #startedAt: number;
	readonly #caller: RequestRef;

	constructor(
		machine: ProviderMachine,
		policy: Policy,
		keyOf: KeyWriter,
		{ startedAt, summary, isOfModel = false, concurrent = Number.POSITIVE_INFINITY, rates }: StageOptions,
	) {
		this.policy = policy;
		this.#isOfModel = isOfModel;
		const { budget } = policy.retry;
		// Retries are asked for where grants are told from each other alone: elsewhere a budget changes nothing.
		this.limits = { concurrent, rates, budget: rates === undefined || budget === 'off' ? undefined : budget };
		this.#runner = new Runner(machine, { id: ACTOR_ID, policy, concurrent, now: startedAt, ...(rates && { rates }) });
		this.#keyOf = keyOf;
		this.#summary = summary;
		this.#startedAt = startedAt;
		this.#caller = this.#runner.self as RequestRef;
	}

	begin(): Node {
		const { state: run } = this.#runner.start(this.#startedAt);
		return this.#node({
			run,
			now: this.#startedAt,
			ghost: { ...unhurtGhost, since: this.#startedAt },
			requests: 0,
			plain: [],
			late: undefined,
			out: [],
			used: undefined,
			isLastMoment: false,
			did: undefined,
		});
	}

	/** @param asked what the attempt is expected to use, tokens, and whether its request has attempted it before */
	ask(
		from: Node,
		model: string,
		early: boolean,
		{ tokens = ESTIMATE, isRetry = false }: { tokens?: number; isRetry?: boolean } = {},
	): Move<Node> {
		const request = from.requests + 1;
		const id = `request-${request}`;
		return this.#send(
			from,
			{
				type: 'permit.requested',
				id,
				model,
				now: from.now,
				early,
				tokens,
				...(isRetry && { isRetry }),
				replyTo: this.#caller,
			},
			request,
		);
	}

	/** @param used the tokens, where the answer says so, and for how long nothing is left of a limit, ms */
	succeed(
		from: Node,
		settling: Settling,
		{ tokens, emptyForMs }: { tokens?: number; emptyForMs?: number } = {},
	): Move<Node> {
		const { permit, request } = settling.holding;
		const used = {
			...(tokens !== undefined && { tokens }),
			...(emptyForMs !== undefined && { told: { requests: { left: 0, until: from.now + emptyForMs } } }),
		};
		return this.#send(from, { type: 'attempt.succeeded', permit, now: from.now, ...used }, request, settling);
	}

	/** The first content of a probe, or of what was one. */
	answer(from: Node, { permit, request }: Holding): Move<Node> {
		return this.#send(from, { type: 'probe.answering', id: permit.id, now: from.now }, request);
	}

	abandon(from: Node, settling: Settling): Move<Node> {
		const { permit, request } = settling.holding;
		return this.#send(from, { type: 'attempt.abandoned', permit, now: from.now }, request, settling);
	}

	/** No attempt was made with it. */
	giveBack(from: Node, settling: Settling): Move<Node> {
		const { permit, request } = settling.holding;
		const event = { type: 'attempt.abandoned', permit, now: from.now, tokens: 0, unused: true } as const;
		return this.#send(from, event, request, settling);
	}

	fail(from: Node, settling: Settling, sample: Sample): Move<Node> {
		const { permit, request } = settling.holding;
		const { standsFor: _, ...told } = sample;
		const event = { type: 'attempt.failed', permit, ...told, now: from.now, replyTo: this.#caller } as const;
		return this.#send(from, event, request, settling, sample);
	}

	/** The request of a failure of this moment ends, and takes it upon itself. */
	withdraw(from: Node, holding: Holding, { failure }: Sample): Move<Node> {
		const failed = { permit: holding.permit, failure, at: from.now };
		const event = { type: 'failure.withdrawn', failed, now: from.now } as const;
		return this.#send(from, event, holding.request, { holding, isRepeated: false });
	}

	/** An operator, a peer, or a model of this key. */
	operate(
		from: Node,
		event: Extract<ProviderEvent, { type: `operator.${string}` | 'peer.tripped' | 'model.tripped' }>,
	): Move<Node> {
		return this.#send(from, event, 0);
	}

	/** Time passes; whatever timer is due by then does not go off yet. */
	pass(from: Node, to: number, isLastMoment = false): Move<Node> {
		const passedMs = to - from.now;
		const did = {
			event: { type: 'time.passed', ms: passedMs },
			happening: undefined,
			replies: [],
			request: 0,
			holding: undefined,
			passedMs,
			isRepeated: false,
		};
		return { node: this.#node({ ...from, now: to, isLastMoment, did }), violations: [] };
	}

	/** The soonest timer goes off. */
	fire(from: Node, timer: Timer): Move<Node> {
		const { event } = timer;
		const happening: ProviderObservation =
			event.type === 'probe.overdue' && 'id' in event ? { type: 'timer', probe: String(event.id) } : { type: 'timer' };
		const run = { snapshot: from.run.snapshot, timers: from.run.timers.filter((other) => other !== timer) };
		return this.#step({ ...from, run }, event, happening, 0);
	}

	#send(
		from: Node,
		event: Exclude<ProviderObservation, { type: 'timer' }>,
		request: number,
		settling?: Settling,
		sample?: Sample,
	) {
		return this.#step(from, event, event, request, settling, sample);
	}

	#step(
		from: Node,
		event: EventObject,
		happening: ProviderObservation,
		request: number,
		settling?: Settling,
		sample?: Sample,
	): Move<Node> {
		const { now, ghost } = from;
		const { holding, isRepeated = false } = settling ?? {};
		const isLate = holding !== undefined && holding.trips !== ghost.trips;
		const expected = expect(this.policy, ghost, happening, now, isLate, this.limits);
		const done = { event, happening, request, holding, passedMs: 0, isRepeated };
		let step: MachineStep<ProviderMachine>;
		try {
			step = this.#runner.send(from.run, event, now);
		} catch (error) {
			const node = this.#node({ ...from, ghost, did: { ...done, replies: [] } });
			const message = `${happeningWords(happening)} made it throw${error instanceof Error ? `: ${error.message}` : ''}`;
			return { node, violations: [{ property: otherProperties.neverThrows.id, message }] };
		}
		if (step.state.snapshot.status === 'error') {
			const { error } = step.state.snapshot;
			const node = this.#node({ ...from, ghost, did: { ...done, replies: [] } });
			const message = `${happeningWords(happening)} made it throw${error instanceof Error ? `: ${error.message}` : ''}`;
			return { node, violations: [{ property: otherProperties.neverThrows.id, message }] };
		}
		const replies = step.sent.filter(({ to }) => to === this.#caller).map((sent) => sent.event as ProviderReply);
		const seen: Seen = {
			policy: this.policy,
			isOfModel: this.#isOfModel,
			limits: this.limits,
			event: happening,
			now,
			before: ghost,
			expected,
			stateBefore: from.run.snapshot.value as ProviderStateName,
			state: step.state.snapshot.value as ProviderStateName,
			contextBefore: from.run.snapshot.context,
			context: step.state.snapshot.context,
			replies,
			strays: step.sent.filter(({ to }) => to !== this.#caller).map((sent) => sent.event),
			alarms: step.emitted.filter((emitted): emitted is ProviderAlarm => emitted.type === 'provider.alarmed'),
			facts: step.emitted.filter(({ type }) => type !== 'provider.alarmed') as readonly EventObject[] as ProviderFact[],
			timersBefore: from.run.timers,
			timers: step.state.timers,
			...(holding === undefined ? {} : { permit: holding.permit }),
			isLate,
			isRepeated,
		};
		const violations = violationsOf(seen);
		const after = expected.ghost;
		for (const reply of replies) {
			if (reply.type === 'permit.denied') this.#summary?.denied(reply, now);
			if (reply.type === 'attempt.settled' && sample) this.#summary?.settled(sample.standsFor, reply.retryAt - now);
		}
		const held = holdingsAfter(from, after, replies, request, settling);
		const did = { ...done, replies };
		const requests = happening.type === 'permit.requested' ? from.requests + 1 : from.requests;
		return {
			node: this.#node({ run: step.state, now, ghost: after, requests, ...held, isLastMoment: false, did }),
			violations,
		};
	}

	#node(parts: Omit<Node, 'key'>): Node {
		return { ...parts, key: this.#keyOf(parts) };
	}
}

function violationsOf(seen: Seen): Violation[] {
	const violations: Violation[] = [];
	for (const property of stepProperties) {
		const message = property.check(seen);
		if (message !== undefined) violations.push({ property: property.id, message });
	}
	if (violations.length > 0) return violations;
	const message = remainingProperty.check(seen);
	if (message !== undefined) return [{ property: remainingProperty.id, message }];
	return toldProperties.flatMap(({ id, check }) => {
		const wrong = check(seen);
		return wrong === undefined ? [] : [{ property: id, message: wrong, isOnlyTold: true }];
	});
}

type Holdings = Pick<Node, 'plain' | 'late' | 'out' | 'used'>;

function holdingsAfter(
	from: Node,
	ghost: Ghost,
	replies: readonly ProviderReply[],
	request: number,
	settling: Settling | undefined,
): Holdings {
	const settled = settling?.holding;
	const stillOut = from.out.filter(({ permit }) => isOut(ghost, permit.id));
	const gone = from.out.find(({ permit }) => !isOut(ghost, permit.id) && permit !== settled?.permit);
	const usedNow = settled?.permit.probe === true ? { ...settled, isSettled: true } : undefined;
	const used = gone === undefined ? (usedNow ?? from.used) : { ...gone, isSettled: false };
	const granted = replies.find((reply) => reply.type === 'permit.granted');
	const hasTripped = ghost.trips !== from.ghost.trips;
	const late = hasTripped ? (from.plain[0] ?? from.late) : from.late;
	const plain = hasTripped ? [] : from.plain;
	if (granted === undefined) return { plain, late, out: stillOut, used };
	const holding = { permit: granted.permit, trips: ghost.trips, request };
	if (!isOut(ghost, granted.permit.id)) {
		const isKnown = plain.some(({ permit }) => permit.model === granted.permit.model);
		return { plain: isKnown ? plain : [...plain, holding], late, out: stillOut, used };
	}
	return { plain, late, out: [...stillOut, holding], used };
}

/** What the machine's own context says that decides its future, with times as they are from now. */
export function contextKey(
	{ value, context }: { value: unknown; context: ProviderContext },
	now: number,
	reopeningsCap: number,
): string {
	const { until, named, reason, alarmed, reopenings, probes, probeSuccesses, unavailable, refusesPrefill } = context;
	const failing = leftAside(context.failingModels, now);
	const state = value as ProviderStateName;
	const row = state === 'closed' ? context.consecutiveFailures : 0;
	const wait = until === 0 ? 0 : until - now;
	const out = probes.length === 0 ? '' : probes.map(({ deadline }) => deadline - now).join();
	const aside = leftAside(unavailable, now);
	// What it waits for otherwise ends no sooner for a time that is named.
	const namedLeft = reason === 'failures' ? Math.max(0, named - now) : 0;
	return `${state}|${row}|${wait}|${namedLeft}|${reason ?? ''}|${alarmed.join()}|${Math.min(reopenings, reopeningsCap)}|${out}|${probeSuccesses}|${aside}|${refusesPrefill.join()}|${failing}${grantedLately(context, now)}`;
}

function rampText({ ramp, policy: { breaker } }: ProviderContext, now: number): string {
	return isRamping(ramp, breaker.ramp, now) ? `${now - ramp.since} ${ramp.credit}` : '';
}

function grantedLately(context: ProviderContext, now: number): string {
	const { rate, attempts } = context;
	if (rate === undefined) return '';
	const { firsts = [], retries = [] } = attempts ?? {};
	const tried = [firsts, retries].map((window) =>
		window.map(({ last, requests }) => (last + MINUTE_MS > now ? `${now - last} ${requests}` : '')).join(),
	);
	const seconds = rate.window.filter(({ last }) => last + MINUTE_MS > now);
	const words = Object.values(rate.told).map(({ until }) => Math.max(0, until - now));
	return `|${seconds.map(({ last, requests, tokens }) => `${now - last} ${requests} ${tokens}`).join()} ${words.join()} ${tried.join()} ${rampText(context, now)}`;
}
