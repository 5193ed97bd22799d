import type { Failure } from '../../../machines/failure.ts';

/** An answer that failed: an error response, or an error inside a 200 (a body, or an event of a stream). */
export interface ErrorAnswer {
	/** The HTTP status of the response; for an error inside a 200 it is 200. */
	status: number;
	/** Names in lower case. */
	headers: Readonly<Record<string, string | string[] | undefined>>;
	/** As text, perhaps cut off, perhaps not JSON. For an event of a stream: its data. */
	body: string;
	/** The provider's name in the configuration. */
	provider: string;
	/** When the answer came, ms since the epoch; dates in the answer are measured against it. */
	now: number;
}

export interface Classified {
	failure: Failure;
	/** The provider's own words, one line, at most 500 characters, `''` when there are none. */
	message: string;
}
