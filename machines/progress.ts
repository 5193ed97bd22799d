import { decideAfterDenial, decideAfterFailure } from './decision.ts';
import type { Permit, RequestEvent } from './events.ts';
import type { Category, Failure } from './failure.ts';
import { currentRung, type Decision, type RequestInput, type Step, type Walk, type Way } from './walk.ts';

/** How each event moves a walk on. Pure: a walk and what happened in, the next walk out. */

type Event<T extends RequestEvent['type']> = Extract<RequestEvent, { type: T }>;

/** Failures after which a credential is of no more use to the same request, whatever its actor says. */
const spending: readonly Category[] = ['AUTH_ERROR', 'QUOTA_EXCEEDED'];

export function begin({ id, rungs, policy, now }: RequestInput): Walk {
	return {
		id,
		rungs,
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

export function granted(walk: Walk, { permit }: Event<'permit.granted'>): Walk {
	const attempts = walk.attempts + 1;
	const attemptStartedAt = walk.now;
	return {
		...walk,
		permit,
		early: false,
		attempts,
		attemptStartedAt,
		way: wayOf(walk, permit),
		isAnswering: false,
		seam: undefined,
	};
}

function wayOf(walk: Walk, permit: Permit): Way {
	if (!walk.committed) return 'fresh';
	if (walk.isRewinding) return 'rewind';
	// Asked a second time, it has refused a prefill: whatever the permit knows of that, it must not be asked so again.
	const hasRefused = walk.asked.indexOf(walk.position) !== walk.asked.lastIndexOf(walk.position);
	return currentRung(walk).prefill && !permit.refusesPrefill && !hasRefused ? 'prefill' : 'instruct';
}

export function denied(walk: Walk, { state, reason, retryAt }: Event<'permit.denied'>): Walk {
	const { target, credential } = currentRung(walk);
	// The order of the early round is the order of these times: they must not change under it.
	const retryAts = walk.early ? walk.retryAts : { ...walk.retryAts, [walk.position]: retryAt };
	const at = walk.now - walk.startedAt;
	const trace = withStep(walk, { did: 'deny', at, target, credential, state, reason, retryAt });
	const after = { ...walk, retryAts, trace };
	return { ...after, decision: decideAfterDenial(after) };
}

/** The attempt has its first content: the commit, or the seam of a continuation. */
export function answering(walk: Walk, { now, seam }: Event<'attempt.answering'>): Walk {
	const continuations = walk.committed ? walk.continuations + 1 : 0;
	return { ...walk, now, committed: true, isAnswering: true, seam, continuations };
}

export function completed(walk: Walk, { now }: Event<'attempt.completed'>): Walk {
	return { ...walk, now, permit: undefined, trace: withStep(walk, attemptStep(walk, now, 'succeeded')) };
}

export function broken(walk: Walk, { failure, now, random, continuable }: Event<'attempt.broke'>): Walk {
	const rung = currentRung(walk);
	const { credential, contextWindow } = rung;
	const isTooLong = failure.category === 'BAD_REQUEST' && failure.reason === 'context_length';
	return {
		...walk,
		now,
		random,
		failure,
		failed: { failure, rung },
		isContinuable: continuable,
		asked: walk.isAnswering ? [] : walk.asked,
		permit: undefined,
		tooSmallWindow: isTooLong ? Math.max(walk.tooSmallWindow, contextWindow ?? 0) : walk.tooSmallWindow,
		spent: spending.includes(failure.category) ? [...walk.spent, credential] : walk.spent,
		trace: withStep(walk, attemptStep(walk, now, 'failed', failure)),
	};
}

export function settled(walk: Walk, { retryAt }: Event<'attempt.settled'>): Walk {
	const after = { ...walk, retryAts: settledRetryAts(walk, retryAt) };
	return { ...after, decision: decideAfterFailure(after) };
}

/** The walk goes to the rung that was decided on. */
export function movedOn(walk: Walk): Walk {
	if (walk.decision.go !== 'ask') throw new Error(`request ${walk.id} moves on without having decided where`);
	const { position, early, rewind = false } = walk.decision;
	const asked = walk.committed ? [...walk.asked, position] : walk.asked;
	return { ...walk, position, early, retries: 0, asked, isRewinding: rewind };
}

export function waited(walk: Walk): Walk {
	if (walk.decision.go !== 'retry') throw new Error(`request ${walk.id} waited without having decided to`);
	const { target, credential } = currentRung(walk);
	const at = walk.now - walk.startedAt;
	const ms = walk.decision.waitMs;
	const trace = withStep(walk, { did: 'wait', at, target, credential, ms });
	return { ...walk, now: walk.now + ms, retries: walk.retries + 1, trace };
}

/** The request ends without a verdict on the attempt that runs, if one does. */
export function abandoned(walk: Walk, now: number): Walk {
	if (walk.permit === undefined) return { ...walk, now };
	return { ...walk, now, permit: undefined, trace: withStep(walk, attemptStep(walk, now, 'abandoned')) };
}

export function ranOutOfTime(walk: Walk, { now }: Event<'deadline.passed'>): Walk {
	const decision: Decision = { go: 'end', ending: walk.committed ? 'interrupted' : 'deadline' };
	return { ...abandoned(walk, now), failure: { category: 'TIMEOUT', reason: 'deadline' }, decision };
}

export function heldPermit({ id, permit }: Walk): Permit {
	if (permit === undefined) throw new Error(`request ${id} has no permit to settle`);
	return permit;
}

function withStep(walk: Walk, step: Step): readonly Step[] {
	return [...walk.trace, step];
}

/** The attempt that runs now, as a step that is over. */
function attemptStep(
	walk: Walk,
	now: number,
	outcome: Extract<Step, { did: 'attempt' }>['outcome'],
	failure?: Failure,
): Step {
	const { target, credential } = currentRung(walk);
	const at = walk.attemptStartedAt - walk.startedAt;
	const probe = walk.permit?.probe ?? false;
	const { way, seam } = walk;
	return {
		did: 'attempt',
		at,
		target,
		credential,
		probe,
		ms: now - walk.attemptStartedAt,
		way,
		outcome,
		...(failure === undefined ? {} : { failure }),
		...(seam === undefined ? {} : { seam }),
	};
}

/** What is known of each rung once a failure is settled: an account or a key that is dead is so for all its rungs. */
function settledRetryAts(walk: Walk, retryAt: number): Readonly<Record<number, number>> {
	const { failure, rungs, position } = walk;
	const rung = currentRung(walk);
	const own = Math.max(retryAt, walk.now + (failure?.retryAfterMs ?? 0));
	if (!walk.spent.includes(rung.credential)) return { ...walk.retryAts, [position]: own };
	const shared = rungs.flatMap(({ credential }, index) => (credential === rung.credential ? [[index, own]] : []));
	return { ...walk.retryAts, ...Object.fromEntries(shared) };
}
