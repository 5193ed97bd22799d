import type { TraceEntry } from '../../../machines/request/progress.ts';
import type { CallRecord } from '../../../src/contract/call-record.ts';

export const attemptStep: TraceEntry = {
	did: 'attempt',
	at: 0,
	target: 'a/model-a',
	credential: 'a',
	probe: false,
	ms: 12,
	way: 'fresh',
	outcome: 'succeeded',
};

/** A call that went straight through, unless it says otherwise. */
export function callRecord(over: Partial<CallRecord> = {}): CallRecord {
	return {
		id: 'req_1',
		route: 'default',
		stream: false,
		outcome: 'done',
		target: 'a/model-a',
		ms: 14,
		overheadMs: 1,
		tokens: [],
		trace: [attemptStep],
		...over,
	};
}
