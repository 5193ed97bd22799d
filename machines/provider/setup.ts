import { assign, emit, enqueueActions, sendTo, setup } from 'xstate';
import { cooldown, timerDelay } from '../backoff.ts';
import type {
	PermitResult,
	ProviderAlarm,
	ProviderEvent,
	ProviderFact,
	ProviderRef,
	ProviderReply,
	ProviderStateName,
} from '../events.ts';
import {
	counted,
	denialReply,
	failingWith,
	givenBack,
	heard,
	isFull,
	isLate,
	isOneMore,
	isProbeOut,
	learnt,
	limitedUntil,
	newAlarm,
	newPermit,
	type ProviderContext,
	type ProviderInput,
	permanentOrNamed,
	rampAfter,
	takenOn,
	unavailableUntil,
	unhurt,
	withdrawn,
	withUnavailable,
} from './context.ts';
import { halfOpened, takenOut, tripped, trippedByOverdueProbe } from './cooldowns.ts';
import { cooldownEndedFact, modelFacts, tripFact } from './facts.ts';
import { emptyWindow } from './failure-window.ts';
import { caughtUp, stateOf } from './memory.ts';
import { withoutWords } from './rate.ts';
import { effectOf, namedCooldown, shouldTrip } from './trip.ts';

function only<T extends ProviderEvent['type']>(event: ProviderEvent, type: T): Extract<ProviderEvent, { type: T }> {
	if (event.type !== type) throw new Error(`the provider machine met ${event.type} where only ${type} can be`);
	return event as Extract<ProviderEvent, { type: T }>;
}

/** The attempt that an event tells something of. */
function attemptIn(event: ProviderEvent): string | undefined {
	if (event.type === 'probe.answering') return event.id;
	return 'permit' in event ? event.permit.id : undefined;
}

function isOfProbe(context: ProviderContext, event: ProviderEvent): boolean {
	const id = attemptIn(event);
	return id !== undefined && isProbeOut(context, id);
}

/** What the actor was started with, in the event that starts it; undefined in every other event. */
function startedWith(event: ProviderEvent): ProviderInput | undefined {
	return 'input' in event ? (event.input as ProviderInput) : undefined;
}

/** What a provider says of its limits is said of the model that was asked: its actor keeps it to itself. */
function withoutTold<Result extends PermitResult>(result: Result): Result {
	const { told: _, ...rest } = result as Result & { told?: unknown };
	return rest as Result;
}

/** What a grant sends: the permit to the request, or from a model's actor the question on to its key. */
function granted(
	context: ProviderContext,
	asked: Extract<ProviderEvent, { type: 'permit.requested' }>,
	probe: boolean,
	self: ProviderRef,
): ProviderReply | ProviderEvent {
	const permit = newPermit(context, asked, probe);
	return context.model === undefined
		? { type: 'permit.granted', permit }
		: { ...asked, ofModel: { permit, actor: self } };
}

/** What the chart in `machine.ts` names: the guards ask, the actions change the context, answer and tell. */
export const providerSetup = setup({
	types: {
		input: {} as ProviderInput,
		context: {} as ProviderContext,
		events: {} as ProviderEvent,
		emitted: {} as ProviderAlarm | ProviderFact,
	},
	delays: {
		/** One that was picked up waits for what is left. */
		cooldown: ({ context, event }) => {
			const started = startedWith(event);
			return started === undefined ? context.waitMs : timerDelay(context.timerAt - started.now);
		},
	},
	guards: {
		/** Of an actor that is picked up. */
		wasIn: ({ context, event }, { state }: { state: ProviderStateName }) => {
			const memory = startedWith(event)?.memory;
			return memory !== undefined && stateOf(context, memory.state) === state;
		},
		modelIsUnavailable: ({ context, event }) => {
			const { model, now } = only(event, 'permit.requested');
			return unavailableUntil(context, model) > now;
		},
		isFull: ({ context, event }) => isFull(context, only(event, 'permit.requested')),
		/** The clock can be ahead of the timer: a laptop slept, or the timer is due in this very tick. */
		cooldownIsOver: ({ context, event }) => only(event, 'permit.requested').now >= context.until,
		/** Only a guess of our own may be cut short; never a provider's word, a dead key or an empty account. */
		mayProbeEarly: ({ context, event }) => {
			const { early, now } = only(event, 'permit.requested');
			return early && context.reason === 'failures' && context.alarmed.length === 0 && now >= context.named;
		},
		hasProbeLeft: ({ context }) => context.probes.length < context.policy.breaker.probes,
		/** A late result, or one reported twice, is no probe that is out. */
		isProbeResult: ({ context, event }) => isOfProbe(context, event),
		isLastProbeNeeded: ({ context, event }) =>
			isOfProbe(context, event) && context.probeSuccesses + 1 >= context.policy.breaker.successThreshold,
		isProbeOverdue: ({ context, event }) => isProbeOut(context, only(event, 'probe.overdue').id),
		exhaustsQuota: ({ context, event }) =>
			effectOf(context.policy.breaker, only(event, 'attempt.failed').failure) === 'quota',
		namesCooldown: ({ context, event }) => {
			const { failure, now } = only(event, 'attempt.failed');
			return namedCooldown(context.policy, failure, now) !== undefined;
		},
		extendsCooldown: ({ context, event }) => {
			const { failure, now } = only(event, 'attempt.failed');
			return (permanentOrNamed(context, failure, now)?.until ?? 0) > context.until;
		},
		tripsBreaker: ({ context, event }) => {
			const failed = only(event, 'attempt.failed');
			const { breaker } = context.policy;
			if (isLate(context, failed.permit) || !isOneMore(context, failed)) return false;
			const { consecutiveFailures, window } = { ...context, ...counted(context, failed.permit, true, failed.now) };
			return shouldTrip(breaker, consecutiveFailures, window, failed.now);
		},
		/** Several of its models fail, and none has succeeded in between: it is the key, or what is behind it. */
		severalModelsFail: ({ context, event }) =>
			Object.keys(failingWith(context, only(event, 'model.tripped'))).length > 1,
		peerNamesModel: ({ event }) => only(event, 'peer.tripped').model !== undefined,
		/** The longest wait wins. */
		peerWaitsLonger: ({ context, event }) => {
			const { model, until, now } = only(event, 'peer.tripped');
			return model === undefined && until > Math.max(now, context.until);
		},
		peerLacksQuota: ({ context, event }) => {
			const { model, until, now, reason } = only(event, 'peer.tripped');
			return model === undefined && reason === 'quota' && until > Math.max(now, context.until);
		},
		failsProbe: ({ context, event }) => {
			const { permit, failure } = only(event, 'attempt.failed');
			const effect = effectOf(context.policy.breaker, failure);
			return isProbeOut(context, permit.id) && (effect === 'count' || effect === 'cool');
		},
	},
	actions: {
		/** The timers of probes go on from what was left of them. */
		catchUp: enqueueActions(({ context, event, enqueue }) => {
			const started = startedWith(event);
			if (started?.memory === undefined) return;
			const { context: present, facts } = caughtUp(context, started.now);
			enqueue.assign(present);
			for (const fact of facts) enqueue.emit(fact);
			for (const { id, deadline } of present.probes) {
				enqueue.raise({ type: 'probe.overdue', id }, { id, delay: timerDelay(deadline - started.now) });
			}
		}),
		/** Comes before the grant: the permit has the number under which it is counted. */
		countOut: assign(({ context, event }) => takenOn(context, only(event, 'permit.requested'))),
		countBack: assign(({ context, event }) => ('permit' in event ? givenBack(context, event) : {})),
		/** A model's actor has its key asked, whose answer is the request's. */
		grant: sendTo(
			({ context, event }) => context.model?.key ?? only(event, 'permit.requested').replyTo,
			({ context, event, self }) => granted(context, only(event, 'permit.requested'), false, self),
		),
		grantProbe: sendTo(
			({ context, event }) => context.model?.key ?? only(event, 'permit.requested').replyTo,
			({ context, event, self }) => granted(context, only(event, 'permit.requested'), true, self),
		),
		/** A permit that the model's actor has granted already is given back unused. */
		deny: enqueueActions(({ context, event, enqueue }, { state }: { state: ProviderStateName }) => {
			const asked = only(event, 'permit.requested');
			const { now, replyTo, ofModel } = asked;
			if (ofModel !== undefined) {
				const { permit, actor } = ofModel;
				enqueue.sendTo(actor, { type: 'attempt.abandoned', permit, now, tokens: 0, unused: true });
			}
			const reply = denialReply(context, asked, state);
			// What is denied for the ramp is asked all the same: the next one may be granted.
			if (reply.type === 'permit.denied' && reply.reason === 'ramp') {
				enqueue.assign({ ramp: rampAfter(context, now, false) });
			}
			enqueue.sendTo(replyTo, reply);
		}),
		/** Of a model's actor: the key is to know it too, and answers for both. */
		settle: sendTo(
			({ context, event }) => {
				const { permit, replyTo } = only(event, 'attempt.failed');
				return permit.ofKey === undefined ? replyTo : (context.model?.key ?? replyTo);
			},
			({ context, event }): ProviderReply | ProviderEvent => {
				const failed = only(event, 'attempt.failed');
				const { permit, now, modelRetryAt = now } = failed;
				const { model } = permit;
				const openAt = Math.max(context.until, unavailableUntil(context, model), limitedUntil(context, 0, now));
				const retryAt = Math.max(openAt, modelRetryAt);
				const counted = isOneMore(context, failed) ? [...failed.counted, context.id] : failed.counted;
				if (permit.ofKey === undefined) return { type: 'attempt.settled', retryAt, counted };
				return { ...withoutTold(failed), permit: permit.ofKey, counted, modelRetryAt: retryAt };
			},
		),
		/** Of a model's actor: a result that is not answered goes on to its key. */
		passOn: enqueueActions(({ context, event, enqueue }) => {
			const key = context.model?.key;
			if (key === undefined) return;
			if (event.type === 'probe.answering') enqueue.sendTo(key, event);
			else if (event.type === 'failure.withdrawn') {
				const { failed, now } = event;
				const permit = failed.permit.ofKey;
				if (permit !== undefined)
					enqueue.sendTo(key, { type: 'failure.withdrawn', failed: { ...failed, permit }, now });
			} else if ('permit' in event && event.permit.ofKey !== undefined) {
				enqueue.sendTo(key, { ...withoutTold(event), permit: event.permit.ofKey });
			}
		}),
		/** Of a model's actor that has opened for failures; comes before `settle`, whose answer counts the key's trip in. */
		tellKey: enqueueActions(({ context: { model, until, since: openedAt, failingSince: since }, event, enqueue }) => {
			if (model === undefined) return;
			const { now, random } = 'random' in event ? event : { now: openedAt, random: 0 };
			enqueue.sendTo(model.key, { type: 'model.tripped', model: model.name, since, until, now, random });
		}),
		noteFailingModel: assign(({ context, event }) => ({
			failingModels: failingWith(context, only(event, 'model.tripped')),
		})),
		openForModels: assign(({ context, event }) => {
			const last = only(event, 'model.tripped');
			const { now, random } = last;
			const until = now + cooldown(context.policy.breaker, context.reopenings, random);
			return { ...tripped(context, 'failures', until, now), failingModels: failingWith(context, last) };
		}),
		withdrawFailure: assign(({ context, event }) => withdrawn(context, only(event, 'failure.withdrawn').failed)),
		sendProbe: assign(({ context, event }) => {
			const { id, now } = only(event, 'permit.requested');
			const deadline = now + timerDelay(context.policy.breaker.probeDeadline);
			return { probes: [...context.probes, { id, deadline }] };
		}),
		watchProbe: enqueueActions(({ context, event, enqueue }) => {
			const { id } = only(event, 'permit.requested');
			const delay = timerDelay(context.policy.breaker.probeDeadline);
			enqueue.raise({ type: 'probe.overdue', id }, { id, delay });
		}),
		/** A timer outlives its probe otherwise, and early probes of a dead provider are as many as the requests. */
		unwatchProbes: enqueueActions(({ context, enqueue }) => {
			for (const { id } of context.probes) enqueue.cancel(id);
		}),
		returnProbe: enqueueActions(({ context, event, enqueue }) => {
			const id = attemptIn(event);
			if (id === undefined || !('now' in event) || !isProbeOut(context, id)) return;
			enqueue.cancel(id);
			enqueue.assign({ probes: context.probes.filter((probe) => probe.id !== id) });
			enqueue.emit({ type: 'probe.returned', provider: context.id, at: event.now, id });
		}),
		countProbeSuccess: assign(({ context }) => ({ probeSuccesses: context.probeSuccesses + 1 })),
		countSuccess: assign(({ context, event }) => {
			const succeeded = only(event, 'attempt.succeeded');
			const back = givenBack(context, succeeded);
			const result = counted(context, succeeded.permit, false, succeeded.now);
			if (isLate(context, succeeded.permit)) return { ...back, ...result };
			const { failingModels } = unhurt;
			return { ...back, reopenings: 0, failingModels, succeededAt: succeeded.now, ...result };
		}),
		learn: enqueueActions(({ context, event, enqueue }) => {
			const failed = only(event, 'attempt.failed');
			const lesson = learnt(context, failed);
			enqueue.assign(lesson);
			for (const fact of modelFacts(context, lesson, failed.now, false)) enqueue.emit(fact);
		}),
		openForFailures: assign(({ context, event }) => {
			const { now, random } = only(event, 'attempt.failed');
			return tripped(context, 'failures', now + cooldown(context.policy.breaker, context.reopenings, random), now);
		}),
		openForOverdueProbe: assign(({ context, event }) =>
			trippedByOverdueProbe(context, only(event, 'probe.overdue').id),
		),
		openAsNamed: assign(({ context, event }) => {
			const { failure, now } = only(event, 'attempt.failed');
			const named = permanentOrNamed(context, failure, now);
			return named === undefined ? {} : tripped(context, named.reason, named.until, now);
		}),
		countReopening: assign(({ context }) => ({ reopenings: context.reopenings + 1 })),
		openForPeer: assign(({ context, event }) => {
			const { until, reason, now } = only(event, 'peer.tripped');
			return tripped(context, reason, until, now);
		}),
		notePeer: assign(({ context, event }) => heard(context, only(event, 'peer.tripped'))),
		notePeersModel: enqueueActions(({ context, event, enqueue }) => {
			const { model = '', until, now } = only(event, 'peer.tripped');
			const lesson = withUnavailable(context, model, until, now);
			enqueue.assign(lesson);
			for (const fact of modelFacts(context, lesson, now, true)) enqueue.emit(fact);
		}),
		enterHalfOpen: assign(({ context, event }) => halfOpened('now' in event ? event.now : context.timerAt)),
		/** Until an answer is whole, another opening follows on the last one: a provider that only ever begins backs off too. */
		recover: assign(({ context, event }) => ({
			since: 'now' in event ? event.now : context.since,
			...(context.policy.breaker.ramp !== 'off' && 'now' in event && { ramp: { since: event.now, credit: 0 } }),
			until: 0,
			reason: undefined,
			consecutiveFailures: 0,
			window: emptyWindow,
			reopenings: event.type === 'probe.answering' ? context.reopenings + 1 : 0,
			probes: [],
			failingModels: unhurt.failingModels,
			succeededAt: 'now' in event ? event.now : context.succeededAt,
		})),
		openForOperator: assign(({ context, event }) => {
			const { now, forMs } = only(event, 'operator.tripped');
			return takenOut(context, forMs, now);
		}),
		/** The epoch ends too: failures on their way when a person decided count for nothing; only what they name does. */
		startAfresh: assign(({ context, event }) => ({
			...unhurt,
			...(context.rate && { rate: withoutWords(context.rate) }),
			...(context.ramp && { ramp: undefined }),
			epoch: context.epoch + 1,
			// Only a closed one has no reason not to be.
			since: context.reason === undefined ? context.since : only(event, 'operator.reset').now,
		})),
		tellTrip: enqueueActions(({ context, event, enqueue }, { state }: { state: 'open' | 'quota-cooldown' }) => {
			const at = 'now' in event ? event.now : context.since;
			const fact = tripFact(context, state, at, event.type === 'peer.tripped');
			if (fact !== undefined) enqueue.emit(fact);
		}),
		tellHalfOpen: emit(({ context }) => cooldownEndedFact(context)),
		tellRecovery: emit(({ context }): ProviderFact => {
			return { type: 'provider.recovered', provider: context.id, at: context.since };
		}),
		tellReset: emit(({ context, event }): ProviderFact => {
			return { type: 'provider.reset', provider: context.id, at: only(event, 'operator.reset').now };
		}),
		tellProbe: emit(({ context, event }): ProviderFact => {
			const { id, model, now } = only(event, 'permit.requested');
			const until = context.probes.find((probe) => probe.id === id)?.deadline ?? now;
			return { type: 'probe.leased', provider: context.id, at: now, id, model, until };
		}),
		/** Comes before the trip, so that an incident that is already known is not raised again. */
		alarm: enqueueActions(({ context, event, enqueue }) => {
			const alarm = newAlarm(context, only(event, 'attempt.failed'));
			if (alarm === undefined) return;
			enqueue.emit(alarm);
			if (alarm.alarm !== 'model') enqueue.assign({ alarmed: [...context.alarmed, alarm.alarm] });
		}),
	},
});
