import type { Failure } from '../../../machines/failure.ts';
import type { AnswerHeaders } from '../../contract/dialect.ts';
import type { ErrorBody } from '../../contract/error-body.ts';

/** An answer that failed: an error response, or something under a success that is no answer. */
export interface ErrorAnswer {
	/** The HTTP status of the response; for an error inside a 200 it is 200. */
	status: number;
	/** Names in lower case. */
	headers: AnswerHeaders;
	/** What its body says, read by the provider's dialect. */
	error: ErrorBody;
	/** The provider's name in the configuration. */
	provider: string;
	/** When the answer came, ms since the epoch; dates in the answer are measured against it. */
	now: number;
}

export interface Classified {
	failure: Failure;
	/** The provider's own words, one line, at most 500 characters, `''` when there are none. */
	message: string;
	/** The field of the request that the provider does not take, where it is a BAD_REQUEST that names one. */
	field?: string | undefined;
	/** Its own name for the mistake, and the member of the request that it is about, where it names them. */
	details?: ErrorDetails;
}

export interface ErrorDetails {
	readonly code?: string;
	readonly param?: string;
}
