/** The nine normalized error categories; every failure of an attempt becomes exactly one of them. */
export const categories = [
	'AUTH_ERROR',
	'BAD_REQUEST',
	'RATE_LIMIT',
	'TIMEOUT',
	'SERVER_ERROR',
	'NETWORK_ERROR',
	'MODEL_UNAVAILABLE',
	'QUOTA_EXCEEDED',
	'UNKNOWN_TRANSIENT',
] as const;

export type Category = (typeof categories)[number];

/**
 * One failed attempt as the machines see it. It carries no words of the provider or the caller,
 * so a snapshot can be shown to anyone.
 */
export interface Failure {
	category: Category;
	/** Narrows the category, in snake_case: `context_length`, `overloaded`, `first_token`. */
	reason?: string | undefined;
	/** The HTTP status that came, when a response came at all. */
	status?: number | undefined;
	/** How long the provider asked us to wait, in ms from the moment of the failure. */
	retryAfterMs?: number | undefined;
}

/**
 * The entry of a table keyed by category or `CATEGORY.reason` that fits a failure best.
 * @returns the entry for the reason if there is one, else the entry for the category.
 */
export function lookup<T>(table: Readonly<Record<string, T>>, failure: Failure): T | undefined {
	const narrow = failure.reason === undefined ? undefined : table[`${failure.category}.${failure.reason}`];
	return narrow ?? table[failure.category];
}

/** What a whole answer that says nothing is told as, where the request leaves it for another. */
export const answerSilent: Failure = { category: 'UNKNOWN_TRANSIENT', reason: 'answer_silent', status: 200 };

/** `SERVER_ERROR.overloaded`, or the category alone. */
export function failureName(failure: Failure): string {
	return failure.reason === undefined ? failure.category : `${failure.category}.${failure.reason}`;
}
