import type { Permit, RequestEvent } from '../events.ts';
import type { Category, Failure } from '../failure.ts';
import { decideAfterDenial, decideAfterFailure } from './decision.ts';
import {
	currentCandidate,
	type Decision,
	type Progress,
	type RequestInput,
	type TraceEntry,
	type Way,
} from './progress.ts';

/** How each event moves a trace on. Pure: a trace and what happened in, the next walk out. */

type Event<T extends RequestEvent['type']> = Extract<RequestEvent, { type: T }>;

/** Failures after which a credential is of no more use to the same request, whatever its actor says. */
const spending: readonly Category[] = ['AUTH_ERROR', 'QUOTA_EXCEEDED'];

export function begin({ id, candidates, policy, now }: RequestInput): Progress {
	return {
		id,
		candidates,
		policy,
		startedAt: now,
		deadlineAt: now + policy.timeouts.request,
		now,
		position: 0,
		early: false,
		retries: 0,
		attempts: 0,
		permit: undefined,
		attemptStartedAt: now,
		committed: false,
		way: 'fresh',
		isAnswering: false,
		seam: undefined,
		continuations: 0,
		asked: [],
		isRewinding: false,
		failure: undefined,
		failed: undefined,
		isContinuable: false,
		random: 0,
		retryAts: {},
		tooSmallWindow: 0,
		spent: [],
		decision: { go: 'ask', position: 0, early: false },
		trace: [],
	};
}

export function granted(progress: Progress, { permit }: Event<'permit.granted'>): Progress {
	const attempts = progress.attempts + 1;
	const attemptStartedAt = progress.now;
	return {
		...progress,
		permit,
		early: false,
		attempts,
		attemptStartedAt,
		way: wayOf(progress, permit),
		isAnswering: false,
		seam: undefined,
	};
}

function wayOf(progress: Progress, permit: Permit): Way {
	if (!progress.committed) return 'fresh';
	if (progress.isRewinding) return 'rewind';
	// Asked a second time, it has refused a prefill: whatever the permit knows of that, it must not be asked so again.
	const hasRefused = progress.asked.indexOf(progress.position) !== progress.asked.lastIndexOf(progress.position);
	return currentCandidate(progress).prefill && !permit.refusesPrefill && !hasRefused ? 'prefill' : 'instruct';
}

export function denied(progress: Progress, { state, reason, retryAt }: Event<'permit.denied'>): Progress {
	const { target, credential } = currentCandidate(progress);
	// The order of the early round is the order of these times: they must not change under it.
	const retryAts = progress.early ? progress.retryAts : { ...progress.retryAts, [progress.position]: retryAt };
	const at = progress.now - progress.startedAt;
	const trace = withStep(progress, { did: 'deny', at, target, credential, state, reason, retryAt });
	const after = { ...progress, retryAts, trace };
	return { ...after, decision: decideAfterDenial(after) };
}

/** The attempt has its first content: the commit, or the seam of a continuation. */
export function answering(progress: Progress, { now, seam }: Event<'attempt.answering'>): Progress {
	const continuations = progress.committed ? progress.continuations + 1 : 0;
	return { ...progress, now, committed: true, isAnswering: true, seam, continuations };
}

export function completed(progress: Progress, { now }: Event<'attempt.completed'>): Progress {
	return { ...progress, now, permit: undefined, trace: withStep(progress, attemptStep(progress, now, 'succeeded')) };
}

export function broken(progress: Progress, { failure, now, random, continuable }: Event<'attempt.broke'>): Progress {
	const candidate = currentCandidate(progress);
	const { credential, contextWindow } = candidate;
	const isTooLong = failure.category === 'BAD_REQUEST' && failure.reason === 'context_length';
	return {
		...progress,
		now,
		random,
		failure,
		failed: { failure, candidate },
		isContinuable: continuable,
		asked: progress.isAnswering ? [] : progress.asked,
		permit: undefined,
		tooSmallWindow: isTooLong ? Math.max(progress.tooSmallWindow, contextWindow ?? 0) : progress.tooSmallWindow,
		spent: spending.includes(failure.category) ? [...progress.spent, credential] : progress.spent,
		trace: withStep(progress, attemptStep(progress, now, 'failed', failure)),
	};
}

export function settled(progress: Progress, { retryAt }: Event<'attempt.settled'>): Progress {
	const after = { ...progress, retryAts: settledRetryAts(progress, retryAt) };
	return { ...after, decision: decideAfterFailure(after) };
}

/** The trace goes to the target that was decided on. */
export function movedOn(progress: Progress): Progress {
	if (progress.decision.go !== 'ask') throw new Error(`request ${progress.id} moves on without having decided where`);
	const { position, early, rewind = false } = progress.decision;
	const asked = progress.committed ? [...progress.asked, position] : progress.asked;
	return { ...progress, position, early, retries: 0, asked, isRewinding: rewind };
}

export function waited(progress: Progress): Progress {
	if (progress.decision.go !== 'retry') throw new Error(`request ${progress.id} waited without having decided to`);
	const { target, credential } = currentCandidate(progress);
	const at = progress.now - progress.startedAt;
	const ms = progress.decision.waitMs;
	const trace = withStep(progress, { did: 'wait', at, target, credential, ms });
	return { ...progress, now: progress.now + ms, retries: progress.retries + 1, trace };
}

/** The request ends without a verdict on the attempt that runs, if one does. */
export function abandoned(progress: Progress, now: number): Progress {
	if (progress.permit === undefined) return { ...progress, now };
	return { ...progress, now, permit: undefined, trace: withStep(progress, attemptStep(progress, now, 'abandoned')) };
}

export function ranOutOfTime(progress: Progress, { now }: Event<'deadline.passed'>): Progress {
	const decision: Decision = { go: 'end', ending: progress.committed ? 'interrupted' : 'deadline' };
	return { ...abandoned(progress, now), failure: { category: 'TIMEOUT', reason: 'deadline' }, decision };
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
