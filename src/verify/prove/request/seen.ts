import type { DenialReason, SeamPlace } from '../../../../machines/events.ts';
import type { Failure } from '../../../../machines/failure.ts';
import type { Policy } from '../../../../machines/policy.ts';
import type { TraceEntry, Way } from '../../../../machines/request/progress.ts';

/**
 * What an onlooker knows of one request: told by the events that it got and by what it did, never by its own memory, so
 * that a machine that forgets something is found out.
 */
export interface Seen {
	/** A target was asked for a permit, and has not answered. */
	readonly asked: Asked | undefined;
	/** Granted, and not settled. */
	readonly permit: Held | undefined;
	/** An attempt was begun, and not stopped. */
	readonly isRunning: boolean;
	/** The attempt has written something. */
	readonly isAnswering: boolean;
	readonly isCommitted: boolean;
	/** When the present search for an answer began: with the request, or with the last break. ms since the epoch. */
	readonly searchedFrom: number;
	/** When the answer began to flow to the client, ms since the epoch. */
	readonly committedAt: number;
	/** What the client was told. */
	readonly told: 'answer' | 'failure' | undefined;
	/** The answer that was left is handed out after all. */
	readonly isTakenUp: boolean;
	/** The target that was asked last. */
	readonly position: number;
	readonly attempts: number;
	/** Attempts, the last one first. */
	readonly made: Made | undefined;
	/** Since the request turned to this target. */
	readonly attemptsHere: number;
	/** Ways in which this target was asked to carry the answer on since it last broke. */
	readonly waysHere: readonly Way[];
	/** How often the present target was asked since the request turned to it. */
	readonly asksHere: number;
	readonly continuations: number;
	/** Targets that were asked: in all before the commit, since the answer last broke after it. */
	readonly gone: readonly number[];
	/** Targets that were asked ahead of their time. */
	readonly goneEarly: readonly number[];
	/** It has waited for a target to open, once every target was denied. */
	readonly hasAwaited: boolean;
	readonly failed: Failed | undefined;
	/** What was left for one attempt elsewhere, before the commit: a failure (`other-provider`), or an answer that says nothing. */
	readonly left: Failed | undefined;
	/** Provider actors that have had their one failure of this request. */
	readonly counted: readonly string[];
	/** The failures by which they had it. */
	readonly countedFailures: readonly Counted[];
	/** Credentials that were rejected or are out of credit. */
	readonly spent: readonly string[];
	/** A context window that was too small, tokens. */
	readonly tooSmallWindow: number;
	/** When each target that has said so would grant again, by position: what the client may be told. ms since the epoch. */
	readonly said: Readonly<Record<number, number>>;
	/** Until when a credential, or a model of it, grants nothing to anybody, ms since the epoch. */
	readonly closed: Readonly<Record<string, number>>;
	readonly denials: number;
	/** What the trace must tell, the last step first. */
	readonly past: Past | undefined;
}

/** A step that is over; its `at` is in ms since the epoch. */
export interface Past {
	readonly step: TraceEntry;
	readonly before: Past | undefined;
}

export interface Held {
	readonly id: string;
	readonly position: number;
	readonly probe: boolean;
	readonly refusesPrefill: boolean;
}

export interface Asked {
	readonly id: string;
	readonly position: number;
	readonly early: boolean;
}

export interface Made {
	readonly position: number;
	readonly permitId: string;
	readonly way: Way;
	readonly startedAt: number;
	readonly probe: boolean;
	/** How it joined what had been sent before it. */
	readonly seam: SeamPlace | undefined;
	readonly before: Made | undefined;
}

/** A failure that counted. */
export interface Counted {
	readonly failure: Failure;
	readonly position: number;
	readonly permitId: string | undefined;
	/** ms since the epoch. */
	readonly at: number;
}

/** The last failure of an attempt, and the circumstances. */
export interface Failed {
	readonly failure: Failure;
	readonly position: number;
	readonly way: Way;
	readonly wasAnswering: boolean;
	readonly wasCommitted: boolean;
	/** It was a whole answer that says nothing. */
	readonly isSilent: boolean;
	readonly isContinuable: boolean;
	readonly at: number;
	/** 0 to 1: what the jitter of the wait is made from. */
	readonly random: number;
}

export const nothingSeen: Seen = {
	asked: undefined,
	permit: undefined,
	isRunning: false,
	isAnswering: false,
	isCommitted: false,
	searchedFrom: 0,
	committedAt: 0,
	told: undefined,
	isTakenUp: false,
	position: -1,
	attempts: 0,
	made: undefined,
	attemptsHere: 0,
	waysHere: [],
	asksHere: 0,
	continuations: 0,
	gone: [],
	goneEarly: [],
	hasAwaited: false,
	failed: undefined,
	left: undefined,
	counted: [],
	countedFailures: [],
	spent: [],
	tooSmallWindow: 0,
	said: {},
	closed: {},
	denials: 0,
	past: undefined,
};

/**
 * When the request is over, ms since the epoch: a search for an answer has `timeouts.request`, a stream has `timeouts.stream`
 * from its first content on, and no search makes it longer.
 */
export function deadlineOf(
	{ isCommitted, isAnswering, searchedFrom, committedAt }: Seen,
	{ timeouts: { request, stream } }: Policy,
): number {
	if (!isCommitted) return searchedFrom + request;
	return isAnswering ? committedAt + stream : Math.min(searchedFrom + request, committedAt + stream);
}

/** The whole answer that says nothing and was left, as long as nothing better has begun. */
export function answerLeft({ left, failed, isCommitted }: Seen): Failed | undefined {
	const known = left ?? failed;
	return !isCommitted && known?.isSilent ? known : undefined;
}

/** An attempt was made elsewhere, and failed. */
export function hasHopFailed({ left, failed, isCommitted }: Seen): boolean {
	return !isCommitted && left !== undefined && left !== failed;
}

/**
 * The target that a request which was denied everywhere has to wait for, and until when, ms since the epoch: the first that
 * named a time to come, if the policy allows a wait of this length, it ends before the deadline, and none was made before.
 * @param now when the last denial came
 */
export function openingOf(seen: Seen, policy: Policy, now: number): { position: number; until: number } | undefined {
	const { whenAllDenied } = policy;
	if (typeof whenAllDenied === 'string' || seen.hasAwaited || seen.failed !== undefined || seen.isCommitted)
		return undefined;
	let first: { position: number; until: number } | undefined;
	for (const [position, until] of Object.entries(seen.said)) {
		if (until > now && (first === undefined || until < first.until)) first = { position: Number(position), until };
	}
	if (first === undefined || first.until - now > whenAllDenied.wait) return undefined;
	return first.until < deadlineOf(seen, policy) ? first : undefined;
}

/** What a denial closes: the model, when it is only that one; else the whole credential. */
export function doorOf(
	{ credential, model }: { credential: string; model: string },
	{ reason, model: denied }: { reason: DenialReason; model?: string | undefined },
): string {
	return reason === 'model' || denied !== undefined ? `${credential}/${model}` : credential;
}

/** Until when a target's provider has said that it grants nothing, ms since the epoch. */
export function closedUntil({ closed }: Seen, { credential, model }: { credential: string; model: string }): number {
	return Math.max(closed[credential] ?? 0, closed[`${credential}/${model}`] ?? 0);
}
