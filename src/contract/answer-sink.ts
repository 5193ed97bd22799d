import type { FailureReport } from './failure-report.ts';

export interface AnswerInfo {
	requestId: string;
	/** The profile, or the target when the call named one. */
	route: string;
	/** `provider/model` of the target that answered. */
	target: string;
	/** Attempts up to and including the one that answered. */
	attempts: number;
}

export interface AnswerSink {
	/** A whole answer that is not streamed. */
	answer(info: AnswerInfo, body: Buffer | string): void;
	/** No byte of an answer went out: the error is the answer. */
	fail(report: FailureReport): void;
	/** The commit: a stream begins. */
	begin(info: AnswerInfo): void;
	/**
	 * Complete SSE events.
	 * @returns false when the client is slower than the answer: wait for `resume` before writing more
	 */
	write(events: string): boolean;
	/** The streamed answer was whole. */
	end(): void;
	/** The streamed answer broke and stays broken. */
	breakOff(report: FailureReport): void;
}
