import { currentCandidate, type Progress, tokensFor } from '../../machines/request/progress.ts';
import type { Call } from '../contract/call.ts';
import type { CallRecord, UnknownFinishReason } from '../contract/call-record.ts';
import { clock as processClock } from '../values/clock.ts';
import type { CallClock } from './call-clock.ts';
import type { ProviderWords } from './provider-words.ts';
import type { Spending } from './spending.ts';

/** What is known of a call when it ends. */
export interface EndedCall {
	call: Call;
	progress: Progress;
	outcome: CallRecord['outcome'];
	/** The stable code of the error, when there was one. */
	code: string | undefined;
	clock: CallClock;
	words: ProviderWords;
	spending: Spending;
	/** Malformed events that were left out of the answers of all attempts. */
	skippedEvents: number;
	unknownFinishReasons: readonly UnknownFinishReason[];
}

/** The record of a call that ends now. What there is nothing to say of is absent. */
export function callRecordOf(ended: EndedCall): CallRecord {
	const { call, progress, outcome, code, clock, words, spending, skippedEvents, unknownFinishReasons } = ended;
	const { request, client, clientRequestId } = call;
	const { unsupported } = words;
	const { firstContentMs } = clock;
	const { cost } = spending;
	const record: CallRecord = {
		id: call.id,
		route: call.route,
		stream: request.stream,
		outcome,
		ms: processClock.now() - progress.startedAt,
		overheadMs: clock.overheadMs(progress.trace),
		tokens: spending.tokens,
		trace: spending.inTrace(words.inTrace(progress.trace)),
	};
	if (code !== undefined) record.code = code;
	if (skippedEvents !== 0) record.skippedEvents = skippedEvents;
	if (unknownFinishReasons.length > 0) record.unknownFinishReasons = unknownFinishReasons;
	if (call.repaired === true) record.repaired = true;
	if (unsupported !== undefined) record.unsupported = unsupported;
	if (cost !== undefined) record.cost = cost;
	if (outcome === 'done') {
		record.target = currentCandidate(progress).target;
		// An answer that was carried on was asked for several times, each time with more.
		if (progress.continuations === 0) record.estimatedTokens = tokensFor(progress, record.target);
	}
	if (client !== undefined) record.client = client;
	if (clientRequestId !== undefined) record.clientRequestId = clientRequestId;
	if (firstContentMs !== undefined && request.stream) record.firstTokenMs = firstContentMs;
	return record;
}
