/** What the body of a failed answer says, in the terms that error rules and wait hints are written in. */
export interface ErrorBody {
	/** The parsed JSON, `undefined` when the body is none. */
	readonly json: unknown;
	/** Codes, types, statuses and reasons, lower-case, as rules' `code` sees them. */
	readonly identifiers: readonly string[];
	/** `error.type`, lower-case. */
	readonly type: string;
	/** The error's texts on one line each, the outermost first. */
	readonly texts: readonly string[];
	/** The HTTP status 400 to 599 that the body itself names. */
	readonly status: number | undefined;
}

export const emptyErrorBody: ErrorBody = { json: undefined, identifiers: [], type: '', texts: [], status: undefined };

/**
 * What is wrong with an answer that came with a success and names no error. Error rules see it as a `code`.
 * - `answer_empty`: there is nothing in it, or nothing that is an answer
 * - `answer_malformed`: a document that is no answer
 * - `answer_damaged`: a piece of it cannot be read, and what it said is lost
 * - `answer_short`: shorter than it was announced to be
 * - `answer_unfinished`: it ends in the middle
 * - `answer_too_large`: it, or one event of it, is larger than `server.answerLimit`
 */
export const answerFaults = [
	'answer_empty',
	'answer_malformed',
	'answer_damaged',
	'answer_short',
	'answer_unfinished',
	'answer_too_large',
] as const;

export type AnswerFault = (typeof answerFaults)[number];
