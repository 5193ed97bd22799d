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
	/** The `X-Request-Id` that the caller gave. It is theirs: it may come twice, so it identifies nothing. */
	clientRequestId?: string | undefined;
}

export interface RunningCall {
	/** The client has gone: abort whatever runs for it. */
	leave(): void;
	/** The client can take more after a `write` that returned false. */
	resume(): void;
}
