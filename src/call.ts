import type { OperatorEvent } from '../machines/events.ts';
import type { Step } from '../machines/walk.ts';

/** What a client asked for, parsed and addressed; the contract between whoever takes calls and the gateway. */
export interface Call {
	/** Unique; it is also the `x-breakwater-request-id`. */
	id: string;
	/** The name of a profile, or of a configured target; `models` where the caller names its own chain. */
	route: string;
	/** Configured targets in the caller's own order, which are the chain instead of the route's. */
	targets?: readonly string[] | undefined;
	/** The request's JSON text as it came, but for the control fields; on the way up only what is configured is touched. */
	json: string;
	stream: boolean;
	/** Whether a stream is to end with its usage (`stream_options.include_usage`). */
	includeUsage?: boolean | undefined;
	/** Whether the text had to be repaired before it was JSON. */
	repaired?: boolean | undefined;
	/** How many answers are asked for (`n`). */
	choices: number;
	/** A broken answer could be carried on: it is one plain text, not several, not half a document of a schema. */
	isContinuable: boolean;
	/** The name of the caller, where callers have keys (`server.clients`). */
	client?: string | undefined;
	/** The `X-Request-Id` that the caller gave. It is theirs: it may come twice, so nothing is told apart by it. */
	clientRequestId?: string | undefined;
}

/** Who answered. */
export interface AnswerInfo {
	requestId: string;
	/** The profile, or the target when the call named one. */
	route: string;
	/** `provider/model` of the rung that answered. */
	target: string;
	/** Attempts up to and including the one that answered. */
	attempts: number;
}

/**
 * Where an answer goes. For each call exactly one of these happens, once: `answer`, `fail`, or `begin` followed by
 * any number of `write`s and then `end` or `breakOff`; or nothing at all, when the client left first.
 */
export interface Client {
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

/** A call under way. */
export interface RunningCall {
	/** The client has gone: abort whatever runs for it. */
	leave(): void;
	/** The client can take more after a `write` that returned false. */
	resume(): void;
}

/** An error in OpenAI's shape, with what Breakwater tried. */
export interface FailureReport {
	/** HTTP status. */
	status: number;
	headers: Readonly<Record<string, string>>;
	body: {
		error: { message: string; type: string; param: string | null; code: string };
		failover?: {
			requestId: string;
			profile: string;
			attempts: readonly AttemptReport[];
			denied: readonly DenialReport[];
			/** RFC 3339; when the first rung would grant again. */
			retryAt?: string;
		};
	};
}

export interface AttemptReport {
	target: string;
	credential: string;
	category: string;
	reason: string | null;
	status: number | null;
	milliseconds: number;
}

export interface DenialReport {
	target: string;
	credential: string;
	state: string;
	reason: string;
	/** RFC 3339. */
	retryAt: string;
}

/** How a call went, for logs and other listeners. It holds no word of the caller and none of the provider. */
export interface CallRecord {
	id: string;
	route: string;
	stream: boolean;
	outcome: 'done' | 'failed' | 'aborted';
	/** The stable code of the error, when there was one. */
	code?: string;
	/** Malformed events that were left out of streamed answers. */
	skippedEvents?: number;
	/** The body of the request had to be repaired before it was JSON. */
	repaired?: true;
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
	/** What each provider that told it has counted; an answer that broke may have several, or none. */
	tokens: readonly TokenCount[];
	trace: readonly Step[];
}

/** Tokens as the provider counted them. */
export interface TokenCount {
	target: string;
	input: number;
	output: number;
}

/** A provider's state as the outside sees it. Times are RFC 3339. */
export interface ProviderHealth {
	state: string;
	since: string;
	/** Why it is not closed: `failures`, `hint`, `auth`, `quota`, `operator`, `probing`. */
	reason: string | null;
	/** When it would grant again; null when it does now. */
	retryAt: string | null;
	consecutiveFailures: number;
	/** The results in the window over which the failure rate is taken. */
	recentResults: { total: number; failed: number };
	probesInFlight: number;
	sidelinedModels: Readonly<Record<string, string>>;
	lastFailure: { category: string; reason: string | null; status: number | null; model: string; at: string } | null;
}

/** What an operator's order did. */
export interface OperationResult {
	/** Whether it changed anything; the same order given twice changes nothing the second time. */
	changed: boolean;
	before: ProviderHealth;
	after: ProviderHealth;
}

/** What the http layer needs of the gateway. */
export interface Service {
	readonly profiles: readonly string[];
	readonly targets: readonly { target: string; provider: string }[];
	readonly defaultProfile: string;
	call(call: Call, client: Client): RunningCall;
	health(): Readonly<Record<string, ProviderHealth>>;
	/** Whether each profile could be served at this moment: whether any of its rungs would grant a permit. */
	servable(): Readonly<Record<string, boolean>>;
	/** Whether a provider actor would grant a permit for this model now. */
	grants(credential: string, model: string): boolean;
	/**
	 * An operator's order to one provider actor.
	 * @param provider its id, one of those of `health`
	 * @param by who gave it, for the log: an address
	 */
	operate(provider: string, order: OperatorEvent, by?: string): OperationResult;
}
