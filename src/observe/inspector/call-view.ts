import { currentCandidate, type Progress } from '../../../machines/request/progress.ts';
import type { CallRecord } from '../../contract/call-record.ts';
import type { StartedCall } from '../../contract/observer.ts';
import type { EndedCall } from './call-ring.ts';
import type { CallPhase, CallView } from './messages.ts';

/** A call under way that is followed. */
export interface LiveCall {
	key: number;
	call: StartedCall;
	/** After the last event; absent before the first. */
	trace?: Progress;
}

export function liveView({ key, call, trace }: LiveCall): CallView {
	const { id, route, stream, client = null, startedAt } = call;
	const now = trace === undefined ? null : phaseOf(trace);
	return { key, id, route, stream, client, startedAt, trace: trace?.trace ?? [], now, end: null };
}

export function endedView({ key, record, endedAt }: EndedCall): CallView {
	const { id, route, stream, client, trace, outcome, code, target, ms, firstTokenMs } = record;
	return {
		key,
		id,
		route,
		stream,
		client: client ?? null,
		startedAt: endedAt - ms,
		trace,
		now: null,
		end: { outcome, code: code ?? null, target: target ?? null, ms, firstTokenMs: firstTokenMs ?? null },
	};
}

/** An attempt failed, or the whole call did: it is worth a look. */
export function isEventful({ outcome, trace }: CallRecord): boolean {
	return outcome !== 'done' || trace.some((step) => step.did === 'attempt' && step.outcome === 'failed');
}

function phaseOf(trace: Progress): CallPhase {
	const { target, credential } = currentCandidate(trace);
	const place = { target, credential, probe: trace.permit?.probe ?? false, way: trace.way };
	if (trace.permit !== undefined) {
		const doing = trace.isAnswering ? 'answering' : 'attempting';
		return { doing, at: trace.attemptStartedAt - trace.startedAt, ...place };
	}
	const doing = trace.decision.go === 'retry' ? 'waiting' : 'asking';
	return { doing, at: trace.now - trace.startedAt, ...place };
}
