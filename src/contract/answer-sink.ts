import type { UnsupportedField } from './call-record.ts';
import type { FailureReport } from './failure-report.ts';

/** Who answered. */
export interface AnswerInfo {
	requestId: string;
	/** The profile, or the target when the call named one. */
	route: string;
	/** `provider/model` of the candidate that answered; undefined where the stream begins before any does. */
	target: string | undefined;
	/** Attempts up to and including the one that answered; undefined where the stream begins before. */
	attempts: number | undefined;
	/** The provider's own id of the attempt that answered. */
	upstreamRequestId?: string | undefined;
	/** What its headers tell the caller, by their names in lower case. */
	upstreamHeaders?: Readonly<Record<string, string>> | undefined;
	/** What of the request the target was not told, as it could not be. */
	dropped?: readonly string[] | undefined;
	/** Targets that were not asked, as they could not be told all of it: `a/model (images)`. */
	passedOver?: readonly string[] | undefined;
	/** Budgets that are spent, so that it went to another profile than it had asked for. */
	spentBudgets?: readonly string[] | undefined;
	/** No target was asked: it is about right, and made here. */
	isEstimated?: boolean | undefined;
	/** All that the request has cost, USD; undefined where not all of it is known, and of a stream, which ends behind its headers. */
	costUsd?: number | undefined;
	/** A target before it did not take a field of the request. */
	unsupported?: UnsupportedField | undefined;
}

/**
 * Where an answer goes, in the words of the caller's dialect. For each call exactly one of these happens, once: `answer`,
 * `fail`, or `begin` followed by any number of `write`s and then `end` or `breakOff`; or nothing at all, when the client
 * left first.
 */
export interface AnswerSink {
	/** A whole answer that is not streamed. */
	answer(info: AnswerInfo, body: Buffer | string, contentType: string): void;
	/** No byte of an answer went out: the error is the answer. */
	fail(report: FailureReport, body: string, contentType: string): void;
	/** A stream begins: with its first content, or with a sign of life before it. */
	begin(info: AnswerInfo, contentType: string): void;
	/** @returns false when the client is slower than the answer: wait for `resume` before writing more */
	write(text: string): boolean;
	/** The streamed answer was whole. @param text its last words */
	end(text: string): void;
	/** The streamed answer broke and stays broken. @param text what says so in the stream */
	breakOff(report: FailureReport, text: string): void;
}
