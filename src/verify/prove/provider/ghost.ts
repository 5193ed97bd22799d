import { LONGEST_TIMER_MS } from '../../../../machines/backoff.ts';
import type {
	CountedFailure,
	DenialReason,
	PeerEvent,
	PermitResult,
	ProviderAlarm,
	ProviderEvent,
	ProviderStateName,
} from '../../../../machines/events.ts';
import type { Failure } from '../../../../machines/failure.ts';
import type { Effect, Policy, RetryBudget } from '../../../../machines/policy.ts';
import type { RateLimits } from '../../../../machines/provider/rate-window.ts';
import { cooldownUnder, effectUnder, isCounted, namedWait } from './meaning.ts';

/**
 * What a provider actor has to be, told by the events and the policy alone. It shares nothing with the machine, neither
 * its context nor its helpers: what is wrong there must not be wrong here too.
 */
export interface Ghost {
	readonly state: ProviderStateName;
	/** When it came to be in this state, or when its cooldown was set last other than by a trip of one tripped; ms since the epoch. */
	readonly since: number;
	/** When the cooldown ends, ms since the epoch; 0 outside a cooldown. */
	readonly deadline: number;
	/** What the deadline is for. */
	readonly reason: DenialReason | undefined;
	/** When the cooldown's timer is due: no timer runs longer than 24 days. */
	readonly timerAt: number;
	/** The latest time that a failure has named for this cooldown, or that an operator's trip found; ms since the epoch, or 0. */
	readonly notBefore: number;
	/** Cooldowns that have begun: a permit from before the last of them is late. */
	readonly trips: number;
	readonly failuresInARow: number;
	/** When something last succeeded that was not late, ms since the epoch, or 0. */
	readonly succeededAt: number;
	/** Results of the window, by when their tenth of the window began. */
	readonly results: readonly Tenth[];
	/** Openings in a row without a whole answer in between, but for the first. */
	readonly reopenings: number;
	readonly probes: readonly { readonly id: string; readonly deadline: number }[];
	readonly probeSuccesses: number;
	/** What a person has been called for since the last probe. */
	readonly alarmed: readonly ('auth' | 'quota')[];
	readonly unavailable: Readonly<Record<string, number>>;
	/** Models of this key that have opened, each until its time, since one of them succeeded. */
	readonly failingModels: Readonly<Record<string, number>>;
	readonly refusesPrefill: readonly string[];
	/** The last failure of any attempt; no state and no operator makes it forgotten. */
	readonly lastFailure: { readonly failure: Failure; readonly model: string; readonly at: number } | undefined;
	/** The permits that are out: granted, and not named by any result since. */
	readonly permits: readonly { readonly id: string; readonly model: string; readonly tokens: number }[];
	/** What those that came back have used, tokens. */
	readonly used: number;
	/** What was granted in the last minute or so, where that is limited. */
	readonly grants: readonly Granted[];
	/** When it last recovered, and what of the growing share of requests is not granted yet; undefined without a ramp. */
	readonly ramp: { readonly since: number; readonly credit: number } | undefined;
	/** Until when the provider has said that nothing is left of its limits, ms since the epoch. */
	readonly nothingLeftUntil: number;
}

interface Granted {
	readonly id: string;
	readonly at: number;
	/** Used, or else reserved. */
	readonly tokens: number;
	readonly isRetry: boolean;
}

/** What a provider actor may grant. */
export interface Limits {
	/** How many permits may be out at once. */
	readonly concurrent: number;
	/** What may be granted in any minute; absent: whatever is asked. */
	readonly rates?: RateLimits | undefined;
	/** How many retries it may grant in any minute; absent: whatever is asked. */
	readonly budget?: RetryBudget | undefined;
}

const MINUTE_MS = 60_000;

/** What was granted this long ago has left, with the last of its second, ms. */
const LONGEST_KEPT_MS = MINUTE_MS + 1_000;

interface Tenth {
	readonly from: number;
	readonly total: number;
	readonly failed: number;
}

/** What must come of an event. */
export interface Expectation {
	readonly ghost: Ghost;
	/** What must be answered: a grant, or the first time at which one is possible. */
	readonly reply?:
		| { granted: true; probe: boolean }
		| { granted: false; retryAt: number; reason: DenialReason | undefined }
		/** Whether the request has had its one failure here. */
		| { settled: number; counted: boolean };
	readonly alarm?: ProviderAlarm['alarm'];
}

/** What happened, as far as it decides anything. */
export type ProviderObservation = Exclude<ProviderEvent, { type: 'probe.overdue' }> | { type: 'timer'; probe?: string };

export const unhurtGhost: Ghost = {
	state: 'closed',
	since: 0,
	deadline: 0,
	reason: undefined,
	timerAt: 0,
	notBefore: 0,
	trips: 0,
	failuresInARow: 0,
	succeededAt: 0,
	results: [],
	reopenings: 0,
	probes: [],
	probeSuccesses: 0,
	alarmed: [],
	unavailable: {},
	failingModels: {},
	refusesPrefill: [],
	lastFailure: undefined,
	permits: [],
	used: 0,
	grants: [],
	nothingLeftUntil: 0,
	ramp: undefined,
};

/**
 * @param isLate the permit that is settled is from before the last trip
 */
export function expect(
	policy: Policy,
	before: Ghost,
	event: ProviderObservation,
	now: number,
	isLate: boolean,
	limits: Limits,
): Expectation {
	const wanted = expectVerdict(policy, before, event, now, isLate);
	const expected =
		event.type === 'permit.requested' ? withinLimits(policy, before, wanted, event, now, limits) : wanted;
	const permits = permitsAfter(before, event, expected, limits);
	const after = permits === undefined ? expected : { ...expected, ghost: { ...expected.ghost, ...permits } };
	const { reply, ghost } = after;
	if (reply === undefined || !('settled' in reply)) return after;
	return { ...after, reply: { ...reply, settled: Math.max(reply.settled, roomAt(ghost, limits, 0, now)) } };
}

/** What has no room is denied, and nothing else comes of the question; what is denied anyway waits for its room too. */
function withinLimits(
	policy: Policy,
	before: Ghost,
	wanted: Expectation,
	{ tokens, isRetry }: Extract<ProviderEvent, { type: 'permit.requested' }>,
	now: number,
	limits: Limits,
): Expectation {
	const { ghost, reply } = wanted;
	if (reply === undefined || !('granted' in reply)) return wanted;
	const at = roomAt(before, limits, tokens, now);
	if (at === Number.POSITIVE_INFINITY) {
		return { ghost: before, reply: { granted: false, retryAt: at, reason: 'beyond-limit' } };
	}
	if (!reply.granted) return { ghost, reply: { ...reply, retryAt: Math.max(reply.retryAt, at) } };
	const hasRoom = before.permits.length < limits.concurrent && at === now;
	if (hasRoom && !(isRetry === true && isBeyondBudget(before, limits, now)))
		return withinRamp(policy, before, wanted, now);
	const { deadline, reason } = before;
	// What was asked ahead of time, and is not given, may still be asked at its time.
	const isEarly = deadline > now;
	return {
		ghost: before,
		reply: {
			granted: false,
			retryAt: Math.max(deadline, at),
			reason: isEarly ? reason : hasRoom ? 'retry-budget' : 'limit',
		},
	};
}

/** Whether it is one more than the share that a ramp grants at this moment, and the share that is left by then. */
export function rampAt({ breaker }: Policy, { state, ramp, permits }: Ghost, now: number) {
	const lasts = breaker.ramp === 'off' ? 0 : breaker.ramp;
	if (state !== 'closed' || ramp === undefined || now >= ramp.since + lasts) return undefined;
	const credit = ramp.credit + (now - ramp.since) / lasts;
	return { credit, isBeyond: credit < 1 && permits.length > 0, opensAt: ramp.since + Math.ceil(lasts * (1 - credit)) };
}

function withinRamp(policy: Policy, before: Ghost, wanted: Expectation, now: number): Expectation {
	const ramp = rampAt(policy, before, now);
	if (before.ramp === undefined || ramp === undefined)
		return { ...wanted, ghost: { ...wanted.ghost, ramp: undefined } };
	const { credit, isBeyond, opensAt } = ramp;
	const { since } = before.ramp;
	if (!isBeyond) return { ...wanted, ghost: { ...wanted.ghost, ramp: { since, credit: Math.max(0, credit - 1) } } };
	const reply = { granted: false, retryAt: Math.max(now, opensAt), reason: 'ramp' } as const;
	return { ghost: { ...before, ramp: { since, credit } }, reply };
}

/**
 * When one more request has room among what was granted: what was granted in one second of the clock leaves together, a
 * minute after the last of it. What the provider has said holds beside that. ms since the epoch, `now` where it has room, infinity where it never does.
 */
export function roomAt(
	{ grants, nothingLeftUntil }: Pick<Ghost, 'grants' | 'nothingLeftUntil'>,
	{ rates = {} }: Limits,
	tokens: number,
	now: number,
): number {
	const { requestsPerMinute = Number.POSITIVE_INFINITY, tokensPerMinute = Number.POSITIVE_INFINITY } = rates;
	if (tokens > tokensPerMinute) return Number.POSITIVE_INFINITY;
	const leaving = leavingTogether(grants);
	const times = [now, ...leaving.map(({ leavesAt }) => leavesAt).filter((at) => at > now)].sort((a, b) => a - b);
	const first = times.find((time) => {
		const left = leaving.filter(({ leavesAt }) => leavesAt > time);
		const used = left.reduce((sum, grant) => sum + grant.tokens, 0);
		return left.length + 1 <= requestsPerMinute && used + tokens <= tokensPerMinute;
	});
	return Math.max(first ?? now, nothingLeftUntil);
}

function leavingTogether(grants: readonly Granted[]): (Granted & { readonly leavesAt: number })[] {
	return grants.map((grant) => {
		const together = grants.filter(({ at }) => Math.floor(at / 1000) === Math.floor(grant.at / 1000));
		return { ...grant, leavesAt: Math.max(...together.map(({ at }) => at)) + MINUTE_MS };
	});
}

/** Would one more retry be more than the floor and the share of the other attempts of the last minute? */
export function isBeyondBudget({ grants }: Pick<Ghost, 'grants'>, { budget }: Limits, now: number): boolean {
	if (budget === undefined) return false;
	const countOf = (ofRetries: boolean) => {
		const leaving = leavingTogether(grants.filter(({ isRetry }) => isRetry === ofRetries));
		return leaving.filter(({ leavesAt }) => leavesAt > now).length;
	};
	return countOf(true) + 1 > budget.floor + budget.share * countOf(false);
}

function toldNothingUntil(event: PermitResult): number {
	if (event.type === 'attempt.abandoned') return 0;
	const words = [event.told?.requests, event.told?.tokens].filter((word) => word?.left === 0);
	return Math.max(0, ...words.map((word) => word?.until ?? 0));
}

/** Permits come and go whatever becomes of the provider; undefined where none does. */
function permitsAfter(
	{ permits, used, grants, nothingLeftUntil }: Ghost,
	event: ProviderObservation,
	{ reply }: Expectation,
	{ rates }: Limits,
): Pick<Ghost, 'permits' | 'used' | 'grants' | 'nothingLeftUntil'> | undefined {
	if (event.type === 'permit.requested') {
		const { id, model, tokens, now, isRetry = false } = event;
		const isGranted = reply !== undefined && 'granted' in reply && reply.granted;
		if (!isGranted) return undefined;
		const recent =
			rates === undefined
				? []
				: [...grants.filter(({ at }) => at + LONGEST_KEPT_MS > now), { id, at: now, tokens, isRetry }];
		return { permits: [...permits, { id, model, tokens }], used, grants: recent, nothingLeftUntil };
	}
	const back = 'permit' in event ? permits.find(({ id }) => id === event.permit.id) : undefined;
	if (back === undefined || !('permit' in event)) return undefined;
	const untold = event.type === 'attempt.failed' ? 0 : back.tokens;
	const tokens = event.tokens ?? untold;
	const isUnused = event.type === 'attempt.abandoned' && event.unused === true;
	const settled = grants.map((grant) => (grant.id === back.id ? { ...grant, tokens } : grant));
	return {
		permits: permits.filter((permit) => permit !== back),
		used: used + tokens,
		grants: isUnused ? grants.filter(({ id }) => id !== back.id) : settled,
		nothingLeftUntil: Math.max(nothingLeftUntil, toldNothingUntil(event)),
	};
}

function expectVerdict(
	policy: Policy,
	ghost: Ghost,
	event: ProviderObservation,
	now: number,
	isLate: boolean,
): Expectation {
	switch (event.type) {
		case 'permit.requested':
			return afterAsking(policy, ghost, event, now);
		case 'attempt.succeeded':
			return { ghost: afterSuccess(policy, ghost, event.permit.id, now, isLate) };
		case 'probe.answering':
			return { ghost: isOut(ghost, event.id) ? afterProbe(policy, ghost, event.id, now, false) : ghost };
		case 'attempt.abandoned':
			return { ghost: withoutProbe(ghost, event.permit.id) };
		case 'attempt.failed':
			return afterFailure(policy, ghost, event, isLate);
		case 'timer':
			return { ghost: afterTimer(policy, ghost, event.probe) };
		case 'failure.withdrawn':
			return { ghost: isLate ? ghost : afterWithdrawal(policy, ghost, event.failed) };
		case 'model.tripped':
			return { ghost: afterModel(policy, ghost, event) };
		case 'peer.tripped':
			return { ghost: afterPeer(ghost, event) };
		case 'operator.tripped': {
			const isTheirs = ghost.reason === 'operator';
			const notBefore = isTheirs ? ghost.notBefore : ghost.deadline;
			const bare: Ghost = { ...ghost, state: 'open', deadline: notBefore, notBefore };
			const held = cooling(bare, now + event.forMs, now, 'operator');
			return { ghost: { ...held, reason: 'operator', since: isTheirs ? ghost.since : now } };
		}
		case 'operator.reset': {
			const since = ghost.state === 'closed' ? ghost.since : event.now;
			return { ghost: { ...healed(ghost, since), trips: ghost.trips + 1, nothingLeftUntil: 0 } };
		}
		case 'operator.probed':
			return { ghost: isCooling(ghost) ? probing(ghost, event.now) : ghost };
	}
}

export function isCooling({ state }: Ghost): boolean {
	return state === 'open' || state === 'quota-cooldown';
}

export function isOut(ghost: Ghost, permitId: string): boolean {
	return ghost.probes.some(({ id }) => id === permitId);
}

/**
 * Is the rest of the cooldown a guess of ours, that an early probe may cut short? Not while a time that a failure named
 * is to come, nor while a person is called for, nor when an operator said so.
 */
export function isGuess({ state, reason, alarmed, notBefore }: Ghost, now: number): boolean {
	return state === 'open' && reason === 'failures' && alarmed.length === 0 && now >= notBefore;
}

/** The models that are unavailable still, and for how long, ms; in the order of their names, whichever came first. */
export function leftAside(unavailable: Readonly<Record<string, number>>, now: number): string {
	let left = '';
	for (const model of Object.keys(unavailable).sort()) {
		const ms = (unavailable[model] ?? 0) - now;
		if (ms > 0) left += `${model}${ms}`;
	}
	return left;
}

type AttemptFailed = Extract<ProviderEvent, { type: 'attempt.failed' }>;
type ModelTripped = Extract<ProviderEvent, { type: 'model.tripped' }>;

function afterAsking(
	{ breaker }: Policy,
	ghost: Ghost,
	{ id, model, early }: Extract<ProviderEvent, { type: 'permit.requested' }>,
	now: number,
): Expectation {
	const { state, deadline, probes } = ghost;
	const unavailable = ghost.unavailable[model] ?? 0;
	const reason = unavailable > now ? 'model' : ghost.reason;
	const denied = { granted: false, retryAt: Math.max(deadline, unavailable, now), reason } as const;
	if (unavailable > now) return { ghost, reply: denied };
	if (state === 'closed') return { ghost, reply: { granted: true, probe: false } };
	const probe = { id, deadline: now + Math.min(breaker.probeDeadline, LONGEST_TIMER_MS) };
	const reply = { granted: true, probe: true } as const;
	if (state === 'half-open') {
		if (probes.length >= breaker.probes) return { ghost, reply: denied };
		return { ghost: { ...ghost, probes: [...probes, probe] }, reply };
	}
	if (now < deadline && !(early && isGuess(ghost, now))) return { ghost, reply: denied };
	return { ghost: { ...probing(ghost, now), probes: [probe] }, reply };
}

function afterSuccess(policy: Policy, ghost: Ghost, permitId: string, now: number, isLate: boolean): Ghost {
	if (ghost.state === 'closed')
		return isLate
			? ghost
			: { ...withResult(policy, ghost, false, now), reopenings: 0, failingModels: {}, succeededAt: now };
	if (ghost.state !== 'half-open' || !isOut(ghost, permitId)) return ghost;
	return afterProbe(policy, ghost, permitId, now, true);
}

/** A probe that is out has shown that the provider is alive; only a whole answer makes its cooldowns begin anew. */
function afterProbe(policy: Policy, ghost: Ghost, permitId: string, now: number, isWhole: boolean): Ghost {
	const probeSuccesses = ghost.probeSuccesses + 1;
	if (probeSuccesses < policy.breaker.successThreshold) {
		return { ...withoutProbe(ghost, permitId), probeSuccesses };
	}
	const { alarmed, unavailable } = ghost;
	const reopenings = isWhole ? 0 : ghost.reopenings + 1;
	const ramp = policy.breaker.ramp === 'off' ? undefined : { since: now, credit: 0 };
	return { ...healed(ghost, now), succeededAt: now, alarmed, unavailable, reopenings, ramp };
}

/** Nothing is held against it any more. */
function healed({ trips, succeededAt, refusesPrefill, lastFailure, ...out }: Ghost, now: number): Ghost {
	const { permits, used, grants, nothingLeftUntil } = out;
	const known = { refusesPrefill, lastFailure, permits, used, grants, nothingLeftUntil };
	return { ...unhurtGhost, since: now, trips, succeededAt, ...known };
}

function afterFailure(policy: Policy, before: Ghost, event: AttemptFailed, isLate: boolean): Expectation {
	const { failure, permit, now, lastTry } = event;
	const effect = effectUnder(policy, failure);
	const alarm = alarmFor(before, effect, permit.model, lastTry, now);
	const noted = noting(policy, before, event, alarm);
	const ghost = afterVerdict(policy, noted, event, effect, isLate);
	const settled = Math.max(ghost.deadline, ghost.unavailable[permit.model] ?? 0, now);
	const reply = { settled, counted: event.counted.length > 0 || isCounted(policy, failure) };
	return alarm === undefined ? { ghost, reply } : { ghost, reply, alarm };
}

function alarmFor(ghost: Ghost, effect: Effect, model: string, lastTry: boolean, now: number) {
	if (effect === 'model') return lastTry && (ghost.unavailable[model] ?? 0) <= now ? effect : undefined;
	if (effect !== 'auth' && effect !== 'quota') return undefined;
	return ghost.alarmed.includes(effect) ? undefined : effect;
}

/** What a failure tells whatever state the provider is in. */
function noting(policy: Policy, ghost: Ghost, event: AttemptFailed, alarm: ProviderAlarm['alarm'] | undefined): Ghost {
	const { failure, permit, now, lastTry } = event;
	const { model } = permit;
	const isRefusal = failure.category === 'BAD_REQUEST' && failure.reason === 'prefill';
	const refused = isRefusal && !ghost.refusesPrefill.includes(model);
	const refusesPrefill = refused ? [...ghost.refusesPrefill, model] : ghost.refusesPrefill;
	const alarmed = alarm === undefined || alarm === 'model' ? ghost.alarmed : [...ghost.alarmed, alarm];
	const noted = { ...ghost, refusesPrefill, alarmed, lastFailure: { failure, model, at: now } };
	if (effectUnder(policy, failure) !== 'model' || !lastTry) return noted;
	const until = now + (failure.retryAfterMs ?? policy.breaker.modelCooldown);
	const unavailable = { ...ghost.unavailable, [model]: Math.max(until, ghost.unavailable[model] ?? 0) };
	return { ...noted, unavailable };
}

function afterVerdict(policy: Policy, ghost: Ghost, event: AttemptFailed, effect: Effect, isLate: boolean): Ghost {
	const { failure, permit, now, random } = event;
	const hasCounted = event.counted.length > 0;
	const named = namedWait(policy, failure);
	if (named !== undefined) {
		const state = effect === 'quota' || ghost.state === 'quota-cooldown' ? 'quota-cooldown' : 'open';
		const reason = effect === 'quota' || effect === 'auth' ? effect : 'hint';
		const isLonger = !isCooling(ghost) || state !== ghost.state || now + named > ghost.deadline;
		const cooled = isLonger ? cooling({ ...ghost, state }, now + named, now, reason) : ghost;
		return { ...cooled, notBefore: Math.max(cooled.notBefore, now + named) };
	}
	if (ghost.state === 'closed' && !isLate && !hasCounted && isCounted(policy, failure)) {
		const counted = withResult(policy, ghost, true, now);
		if (!mustOpen(policy, counted, now)) return counted;
		return cooling(
			{ ...counted, state: 'open' },
			now + cooldownUnder(policy, counted.reopenings, random),
			now,
			'failures',
		);
	}
	if (ghost.state !== 'half-open' || !isOut(ghost, permit.id)) return ghost;
	if (effect === 'count' || effect === 'cool') return reopened(policy, ghost, now, random);
	return withoutProbe(ghost, permit.id);
}

/** One failure fewer, in a row and in its tenth of the window, while it is closed. */
function afterWithdrawal(policy: Policy, ghost: Ghost, { failure, at }: CountedFailure): Ghost {
	if (ghost.state !== 'closed' || !isCounted(policy, failure)) return ghost;
	const its = ghost.results.filter(({ from }) => from <= at).at(-1);
	const results = ghost.results.map((tenth) =>
		tenth === its && tenth.failed > 0 ? { ...tenth, total: tenth.total - 1, failed: tenth.failed - 1 } : tenth,
	);
	return { ...ghost, results, failuresInARow: Math.max(0, ghost.failuresInARow - 1) };
}

/** One failing model is its own trouble; two, with no success of any since they began to fail, are the key's. */
function afterModel(policy: Policy, ghost: Ghost, { model, since, until, now, random }: ModelTripped): Ghost {
	if (isCooling(ghost)) return ghost;
	if (since < ghost.succeededAt) return ghost;
	const failing = Object.entries(ghost.failingModels).filter(([, end]) => end > now);
	const failingModels = { ...Object.fromEntries(failing), [model]: until };
	if (Object.keys(failingModels).length < 2) return { ...ghost, failingModels };
	if (ghost.state === 'half-open') return reopened(policy, { ...ghost, failingModels }, now, random);
	const lasts = cooldownUnder(policy, ghost.reopenings, random);
	return cooling({ ...ghost, failingModels, state: 'open' }, now + lasts, now, 'failures');
}

/** The longest wait wins; what else a peer says is kept in mind for as long as it is to come. */
function afterPeer(ghost: Ghost, { now, until, reason, model }: PeerEvent): Ghost {
	if (until <= now) return ghost;
	if (model !== undefined) {
		return { ...ghost, unavailable: { ...ghost.unavailable, [model]: Math.max(until, ghost.unavailable[model] ?? 0) } };
	}
	const isPermanent = (reason === 'auth' || reason === 'quota') && !ghost.alarmed.includes(reason);
	const alarmed = isPermanent ? [...ghost.alarmed, reason] : ghost.alarmed;
	const named = reason === 'failures' ? 0 : reason === 'operator' ? ghost.deadline : until;
	const noted = { ...ghost, alarmed, notBefore: Math.max(ghost.notBefore, named) };
	if (until <= ghost.deadline) return noted;
	const state = reason === 'quota' || ghost.state === 'quota-cooldown' ? 'quota-cooldown' : 'open';
	return cooling({ ...noted, state }, until, now, reason);
}

function afterTimer(policy: Policy, ghost: Ghost, probe: string | undefined): Ghost {
	if (probe === undefined) return isCooling(ghost) ? probing(ghost, ghost.timerAt) : ghost;
	const overdue = ghost.probes.find(({ id }) => id === probe);
	return overdue === undefined ? ghost : reopened(policy, ghost, overdue.deadline, 0);
}

function reopened(policy: Policy, ghost: Ghost, now: number, random: number): Ghost {
	const reopenings = ghost.reopenings + 1;
	return cooling(
		{ ...ghost, state: 'open', reopenings },
		now + cooldownUnder(policy, reopenings, random),
		now,
		'failures',
	);
}

function cooling(ghost: Ghost, until: number, now: number, because: DenialReason): Ghost {
	const deadline = Math.max(until, ghost.deadline);
	const timerAt = Math.min(deadline, now + LONGEST_TIMER_MS);
	const reason = deadline > until ? ghost.reason : because;
	const trips = ghost.trips + 1;
	return { ...ghost, since: now, deadline, reason, timerAt, trips, probes: [], probeSuccesses: 0, ramp: undefined };
}

function probing(ghost: Ghost, now: number): Ghost {
	return {
		...ghost,
		state: 'half-open',
		since: now,
		deadline: 0,
		reason: 'probing',
		timerAt: 0,
		notBefore: 0,
		probes: [],
		probeSuccesses: 0,
		alarmed: [],
		failingModels: {},
	};
}

function withoutProbe(ghost: Ghost, permitId: string): Ghost {
	if (!isOut(ghost, permitId)) return ghost;
	return { ...ghost, probes: ghost.probes.filter(({ id }) => id !== permitId) };
}

function withResult({ breaker }: Policy, ghost: Ghost, isFailure: boolean, now: number): Ghost {
	const tenthMs = breaker.window / 10;
	const last = ghost.results.at(-1);
	const from = Math.max(Math.floor(now / tenthMs) * tenthMs, last?.from ?? 0);
	const same = last?.from === from ? last : { from, total: 0, failed: 0 };
	const older = ghost.results.filter((tenth) => tenth.from < from && tenth.from > now - breaker.window);
	const failed = same.failed + (isFailure ? 1 : 0);
	const results = [...older, { from, total: same.total + 1, failed }];
	return { ...ghost, results, failuresInARow: isFailure ? ghost.failuresInARow + 1 : 0 };
}

function mustOpen({ breaker }: Policy, { failuresInARow, results }: Ghost, now: number): boolean {
	if (failuresInARow >= breaker.failureThreshold) return true;
	const recent = results.filter(({ from }) => from > now - breaker.window);
	const total = recent.reduce((sum, tenth) => sum + tenth.total, 0);
	const failed = recent.reduce((sum, tenth) => sum + tenth.failed, 0);
	return total >= breaker.minimumVolume && failed / total >= breaker.failureRate;
}
