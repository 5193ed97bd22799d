import { currentCandidate, type Progress } from '../../../machines/request/progress.ts';
import type { CallRecord } from '../../contract/call-record.ts';
import type { StartedCall } from '../../contract/observer.ts';
import { clock } from '../../values/clock.ts';
import type { EndedCall } from './call-ring.ts';
import type { CallPhase, CallView } from './messages.ts';

/** A call under way that is followed. */
export interface LiveCall {
	key: number;
	call: StartedCall;
	/** After the last event: how far it has come, and its state. Absent before the first. */
	at?: { progress: Progress; state: string };
}

export function liveView({ key, call, at }: LiveCall): CallView {
	const { id, route, stream, client = null, startedAt } = call;
	const now = at === undefined ? null : phaseOf(at.progress, at.state);
	return {
		key,
		id,
		route,
		stream,
		client,
		startedAt: clock.toWall(startedAt),
		trace: shown(at?.progress.trace ?? []),
		now,
		end: null,
	};
}

export function endedView({ key, record, endedAt }: EndedCall): CallView {
	const { id, route, stream, client, trace, outcome, code, target, ms, firstTokenMs, cost } = record;
	return {
		key,
		id,
		route,
		stream,
		client: client ?? null,
		startedAt: endedAt - ms,
		trace: shown(trace),
		now: null,
		end: {
			outcome,
			code: code ?? null,
			target: target ?? null,
			ms,
			firstTokenMs: firstTokenMs ?? null,
			cost: cost === undefined ? null : { usd: cost.usd ?? null, isComplete: cost.isComplete },
		},
	};
}

/** In wall time, as all that the page shows. */
function shown(trace: CallRecord['trace']): CallRecord['trace'] {
	return trace.map((step) => (step.did === 'deny' ? { ...step, retryAt: clock.toWall(step.retryAt) } : step));
}

/** An attempt failed, or the whole call did: it is worth a look. */
export function isEventful({ outcome, trace }: CallRecord): boolean {
	return outcome !== 'done' || trace.some((step) => step.did === 'attempt' && step.outcome === 'failed');
}

/** For whose answer a call waits, and since when, in wall time, ms since the epoch; undefined where it does not, or the answer flows. */
export function waitOf({
	progress,
	state,
}: ReturnType<StartedCall['present']>): { id: string; since: number } | undefined {
	if (progress.permit === undefined || state === 'committed.streaming') return undefined;
	return { id: currentCandidate(progress).credential, since: clock.toWall(progress.attemptStartedAt) };
}

function phaseOf(progress: Progress, state: string): CallPhase {
	const { target, credential } = currentCandidate(progress);
	const { permit, way, startedAt } = progress;
	const isCommitted = state.startsWith('committed.');
	const place = { target, credential, probe: permit?.probe ?? false, way, isCommitted };
	if (permit !== undefined) {
		const doing = state === 'committed.streaming' ? 'answering' : 'attempting';
		return { doing, at: progress.attemptStartedAt - startedAt, ...place };
	}
	const isWaiting = state === 'waiting' || state === 'awaiting';
	return { doing: isWaiting ? 'waiting' : 'asking', at: progress.now - startedAt, ...place };
}
