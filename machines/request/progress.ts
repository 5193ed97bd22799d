import type { CountedFailure, DenialReason, Permit, ProviderRef, ProviderStateName, SeamPlace } from '../events.ts';
import { type Failure, lookup } from '../failure.ts';
import type { ErrorPolicy, Policy } from '../policy.ts';

/** One target of a request's chain, asked through one credential of its provider. */
export interface Candidate {
	/** Which entry of the chain it comes from; the credentials of one provider share it. */
	readonly link: number;
	/** `provider/model`. */
	readonly target: string;
	/** The provider's name in the configuration. */
	readonly provider: string;
	/** The provider actor's id: the provider's name, with `#n` for one of several credentials. */
	readonly credential: string;
	/** The id of the actor that is asked: the key's, or that of its model where the key has several in use. */
	readonly gate: string;
	readonly model: string;
	/** Tokens; undefined when it is not known. */
	readonly contextWindow?: number | undefined;
	/** Whether the model continues a last message of the assistant; undefined when it is not known. */
	readonly prefill?: boolean | undefined;
	/** The model thinks before its first word: a comment in its stream shows that it does. */
	readonly reasons?: boolean;
	/** Stream from the provider whatever the client asked for. */
	readonly streamUpstream: boolean;
	readonly policy: Policy;
	readonly actor: ProviderRef;
}

/**
 * How an attempt asks for an answer.
 * - `fresh`: from the beginning
 * - `prefill`: with the text so far as the last message, which the model continues
 * - `instruct`: with the text so far, and an instruction to continue it
 * - `rewind`: as `instruct`, from a little further back, because where `instruct` went on could not be told
 */
export type Way = 'fresh' | 'prefill' | 'instruct' | 'rewind';

export interface RequestInput {
	id: string;
	/** The chain, in order; the credentials of one provider stand next to each other. Never empty. */
	candidates: readonly Candidate[];
	/** The profile's own policy: the deadline, and what to do when every target is denied. */
	policy: Policy;
	/** What an attempt is expected to use, tokens; 0 when it is not known. */
	tokens: number;
	/** By what that is multiplied for each target that counts otherwise, by `provider/model`; absent: none does. */
	tokenFactors?: Readonly<Record<string, number>>;
	/** ms since the epoch. */
	now: number;
	/** When the caller wants it to be over, whatever the policy allows, ms since the epoch; absent: it does not say. */
	endsAt?: number;
}

/** One step of the trace. `at` is in ms since the request began; it holds no word of the caller. */
export type TraceEntry =
	| {
			did: 'deny';
			at: number;
			target: string;
			credential: string;
			state: ProviderStateName;
			reason: DenialReason;
			/** ms since the epoch; infinity where this target never takes the request. */
			retryAt: number;
			/** It was this model that was denied, by its own actor; its key may be well. */
			model?: string;
	  }
	| {
			did: 'attempt';
			at: number;
			target: string;
			credential: string;
			probe: boolean;
			ms: number;
			way: Way;
			outcome: 'succeeded' | 'failed' | 'abandoned';
			failure?: Failure;
			/** Where a continuation joined what had been sent. */
			seam?: SeamPlace;
	  }
	/** The attempt that is told of next met a stale connection, found after `ms`, and went on over a new one. */
	| { did: 'reconnect'; at: number; target: string; credential: string; ms: number }
	/** Before a retry; or, with `isForOpening`, until a target opens that was denied like all the others. */
	| { did: 'wait'; at: number; target: string; credential: string; ms: number; isForOpening?: true };

/**
 * How a request ended without an answer: set by the transition that ends it.
 * - `denied`: no target gave a permit, nothing was attempted
 * - `rejected`: the policy says that this failure goes to the caller
 * - `exhausted`: every target failed or was denied
 * - `deadline`: the request ran out of time
 * - `interrupted`: the answer broke after the commit
 */
export type Ending = 'denied' | 'rejected' | 'exhausted' | 'deadline' | 'interrupted';

/** A failure of an attempt that its provider actors were told of. */
export interface CandidateFailure extends CountedFailure {
	/** The target that it happened on. */
	readonly candidate: Candidate;
}

/** The failure of an attempt, and the circumstances. */
export interface FailedAttempt extends CandidateFailure {
	/** It broke the answer off that was being streamed: no attempt to carry the answer on has failed since. */
	readonly brokeAnswer: boolean;
	/** It was a whole answer that says nothing, which can still be handed out. */
	readonly isSilent: boolean;
}

/**
 * How far a request has come: all that its actor knows, but for what its state says. A new one is made for each event,
 * never changed.
 */
export interface Progress {
	readonly id: string;
	readonly candidates: readonly Candidate[];
	readonly policy: Policy;
	/** What an attempt is expected to use, tokens; 0 when it is not known. */
	readonly tokens: number;
	/** By what that is multiplied for each target that counts otherwise. */
	readonly tokenFactors: Readonly<Record<string, number>> | undefined;
	/** ms since the epoch, as are all the times below. */
	readonly startedAt: number;
	/** When the present search for an answer, or the stream that it found, is over. */
	readonly deadlineAt: number;
	/** When the answer must be whole, once it flows to the client. */
	readonly streamEndsAt: number;
	/** The time of the last event. */
	readonly now: number;
	/** Index of the target that is asked or attempted. */
	readonly position: number;
	/** Ask for a probe ahead of time: every target was denied, and the policy says to try the soonest. */
	readonly early: boolean;
	/** It has waited for a target to open, after every target was denied. */
	readonly hasAwaitedOpening: boolean;
	/** Retries used up on the present target. */
	readonly retries: number;
	readonly attempts: number;
	readonly permit: Permit | undefined;
	readonly attemptStartedAt: number;
	/** How the present attempt asks. */
	readonly way: Way;
	/** How the present attempt joined what had been sent before it. */
	readonly seam: SeamPlace | undefined;
	/** How often the answer has been carried on by another attempt. */
	readonly continuations: number;
	/** Positions that were asked to carry the answer on since it last broke. */
	readonly asked: readonly number[];
	/** Ask the present target once more, from further back. */
	readonly isRewinding: boolean;
	/** The last failure: what the caller is told when nothing answers. */
	readonly failure: Failure | undefined;
	/** The last failure of an attempt. */
	readonly failed: FailedAttempt | undefined;
	/**
	 * The failure that the request has left for one attempt elsewhere (`other-provider`, or an answer that says nothing).
	 * Whatever but an answer comes of it, this is what the caller gets.
	 */
	readonly hop: FailedAttempt | undefined;
	/** What had been sent when the last attempt broke can be carried on. */
	readonly isContinuable: boolean;
	/** 0 to 1, from the last failure: the jitter of the next wait. */
	readonly random: number;
	/** When each target that said no, or failed, would grant again; by position. */
	readonly retryAts: Readonly<Record<number, number>>;
	/** A context window, in tokens, that was too small for this request. */
	readonly tooSmallWindow: number;
	/** The provider actors that have had their one failure of this request, by their ids. */
	readonly counted: readonly string[];
	/** The failures by which they had it. */
	readonly countedFailures: readonly CandidateFailure[];
	/** Credentials that are of no more use to this request: out of credit, or rejected. */
	readonly spent: readonly string[];
	/** How it ended without a whole answer; undefined as long as it has not. */
	readonly ending: Ending | undefined;
	readonly trace: readonly TraceEntry[];
}

export function currentCandidate(progress: Progress): Candidate {
	const candidate = progress.candidates[progress.position];
	if (candidate === undefined)
		throw new Error(`request ${progress.id} stands on step ${progress.position}, which does not exist`);
	return candidate;
}

/** What an attempt on a target is expected to use, tokens; 0 when it is not known. */
export function tokensFor({ tokens, tokenFactors }: Progress, target: string): number {
	const factor = tokenFactors?.[target];
	return factor === undefined ? tokens : Math.ceil(tokens * factor);
}

/** Has it attempted the present target, with this credential, before? */
export function hasAttemptedTarget(progress: Progress): boolean {
	if (progress.attempts === 0) return false;
	const { target, credential } = currentCandidate(progress);
	return progress.trace.some(
		(step) => step.did === 'attempt' && step.target === target && step.credential === credential,
	);
}

/** What the policy of a target says of a failure. What it does not name goes to the next target. */
export function errorPolicy({ policy }: Candidate, failure: Failure): ErrorPolicy {
	return lookup(policy.onError, failure) ?? { retries: 0, then: ['next'] };
}

/** @throws Error where no attempt has failed yet */
export function lastFailed({ id, failed }: Progress): FailedAttempt {
	if (failed === undefined) throw new Error(`request ${id} decides about a failure that it does not have`);
	return failed;
}

/** The whole answer that the request has left because it says nothing; undefined where there is none. */
export function leftAnswer({ hop, failed }: Progress): FailedAttempt | undefined {
	const left = hop ?? failed;
	return left?.isSilent ? left : undefined;
}

/** Can this target still serve this request? Not with a credential that is spent, nor with too small a window. */
export function isUsable(progress: Progress, candidate: Candidate): boolean {
	return !progress.spent.includes(candidate.credential) && hasWindowFor(progress, candidate);
}

/**
 * The earliest time at which any target that could serve this request would grant again, as far as the request has
 * learnt; a target that it never asked would grant now. This is what the caller is told to wait for. A target that named a
 * wait, was asked again after it, and named a wait again has shown that its word is too short: its last one counts from now.
 * @returns ms since the epoch, never earlier than `progress.now`
 */
export function earliestRetryAt(progress: Progress): number {
	const { candidates, retryAts, now } = progress;
	const times = candidates.map((candidate, position) => {
		if (!hasWindowFor(progress, candidate)) return Number.POSITIVE_INFINITY;
		return Math.max(retryAts[position] ?? now, now + brokenWait(progress, candidate));
	});
	const earliest = Math.min(...times);
	return Number.isFinite(earliest) ? Math.max(now, earliest) : now;
}

/** Is it larger than a limit of every target? No waiting helps then. */
export function isBeyondAllLimits({ candidates, retryAts }: Progress): boolean {
	return candidates.every((_, position) => retryAts[position] === Number.POSITIVE_INFINITY);
}

/** The wait that a target named after the one before had been kept, ms; 0 where its word has held so far. */
function brokenWait({ trace }: Progress, { target, credential }: Candidate): number {
	const own = trace.filter(
		(step) => step.did === 'attempt' && step.target === target && step.credential === credential,
	);
	const [earlier, last] = own.slice(-2).map(namedWait);
	if (earlier === undefined || last === undefined) return 0;
	return last.at >= earlier.until ? last.waitMs : 0;
}

/** When an attempt began, and until when its failure said to wait, ms since the request began. */
function namedWait(step: TraceEntry): { at: number; until: number; waitMs: number } | undefined {
	const waitMs = step.did === 'attempt' ? step.failure?.retryAfterMs : undefined;
	if (step.did !== 'attempt' || !waitMs) return undefined;
	return { at: step.at, until: step.at + step.ms + waitMs, waitMs };
}

function hasWindowFor(progress: Progress, candidate: Candidate): boolean {
	return candidate.contextWindow === undefined || candidate.contextWindow > progress.tooSmallWindow;
}
