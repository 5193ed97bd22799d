import { currentRung, type Walk } from '../../machines/walk.ts';
import type { CallRecord } from '../call.ts';
import type { StartedCall } from '../observer.ts';
import type { EndedCall } from './call-ring.ts';
import type { CallPhase, CallView } from './messages.ts';

/** A call under way that is followed. */
export interface LiveCall {
	key: number;
	call: StartedCall;
	/** After the last event; absent before the first. */
	walk?: Walk;
}

export function liveView({ key, call, walk }: LiveCall): CallView {
	const { id, route, stream, client = null, startedAt } = call;
	const now = walk === undefined ? null : phaseOf(walk);
	return { key, id, route, stream, client, startedAt, trace: walk?.trace ?? [], now, end: null };
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

function phaseOf(walk: Walk): CallPhase {
	const { target, credential } = currentRung(walk);
	const place = { target, credential, probe: walk.permit?.probe ?? false, way: walk.way };
	if (walk.permit !== undefined) {
		const doing = walk.isAnswering ? 'answering' : 'attempting';
		return { doing, at: walk.attemptStartedAt - walk.startedAt, ...place };
	}
	const doing = walk.decision.go === 'retry' ? 'waiting' : 'asking';
	return { doing, at: walk.now - walk.startedAt, ...place };
}
