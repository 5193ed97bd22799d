import type { TraceEntry } from '../../machines/request/progress.ts';

export interface CallRecord {
	id: string;
	route: string;
	stream: boolean;
	outcome: 'done' | 'failed' | 'aborted';
	/** The stable code of the error, when there was one. */
	code?: string;
	/** Malformed events that were left out of streamed answers. */
	skippedEvents?: number;
	/** Answers that ended with a finish reason that nobody knows, and that were passed on. */
	unknownFinishReasons?: readonly UnknownFinishReason[];
	/** The body of the request had to be repaired before it was JSON. */
	repaired?: true;
	/** A target did not take a field of the request. */
	unsupported?: UnsupportedField;
	/** The target that answered. */
	target?: string;
	/** The name of the caller, where callers have keys. */
	client?: string;
	/** The `X-Request-Id` that the caller gave. */
	clientRequestId?: string;
	ms: number;
	/** Until the first content of a streamed answer went to the client, ms; absent where none did. */
	firstTokenMs?: number;
	/** The time that was spent neither in an attempt nor in a wait between two: Breakwater's own, ms. */
	overheadMs: number;
	/** What was counted in each attempt that reported it, whether or not its answer was used. */
	tokens: readonly TokenCount[];
	/** About how many tokens the target was expected to count in the request; absent where it did not answer all by itself. */
	estimatedTokens?: number;
	/** What it cost; absent where no attempt is known to have used anything. */
	cost?: CallCost;
	trace: readonly RecordedStep[];
}

/** A step of a request that has ended; an attempt perhaps with the provider's own id of it, and with what it cost, USD. */
export type RecordedStep = TraceEntry & { readonly upstreamRequestId?: string; readonly costUsd?: number };

/** What the attempts of a request cost, those too of which its caller saw nothing. */
export interface CallCost {
	/** USD, of all that is known; absent where nothing is. Never 0 for what is not known. */
	readonly usd?: number;
	/** It is all of the cost. */
	readonly isComplete: boolean;
	/** Of each attempt that used something. */
	readonly attempts: readonly AttemptCost[];
}

export interface AttemptCost {
	readonly target: string;
	/** Absent where it is not known: the provider reported no usage, or the target has no price. */
	readonly usd?: number;
	/** False where the attempt broke and what it reported before that may not be all, too. */
	readonly isComplete: boolean;
}

export interface UnsupportedField {
	/** The target that did not take it. */
	target: string;
	/** Its path in the body, where the provider said which, and it is there. */
	field?: string;
}

export interface TokenCount {
	target: string;
	input: number;
	output: number;
}

export interface UnknownFinishReason {
	/** Who said it. */
	provider: string;
	/** Short, and nothing but a name. */
	reason: string;
}
