import type { RequestEvent } from '../../../../machines/events.ts';
import { answerSilent, type Category, type Failure, lookup } from '../../../../machines/failure.ts';
import type { ErrorPolicy } from '../../../../machines/policy.ts';
import type { TraceEntry } from '../../../../machines/request/progress.ts';
import type { CandidatePlan } from '../../../gateway/routes.ts';
import type { Stop } from './route.ts';
import { doorOf, type Failed, type Past, type Seen } from './seen.ts';

type Event<T extends RequestEvent['type']> = Extract<RequestEvent, { type: T }>;

/** A credential that failed so is dead for this request. */
export const spending: readonly Category[] = ['AUTH_ERROR', 'QUOTA_EXCEEDED'];

/** What a target's policy says of a failure. Documented in `onError`: what it does not name goes to the next target. */
export function ruleOf({ policy }: CandidatePlan, failure: Failure): ErrorPolicy {
	return lookup(policy.onError, failure) ?? { retries: 0, then: ['next'] };
}

/** What an onlooker knows once an event has reached the request, before the request has done anything about it. */
export function afterEvent(seen: Seen, event: RequestEvent, now: number, stops: readonly Stop[]): Seen {
	switch (event.type) {
		case 'permit.granted':
			return afterGrant(seen, event, stops);
		case 'permit.denied':
			return afterDenial(seen, event, now, stops);
		case 'attempt.reconnected':
			return afterReconnect(seen, now, stops);
		case 'attempt.answering':
			return {
				...seen,
				isAnswering: true,
				isCommitted: true,
				committedAt: seen.isCommitted ? seen.committedAt : now,
				continuations: seen.continuations + (seen.isCommitted ? 1 : 0),
				made: seen.made && { ...seen.made, seam: event.seam },
			};
		case 'attempt.completed':
			return { ...seen, past: withAttempt(seen, stops, { outcome: 'succeeded', now }) };
		case 'attempt.broke':
			return afterBreak(seen, event, stops);
		case 'attempt.silent':
			return afterSilence(seen, event, stops);
		case 'attempt.settled':
			return afterSettlement(seen, event, stops);
		case 'client.left':
		case 'deadline.passed':
			return seen.isRunning ? { ...seen, past: withAttempt(seen, stops, { outcome: 'abandoned', now }) } : seen;
		default:
			return seen;
	}
}

/** Whatever a provider has said before: it grants, so it is open. */
function afterGrant(seen: Seen, { permit }: Event<'permit.granted'>, stops: readonly Stop[]): Seen {
	const stop = stops[seen.asked?.position ?? -1];
	if (stop === undefined) return seen;
	const { id, probe, refusesPrefill } = permit;
	const held = { id, position: stop.position, probe, refusesPrefill };
	return { ...seen, asked: undefined, permit: held, closed: withoutDoors(seen.closed, stop) };
}

/** A denial of the early round says nothing new: its order is the order of what was said before. */
function afterDenial(
	seen: Seen,
	{ state, reason, retryAt, model }: Event<'permit.denied'>,
	now: number,
	stops: readonly Stop[],
): Seen {
	const { asked } = seen;
	const stop = asked === undefined ? undefined : stops[asked.position];
	if (asked === undefined || stop === undefined) return seen;
	const { target, credential } = stop;
	const denials = seen.denials + 1;
	const ofModel = model === undefined ? {} : { model };
	const past = withStep(seen, { did: 'deny', at: now, target, credential, state, reason, retryAt, ...ofModel });
	if (asked.early) return { ...seen, asked: undefined, denials, past };
	const closed = withLatest(seen.closed, doorOf(stop, { reason, model }), retryAt);
	return { ...seen, asked: undefined, denials, past, closed, said: { ...seen.said, [asked.position]: retryAt } };
}

function afterBreak(seen: Seen, event: Event<'attempt.broke'>, stops: readonly Stop[]): Seen {
	const { made, isAnswering, isCommitted } = seen;
	const stop = stops[made?.position ?? -1];
	if (made === undefined || stop === undefined) return seen;
	const { failure, now, random, continuable } = event;
	const isTooLong = failure.category === 'BAD_REQUEST' && failure.reason === 'context_length';
	const failed: Failed = {
		failure,
		position: stop.position,
		way: made.way,
		wasAnswering: isAnswering,
		wasCommitted: isCommitted,
		isSilent: false,
		isContinuable: continuable,
		at: now,
		random,
	};
	return {
		...seen,
		failed,
		past: withAttempt(seen, stops, { outcome: 'failed', failure, now }),
		isAnswering: false,
		searchedFrom: isAnswering ? now : seen.searchedFrom,
		gone: isAnswering ? [] : seen.gone,
		spent: spending.includes(failure.category) ? [...seen.spent, stop.credential] : seen.spent,
		tooSmallWindow: isTooLong ? Math.max(seen.tooSmallWindow, stop.contextWindow ?? 0) : seen.tooSmallWindow,
	};
}

/** A whole answer that says nothing: told as a failure, and still there to be handed out. */
function afterSilence(seen: Seen, { now, random }: Event<'attempt.silent'>, stops: readonly Stop[]): Seen {
	const { made, isCommitted: wasCommitted } = seen;
	if (made === undefined) return seen;
	const { position, way } = made;
	const circumstances = { wasAnswering: false, wasCommitted, isSilent: true, isContinuable: false };
	const failed: Failed = { failure: answerSilent, position, way, ...circumstances, at: now, random };
	return { ...seen, failed, past: withAttempt(seen, stops, { outcome: 'failed', failure: answerSilent, now }) };
}

/** A dead key or an empty account is so for every target that shares it. */
function afterSettlement(before: Seen, { retryAt, counted }: Event<'attempt.settled'>, stops: readonly Stop[]): Seen {
	const { failed } = before;
	const stop = stops[failed?.position ?? -1];
	if (failed === undefined || stop === undefined) return before;
	const { failure, at } = failed;
	const isNew = counted.length > before.counted.length;
	const own = { failure, position: stop.position, permitId: before.made?.permitId, at };
	const seen = isNew ? { ...before, counted, countedFailures: [...before.countedFailures, own] } : before;
	const until = Math.max(retryAt, at + (failure.retryAfterMs ?? 0));
	const isModel = lookup(stop.policy.breaker.effects, failure) === 'model' || isOfModel(stop, failure);
	const closed = withLatest(seen.closed, isModel ? modelDoorOf(stop) : stop.credential, retryAt);
	const said = { ...seen.said, [stop.position]: until };
	if (!spending.includes(failure.category) && !seen.spent.includes(stop.credential)) return { ...seen, closed, said };
	for (const { credential, position } of stops) if (credential === stop.credential) said[position] = until;
	return { ...seen, closed, said };
}

/** Where several models of a key are in use: what counts, and is not of the line to the provider, is held against the model. */
export function isOfModel({ gate, credential, policy }: Stop, failure: Failure): boolean {
	const effect = lookup(policy.breaker.effects, failure);
	const isOfLine =
		failure.category === 'NETWORK_ERROR' || (failure.category === 'TIMEOUT' && failure.reason === 'connect');
	return gate !== credential && (effect === 'count' || effect === 'cool') && !isOfLine;
}

function modelDoorOf(stop: Stop): string {
	return doorOf(stop, { reason: 'model' });
}

function withoutDoors(closed: Seen['closed'], stop: Stop): Seen['closed'] {
	const doors = [stop.credential, modelDoorOf(stop)];
	if (doors.every((door) => closed[door] === undefined)) return closed;
	const left: Record<string, number> = { ...closed };
	for (const door of doors) delete left[door];
	return left;
}

function withLatest(
	times: Readonly<Record<string, number>>,
	key: string,
	at: number,
): Readonly<Record<string, number>> {
	return { ...times, [key]: Math.max(times[key] ?? 0, at) };
}

/** The wait before a retry is over. */
export function afterWait(seen: Seen, now: number, { target, credential }: Stop): Seen {
	const at = seen.failed?.at ?? now;
	return { ...seen, past: withStep(seen, { did: 'wait', at, target, credential, ms: now - at }) };
}

/** The wait for a target to open is over: what was asked before it counts no more. @param since when it began */
export function afterOpening(seen: Seen, { since, now, stop }: { since: number; now: number; stop: Stop }): Seen {
	const { target, credential } = stop;
	const step: TraceEntry = { did: 'wait', at: since, target, credential, ms: now - since, isForOpening: true };
	return { ...seen, past: withStep(seen, step), hasAwaited: true, gone: [], position: -1, asksHere: 0 };
}

type AttemptStep = Extract<TraceEntry, { did: 'attempt' }>;

/** The attempt that was made last is over. */
function withAttempt(
	seen: Seen,
	stops: readonly Stop[],
	{ outcome, failure, now }: Pick<AttemptStep, 'outcome' | 'failure'> & { now: number },
): Past | undefined {
	const { made } = seen;
	const stop = stops[made?.position ?? -1];
	if (made === undefined || stop === undefined) return seen.past;
	const { target, credential } = stop;
	const { startedAt: at, probe, way, seam } = made;
	const known = { ...(failure === undefined ? {} : { failure }), ...(seam === undefined ? {} : { seam }) };
	return withStep(seen, { did: 'attempt', at, target, credential, probe, ms: now - at, way, outcome, ...known });
}

/** It is told of in the trace, and is no attempt. */
function afterReconnect(seen: Seen, now: number, stops: readonly Stop[]): Seen {
	const { made } = seen;
	const stop = stops[made?.position ?? -1];
	if (made === undefined || stop === undefined) return seen;
	const { target, credential } = stop;
	const { startedAt: at } = made;
	return { ...seen, past: withStep(seen, { did: 'reconnect', at, target, credential, ms: now - at }) };
}

function withStep({ past }: Seen, step: TraceEntry): Past {
	return { step, before: past };
}
