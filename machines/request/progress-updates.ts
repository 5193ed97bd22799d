import type { Permit, RequestEvent } from '../events.ts';
import { answerSilent, type Category, type Failure } from '../failure.ts';
import { nextToCarryOn } from './continuation.ts';
import { nextStep, openingToAwait, retryWait, soonestTarget } from './failover.ts';
import {
	currentCandidate,
	type Ending,
	lastFailed,
	leftAnswer,
	type Progress,
	type RequestInput,
	type TraceEntry,
	type Way,
} from './progress.ts';

/** How each event moves a request on. Pure: its progress and what happened in, the next progress out. */

type Event<T extends RequestEvent['type']> = Extract<RequestEvent, { type: T }>;

/** Failures after which a credential is of no more use to the same request, whatever its actor says. */
const spending: readonly Category[] = ['AUTH_ERROR', 'QUOTA_EXCEEDED'];

export function begin({
	id,
	candidates,
	policy,
	tokens,
	tokenFactors,
	now,
	endsAt = Number.POSITIVE_INFINITY,
}: RequestInput): Progress {
	return {
		id,
		candidates,
		policy,
		tokens,
		tokenFactors,
		startedAt: now,
		deadlineAt: Math.min(now + policy.timeouts.request, endsAt),
		streamEndsAt: endsAt,
		now,
		position: 0,
		early: false,
		hasAwaitedOpening: false,
		retries: 0,
		attempts: 0,
		permit: undefined,
		attemptStartedAt: now,
		way: 'fresh',
		seam: undefined,
		continuations: 0,
		asked: [],
		isRewinding: false,
		failure: undefined,
		failed: undefined,
		hop: undefined,
		isContinuable: false,
		random: 0,
		retryAts: {},
		tooSmallWindow: 0,
		counted: [],
		countedFailures: [],
		spent: [],
		ending: undefined,
		trace: [],
	};
}

/** Before the commit: an attempt that begins an answer. */
export function granted(progress: Progress, { permit }: Event<'permit.granted'>): Progress {
	return withAttempt(progress, permit, 'fresh');
}

/** After the commit: an attempt that carries the answer on. */
export function grantedToCarryOn(progress: Progress, { permit }: Event<'permit.granted'>): Progress {
	return withAttempt(progress, permit, wayToCarryOn(progress, permit));
}

function withAttempt(progress: Progress, permit: Permit, way: Way): Progress {
	const attempts = progress.attempts + 1;
	const attemptStartedAt = progress.now;
	return { ...progress, permit, early: false, attempts, attemptStartedAt, way, seam: undefined };
}

function wayToCarryOn(progress: Progress, permit: Permit): Way {
	if (progress.isRewinding) return 'rewind';
	// Asked a second time, it has refused a prefill: whatever the permit knows of that, it must not be asked so again.
	const hasRefused = progress.asked.indexOf(progress.position) !== progress.asked.lastIndexOf(progress.position);
	return currentCandidate(progress).prefill && !permit.refusesPrefill && !hasRefused ? 'prefill' : 'instruct';
}

export function denied(progress: Progress, { state, reason, retryAt, model }: Event<'permit.denied'>): Progress {
	const { target, credential } = currentCandidate(progress);
	// The order of the early round is the order of these times: they must not change under it.
	const retryAts = progress.early ? progress.retryAts : { ...progress.retryAts, [progress.position]: retryAt };
	const at = progress.now - progress.startedAt;
	const ofModel = model === undefined ? {} : { model };
	const trace = withStep(progress, { did: 'deny', at, target, credential, state, reason, retryAt, ...ofModel });
	return { ...progress, retryAts, trace };
}

/** No attempt of its own, and held against nobody: only the trace tells of it. */
export function reconnected(progress: Progress, { now }: Event<'attempt.reconnected'>): Progress {
	const { target, credential } = currentCandidate(progress);
	const ms = now - progress.attemptStartedAt;
	const at = progress.attemptStartedAt - progress.startedAt;
	return { ...progress, now, trace: withStep(progress, { did: 'reconnect', at, target, credential, ms }) };
}

/** The first content of an answer: the commit. */
export function committed(progress: Progress, { now, seam }: Event<'attempt.answering'>): Progress {
	const streamEndsAt = Math.min(now + progress.policy.timeouts.stream, progress.streamEndsAt);
	return { ...progress, now, seam, streamEndsAt, deadlineAt: streamEndsAt };
}

/** The first content of an attempt that carries the answer on. */
export function joined(progress: Progress, { now, seam }: Event<'attempt.answering'>): Progress {
	return { ...progress, now, seam, continuations: progress.continuations + 1, deadlineAt: progress.streamEndsAt };
}

export function completed(progress: Progress, { now }: Event<'attempt.completed'>): Progress {
	return { ...progress, now, permit: undefined, trace: withStep(progress, attemptStep(progress, now, 'succeeded')) };
}

/** An attempt failed before it had any content: one that should begin the answer, or carry it on. */
export function attemptFailed(
	progress: Progress,
	{ failure, now, random, continuable }: Event<'attempt.broke'>,
): Progress {
	const candidate = currentCandidate(progress);
	const { credential, contextWindow } = candidate;
	const isTooLong = failure.category === 'BAD_REQUEST' && failure.reason === 'context_length';
	return {
		...progress,
		now,
		random,
		failure,
		failed: { failure, candidate, permit: heldPermit(progress), at: now, brokeAnswer: false, isSilent: false },
		isContinuable: continuable,
		permit: undefined,
		tooSmallWindow: isTooLong ? Math.max(progress.tooSmallWindow, contextWindow ?? 0) : progress.tooSmallWindow,
		spent: spending.includes(failure.category) ? [...progress.spent, credential] : progress.spent,
		trace: withStep(progress, attemptStep(progress, now, 'failed', failure)),
	};
}

/** The answer says nothing: it is left, and told as a failure, until nothing better comes. */
export function fellSilent(progress: Progress, { now, random }: Event<'attempt.silent'>): Progress {
	const candidate = currentCandidate(progress);
	return {
		...progress,
		now,
		random,
		failure: answerSilent,
		failed: {
			failure: answerSilent,
			candidate,
			permit: heldPermit(progress),
			at: now,
			brokeAnswer: false,
			isSilent: true,
		},
		isContinuable: false,
		permit: undefined,
		trace: withStep(progress, attemptStep(progress, now, 'failed', answerSilent)),
	};
}

/** The answer that flows to the client broke off: a new search begins, and whoever was asked in an earlier one may be asked again. */
export function answerBroke(progress: Progress, event: Event<'attempt.broke'>): Progress {
	const after = attemptFailed(progress, event);
	const deadlineAt = Math.min(event.now + progress.policy.timeouts.request, progress.streamEndsAt);
	return { ...after, failed: { ...lastFailed(after), brokeAnswer: true }, asked: [], deadlineAt };
}

export function settled(progress: Progress, { retryAt, counted }: Event<'attempt.settled'>): Progress {
	const isFirst = counted.length > progress.counted.length;
	return {
		...progress,
		retryAts: settledRetryAts(progress, retryAt),
		counted,
		countedFailures: isFirst ? [...progress.countedFailures, lastFailed(progress)] : progress.countedFailures,
	};
}

/** Before the commit: to the next target. */
export function movedOn(progress: Progress): Progress {
	const step = nextStep(progress);
	const hop = step?.isHop ? progress.failed : undefined;
	return { ...progress, position: found(progress, step?.position), retries: 0, hop };
}

/** Back to the target whose answer was left: it is the answer after all. */
export function returned(progress: Progress): Progress {
	const left = leftAnswer(progress);
	const position = left === undefined ? -1 : progress.candidates.indexOf(left.candidate);
	return { ...progress, position: found(progress, position === -1 ? undefined : position) };
}

/** To the target that opens soonest, which is asked ahead of its time. */
export function movedToSoonest(progress: Progress): Progress {
	return { ...progress, position: found(progress, soonestTarget(progress)), early: true, retries: 0 };
}

/** After the commit: to the next target that may carry the answer on. */
export function carriedOn(progress: Progress): Progress {
	return askedToCarryOn(progress, found(progress, nextToCarryOn(progress)), false);
}

/** After the commit: the same target once more, in another way. */
export function askedAgain(progress: Progress, { isRewinding }: { isRewinding: boolean }): Progress {
	return askedToCarryOn(progress, progress.position, isRewinding);
}

function askedToCarryOn(progress: Progress, position: number, isRewinding: boolean): Progress {
	return { ...progress, position, asked: [...progress.asked, position], isRewinding };
}

function found({ id }: Progress, position: number | undefined): number {
	if (position === undefined) throw new Error(`request ${id} moves on where no target is left`);
	return position;
}

/** The wait before a retry is over. */
export function waited(progress: Progress): Progress {
	const { target, credential } = currentCandidate(progress);
	const at = progress.now - progress.startedAt;
	const ms = retryWait(progress);
	const trace = withStep(progress, { did: 'wait', at, target, credential, ms });
	return { ...progress, now: progress.now + ms, retries: progress.retries + 1, trace };
}

/** The first of the targets that denied is open: the chain is asked once more, from its beginning. */
export function opened(progress: Progress): Progress {
	const { position, at: now } = openingToAwait(progress) ?? {};
	const candidate = progress.candidates[found(progress, position)] ?? currentCandidate(progress);
	const { target, credential } = candidate;
	const at = progress.now - progress.startedAt;
	const ms = (now ?? progress.now) - progress.now;
	const trace = withStep(progress, { did: 'wait', at, target, credential, ms, isForOpening: true });
	return { ...progress, now: progress.now + ms, position: 0, retries: 0, hasAwaitedOpening: true, trace };
}

/** The request ends without a verdict on the attempt that runs, if one does. */
export function abandoned(progress: Progress, now: number): Progress {
	if (progress.permit === undefined) return { ...progress, now };
	return { ...progress, now, permit: undefined, trace: withStep(progress, attemptStep(progress, now, 'abandoned')) };
}

export function ranOutOfTime(progress: Progress, { now }: Event<'deadline.passed'>): Progress {
	return { ...abandoned(progress, now), failure: { category: 'TIMEOUT', reason: 'deadline' } };
}

/** Without a whole answer. A hop to another provider that led to none ends with the failure that the request had left. */
export function ended(progress: Progress, ending: Ending): Progress {
	const { hop } = progress;
	if (hop === undefined || ending === 'interrupted') return { ...progress, ending };
	return { ...progress, failure: hop.failure, failed: hop, ending: 'rejected' };
}

export function heldPermit({ id, permit }: Progress): Permit {
	if (permit === undefined) throw new Error(`request ${id} has no permit to settle`);
	return permit;
}

function withStep(progress: Progress, step: TraceEntry): readonly TraceEntry[] {
	return [...progress.trace, step];
}

/** The attempt that runs now, as a step that is over. */
function attemptStep(
	progress: Progress,
	now: number,
	outcome: Extract<TraceEntry, { did: 'attempt' }>['outcome'],
	failure?: Failure,
): TraceEntry {
	const { target, credential } = currentCandidate(progress);
	const at = progress.attemptStartedAt - progress.startedAt;
	const probe = progress.permit?.probe ?? false;
	const { way, seam } = progress;
	return {
		did: 'attempt',
		at,
		target,
		credential,
		probe,
		ms: now - progress.attemptStartedAt,
		way,
		outcome,
		...(failure === undefined ? {} : { failure }),
		...(seam === undefined ? {} : { seam }),
	};
}

/** What is known of each target once a failure is settled: an account or a key that is dead is so for all its targets. */
function settledRetryAts(progress: Progress, retryAt: number): Readonly<Record<number, number>> {
	const { failure, candidates, position } = progress;
	const candidate = currentCandidate(progress);
	const own = Math.max(retryAt, progress.now + (failure?.retryAfterMs ?? 0));
	if (!progress.spent.includes(candidate.credential)) return { ...progress.retryAts, [position]: own };
	const shared = candidates.flatMap(({ credential }, index) =>
		credential === candidate.credential ? [[index, own]] : [],
	);
	return { ...progress.retryAts, ...Object.fromEntries(shared) };
}
