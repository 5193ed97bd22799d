import type {
	CountedFailure,
	DenialReason,
	PeerEvent,
	Permit,
	PermitResult,
	ProviderAlarm,
	ProviderEvent,
	ProviderRef,
	ProviderReply,
	ProviderStateName,
	TripReason,
} from '../events.ts';
import type { Failure } from '../failure.ts';
import type { Policy } from '../policy.ts';
import { emptyWindow, type FailureWindow, withoutFailure, withResult } from './failure-window.ts';
import {
	afterResult,
	emptyLedger,
	type Ledger,
	type OutstandingPermit,
	outstanding,
	type PlainLedger,
	usedBy,
	withPermit,
} from './ledger.ts';
import { creditAt, isRamping, type Ramp, rampOpensAt } from './ramp.ts';
import {
	fitsAt,
	heardRate,
	type Limits,
	markOf,
	type Rate,
	rateOf,
	reserved,
	settledRate,
	type Taken,
} from './rate.ts';
import { type Attempts, allowsRetry, lastSecond, noAttempts, withAttempt, withoutAttempt } from './retry-budget.ts';
import { effectOf, isTransientFailure, modelCooldownUntil, namedCooldown, quotaUntil } from './trip.ts';

export interface ProviderInput {
	/** The provider's name, with `#n` for one of several credentials. */
	id: string;
	policy: Policy;
	/** How many permits may be out at once. Default: any number. */
	concurrent?: number;
	/** What may be granted in any minute. Default: whatever is asked. */
	rates?: Limits;
	/** ms since the epoch. */
	now: number;
	/** It stands for one model of a key; absent where it stands for the key itself. */
	model?: ModelScope;
	/** What an actor that was set down remembers: this one goes on as that one would have, up to `now` and from there. */
	memory?: ProviderMemory;
}

/**
 * The scope of an actor that stands for one model of a key. Where several models of a key are in use each has one, and what
 * a failure says of one model is counted there, so that a broken model takes none of its siblings along. A permit needs both
 * actors: the model's is asked, and asks its key's.
 */
export interface ModelScope {
	readonly name: string;
	/** The actor of the key. */
	readonly key: ProviderRef;
}

export interface ProviderContext {
	/** The provider's name, with `#n` for one of several credentials, and `/model` where it stands for one model. */
	readonly id: string;
	readonly policy: Policy;
	readonly model: ModelScope | undefined;
	/** How many permits may be out at once. */
	readonly concurrent: number;
	/**
	 * Its limits per minute. It is absent where there are none, and so are the two below: XState copies a context member by
	 * member, and a healthy request pays for each.
	 */
	readonly rate?: Rate | undefined;
	/** The attempts of the last minute, where a retry budget is about them. */
	readonly attempts?: Attempts | undefined;
	/** Counts the trips. A result of an attempt from an older epoch is late: it is no verdict on the present. */
	readonly epoch: number;
	/** When the present state was entered, ms since the epoch. */
	readonly since: number;
	/** When `open` or `quota-cooldown` ends, ms since the epoch; 0 in the other states. */
	readonly until: number;
	/** What the timer of `open` or `quota-cooldown` was set to, ms. */
	readonly waitMs: number;
	/** When that timer is due, ms since the epoch; no timer runs for longer than 24 days, so that it can be before `until`. */
	readonly timerAt: number;
	/**
	 * The latest time that a failure has named since it last granted, ms since the epoch; 0 when none has. It can be
	 * sooner than `until`, and is then not the `reason`, but no early probe may come before it either. A deadline that an
	 * operator's trip found counts as named: the next trip may shorten what they said, and no more.
	 */
	readonly named: number;
	/** Why it is not closed. */
	readonly reason: TripReason | 'probing' | undefined;
	/** What a person has been called for since it last granted; `reason` may name a longer wait instead. */
	readonly alarmed: readonly ('auth' | 'quota')[];
	readonly consecutiveFailures: number;
	/** When the first of them was, or of the last row, where that is over; ms since the epoch. */
	readonly failingSince: number;
	/** When something last succeeded, ms since the epoch; 0 when nothing has. */
	readonly succeededAt: number;
	readonly window: FailureWindow;
	/** How often it has opened again, or will have when it opens next, since its last whole answer. */
	readonly reopenings: number;
	/** The probes that are out. */
	readonly probes: readonly { readonly id: string; readonly deadline: number }[];
	readonly probeSuccesses: number;
	/** Unavailable models, and until when, ms since the epoch. */
	readonly unavailable: Readonly<Record<string, number>>;
	/** Of a key: its models that have opened for failures since any of them last succeeded, and until when. */
	readonly failingModels: Readonly<Record<string, number>>;
	/** Models that refused to continue a last message of the assistant. */
	readonly refusesPrefill: readonly string[];
	/** After a recovery, where the policy has a ramp; it is over when its time is. */
	readonly ramp?: Ramp | undefined;
	readonly lastFailure: (Failure & { at: number; model: string }) | undefined;
	/** The permits that are out, in every state. */
	readonly ledger: Ledger;
}

/** A provider actor as plain values, which JSON keeps: all that decides what it does next, but for what it is configured with. */
export interface ProviderMemory
	extends Omit<ProviderContext, 'policy' | 'concurrent' | 'rate' | 'attempts' | 'ledger' | 'model'> {
	readonly state: ProviderStateName;
	readonly ledger: PlainLedger;
	/** What of its limits per minute is taken; absent where nothing was limited. */
	readonly rate?: Taken;
	readonly attempts?: Attempts | undefined;
}

/** What a provider that nothing is held against knows of itself. */
export const unhurt = {
	until: 0,
	named: 0,
	reason: undefined,
	alarmed: [],
	consecutiveFailures: 0,
	window: emptyWindow,
	reopenings: 0,
	probes: [],
	probeSuccesses: 0,
	unavailable: {},
	failingModels: {},
} as const satisfies Partial<ProviderContext>;

/** What a provider actor begins with. */
export function freshContext({ id, policy, model, concurrent, rates, now }: ProviderInput): ProviderContext {
	const rate = rateOf(rates);
	return {
		id,
		policy,
		model,
		concurrent: concurrent ?? Number.POSITIVE_INFINITY,
		epoch: 0,
		since: now,
		waitMs: 0,
		timerAt: 0,
		failingSince: 0,
		succeededAt: 0,
		refusesPrefill: [],
		lastFailure: undefined,
		ledger: emptyLedger,
		...unhurt,
		...(rate && { rate }),
		...(policy.retry.budget !== 'off' && { attempts: noAttempts }),
	};
}

type AttemptFailed = Extract<ProviderEvent, { type: 'attempt.failed' }>;
type ModelTripped = Extract<ProviderEvent, { type: 'model.tripped' }>;
type PermitRequested = Extract<ProviderEvent, { type: 'permit.requested' }>;

/** Granted before the last trip: its result is no verdict on the present. */
export const isLate = (context: ProviderContext, permit: Permit) => permit.epoch !== context.epoch;

/** The counters after a result. A late result leaves them alone. */
export function counted(context: ProviderContext, permit: Permit, failed: boolean, now: number) {
	if (isLate(context, permit)) return {};
	return {
		consecutiveFailures: failed ? context.consecutiveFailures + 1 : 0,
		failingSince: failed && context.consecutiveFailures === 0 ? now : context.failingSince,
		window: withResult(context.window, failed, now, context.policy.breaker.window),
	};
}

/** Is this one failure more in a row and in the window? One request counts once: its retries meet the same trouble. */
export function isOneMore({ id, policy }: ProviderContext, { failure, counted }: AttemptFailed): boolean {
	return !counted.includes(id) && isTransientFailure(policy.breaker, failure);
}

/** The counters without one failure that counted, if the breaker has not opened since: a trip is never taken back. */
export function withdrawn(context: ProviderContext, { permit, failure, at }: CountedFailure) {
	const { policy, consecutiveFailures, window } = context;
	if (isLate(context, permit) || !isTransientFailure(policy.breaker, failure)) return {};
	return { consecutiveFailures: Math.max(0, consecutiveFailures - 1), window: withoutFailure(window, at) };
}

/**
 * The models of a key that fail at this moment, with the one that has just opened. That one is its own trouble where a sibling
 * has succeeded since it began to fail: models that are down beside one that answers must not shut that one out.
 */
export function failingWith(
	{ failingModels, succeededAt }: ProviderContext,
	{ model, since, until, now }: ModelTripped,
): Readonly<Record<string, number>> {
	if (since < succeededAt) return failingModels;
	const failing = Object.entries(failingModels).filter(([, end]) => end > now);
	return { ...Object.fromEntries(failing), [model]: until };
}

export function learnt(context: ProviderContext, event: AttemptFailed): Partial<ProviderContext> {
	const { breaker } = context.policy;
	const { failure, permit, now, lastTry } = event;
	const counters = isOneMore(context, event) ? counted(context, permit, true, now) : {};
	const lastFailure = { ...failure, at: now, model: permit.model };
	const refusesPrefill = withRefusal(context.refusesPrefill, event);
	const named = Math.max(context.named, permanentOrNamed(context, failure, now)?.until ?? 0);
	const isAboutModel = effectOf(breaker, failure) === 'model' && lastTry;
	const modelUntil = isAboutModel ? modelCooldownUntil(breaker, failure, now) : 0;
	const models = withUnavailable(context, permit.model, modelUntil, now);
	return { ...counters, lastFailure, refusesPrefill, named, ...givenBack(context, event), ...models };
}

/** With one more permit out, and what it reserves. */
export function takenOn(context: ProviderContext, asked: PermitRequested): Partial<ProviderContext> {
	const entered = enteredIn(context, asked);
	return context.ramp === undefined ? entered : { ...entered, ramp: rampAfter(context, asked.now, true) };
}

function enteredIn(context: ProviderContext, asked: PermitRequested): Partial<ProviderContext> {
	const { id, model, tokens, now, isRetry = false } = asked;
	if (context.rate === undefined && context.attempts === undefined) {
		return { ledger: withPermit(context.ledger, { id, model, tokens }) };
	}
	const rate = context.rate && reserved(context.rate, tokens, now);
	const attempts = context.attempts && withAttempt(context.attempts, isRetry, now);
	const entry = {
		id,
		model,
		tokens,
		...(rate && { mark: markOf(rate) }),
		...(attempts && { attempt: { isRetry, second: lastSecond(attempts, isRetry) } }),
	};
	return { ledger: withPermit(context.ledger, entry), ...(context.rate && { rate }), ...(attempts && { attempts }) };
}

/** With a permit back, and what it reserved set right. A result that comes twice changes nothing. */
export function givenBack(context: ProviderContext, result: PermitResult): Partial<ProviderContext> {
	const ledger = afterResult(context.ledger, result);
	const told = result.type === 'attempt.abandoned' ? undefined : result.told;
	const isUnused = result.type === 'attempt.abandoned' && result.unused === true;
	if (context.rate === undefined && told === undefined && !isUnused) return { ledger };
	const entry = outstanding(context.ledger, result.permit);
	if (entry === undefined) return { ledger };
	const rate = context.rate && settledRate(context.rate, entry, result, usedBy(result, entry));
	return {
		ledger,
		rate: told === undefined ? rate : heardRate(rate, told, entry.mark, result.now),
		...(isUnused && { attempts: withoutUnused(context, entry) }),
	};
}

function withoutUnused({ attempts }: ProviderContext, { attempt }: OutstandingPermit): Attempts | undefined {
	if (attempts === undefined || attempt === undefined) return attempts;
	return withoutAttempt(attempts, attempt.isRetry, attempt.second);
}

function withRefusal(known: readonly string[], { failure, permit }: AttemptFailed): readonly string[] {
	const isRefusal = failure.category === 'BAD_REQUEST' && failure.reason === 'prefill';
	return isRefusal && !known.includes(permit.model) ? [...known, permit.model] : known;
}

/**
 * The permit that was entered in the ledger last.
 * @param probe whether its result decides on closing
 */
export function newPermit(context: ProviderContext, { id, model, ofModel }: PermitRequested, probe: boolean): Permit {
	const refusesPrefill = context.refusesPrefill.includes(model);
	const own = { id, number: context.ledger.last, model, probe, epoch: context.epoch, refusesPrefill };
	return ofModel === undefined ? own : { ...ofModel.permit, probe: probe || ofModel.permit.probe, ofKey: own };
}

/**
 * What a peer's trip tells beside the wait itself, also when that is no longer than the own one: a person is called
 * already, and no early probe may come before a time that a failure has named. An operator's word can be taken back.
 */
export function heard(context: ProviderContext, { until, reason, now }: PeerEvent): Partial<ProviderContext> {
	if (until <= now || reason === 'failures') return {};
	const named = Math.max(context.named, reason === 'operator' ? context.until : until);
	const isCalled = (reason !== 'auth' && reason !== 'quota') || context.alarmed.includes(reason);
	return isCalled ? { named } : { named, alarmed: [...context.alarmed, reason] };
}

/** @returns nothing when this model is unavailable for as long already */
export function withUnavailable(context: ProviderContext, model: string, until: number, now: number) {
	if (until <= Math.max(now, unavailableUntil(context, model))) return {};
	const stillUnavailable = Object.entries(context.unavailable).filter(([, end]) => end > now);
	return { unavailable: { ...Object.fromEntries(stillUnavailable), [model]: until } };
}

/** The time that the failure itself names, whatever the state: for an empty account, a dead key, or a long wait. */
export function permanentOrNamed(context: ProviderContext, failure: Failure, now: number) {
	const { breaker } = context.policy;
	if (effectOf(breaker, failure) !== 'quota') return namedCooldown(context.policy, failure, now);
	return { until: quotaUntil(breaker, failure, now), reason: 'quota' as const };
}

/** The alarm that a failure raises: a person has to act, and does not know it yet. */
export function newAlarm(context: ProviderContext, event: AttemptFailed): ProviderAlarm | undefined {
	const { failure, permit, now, lastTry } = event;
	const { model } = permit;
	const effect = effectOf(context.policy.breaker, failure);
	if (effect === 'model') {
		const isKnown = !lastTry || unavailableUntil(context, model) > now;
		const until = modelCooldownUntil(context.policy.breaker, failure, now);
		return isKnown ? undefined : { type: 'provider.alarmed', alarm: effect, failure, model, until };
	}
	if (effect !== 'auth' && effect !== 'quota') return undefined;
	if (context.alarmed.includes(effect)) return undefined;
	const until = permanentOrNamed(context, failure, now)?.until ?? now;
	return { type: 'provider.alarmed', alarm: effect, failure, model, until };
}

export function isProbeOut(context: ProviderContext, permitId: string): boolean {
	return context.probes.some(({ id }) => id === permitId);
}

export function unavailableUntil(context: ProviderContext, model: string): number {
	return context.unavailable[model] ?? 0;
}

/** Is there no room for one more? No provider is asked more because it is slow, or because it fails. */
export function isFull(context: ProviderContext, asked: PermitRequested): boolean {
	return isAtLimit(context, asked) || isBeyondRetryBudget(context, asked) || isBeyondRamp(context, asked);
}

/** One may be in flight whatever the share. */
function isBeyondRamp({ ramp, reason, policy, ledger }: ProviderContext, { now }: PermitRequested): boolean {
	const { ramp: rampMs } = policy.breaker;
	if (!isRamping(ramp, rampMs, now) || rampMs === 'off') return false;
	return reason === undefined && ledger.out > 0 && creditAt(ramp, rampMs, now) < 1;
}

/** The ramp after a question: with its share, and without what a grant takes. */
export function rampAfter({ ramp, policy }: ProviderContext, now: number, isGranted: boolean): Ramp | undefined {
	const { ramp: rampMs } = policy.breaker;
	if (!isRamping(ramp, rampMs, now) || rampMs === 'off') return undefined;
	const credit = creditAt(ramp, rampMs, now);
	return { since: ramp.since, credit: isGranted ? Math.max(0, credit - 1) : credit };
}

/** When a question beyond the ramp would be granted, ms since the epoch. */
function rampedUntil({ ramp, policy }: ProviderContext, now: number): number {
	const { ramp: rampMs } = policy.breaker;
	if (ramp === undefined || rampMs === 'off') return now;
	return rampOpensAt(ramp, creditAt(ramp, rampMs, now), rampMs, now);
}

function isAtLimit(context: ProviderContext, { tokens, now }: PermitRequested): boolean {
	return context.ledger.out >= context.concurrent || limitedUntil(context, tokens, now) > now;
}

function isBeyondRetryBudget({ attempts, policy }: ProviderContext, { isRetry, now }: PermitRequested): boolean {
	const { budget } = policy.retry;
	return isRetry === true && attempts !== undefined && budget !== 'off' && !allowsRetry(attempts, budget, now);
}

/** When a request of so many tokens fits into the limits per minute, ms since the epoch; infinity: never. */
export function limitedUntil({ rate }: ProviderContext, tokens: number, now: number): number {
	return rate === undefined ? now : fitsAt(rate, tokens, now);
}

/** Why it grants nothing. A limit is told only where nothing else stands in the way, but for one that no waiting changes. */
function denialReason(context: ProviderContext, asked: PermitRequested): DenialReason {
	const { model, tokens, now } = asked;
	if (limitedUntil(context, tokens, now) === Number.POSITIVE_INFINITY) return 'beyond-limit';
	if (unavailableUntil(context, model) > now) return 'model';
	const { reason, probes, until, policy } = context;
	if (!isFull(context, asked) || until > now) return reason ?? 'failures';
	if (reason === 'probing' && probes.length >= policy.breaker.probes) return reason;
	if (isAtLimit(context, asked)) return 'limit';
	return isBeyondRetryBudget(context, asked) ? 'retry-budget' : 'ramp';
}

export function denialReply(context: ProviderContext, event: PermitRequested, state: ProviderStateName): ProviderReply {
	const { model: asks, tokens, now } = event;
	const retryAt = Math.max(context.until, unavailableUntil(context, asks), limitedUntil(context, tokens, now));
	const reason = denialReason(context, event);
	const { model } = context;
	const openAt = reason === 'ramp' ? Math.max(retryAt, rampedUntil(context, now)) : retryAt;
	return {
		type: 'permit.denied',
		state,
		reason,
		retryAt: openAt,
		...(model === undefined ? {} : { model: model.name }),
	};
}
