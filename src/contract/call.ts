import type { CallRecord } from './call-record.ts';
import type { ClientDialect, ClientRequest } from './dialect.ts';
import type { MemoryShare } from './memory-share.ts';

/** What a client asked for, read and addressed: the contract between whoever takes calls and the gateway. */
export interface Call {
	/** Unique; it is also the `x-breakwater-request-id`. */
	id: string;
	/** The name of a profile, or of a configured target; `models` where the caller names its own chain. */
	route: string;
	/** Configured targets in the caller's own order, which are the chain instead of the route's. */
	targets?: readonly string[] | undefined;
	request: ClientRequest;
	/** How the caller speaks, and wants to be answered. */
	dialect: ClientDialect;
	/** Whether the text had to be repaired before it was JSON. */
	repaired?: boolean | undefined;
	/** The name of the caller, where callers have keys (`server.clients`). */
	client?: string | undefined;
	/** The `X-Request-Id` that the caller gave. It is theirs: it may come twice, so it identifies nothing. */
	clientRequestId?: string | undefined;
	/** Budgets that are spent and have led it to its route: `client 'web'`. Absent for none. */
	spentBudgets?: readonly string[] | undefined;
	/** How long the caller waits for the end of its answer, ms; absent: as long as the policy says. */
	timeoutMs?: number | undefined;
	/** Called once when it is over; without a record where no target was asked. */
	onEnd?: ((record: CallRecord | undefined) => void) | undefined;
	/** Headers of the caller that go to providers, by their names in lower case. */
	headers?: Readonly<Record<string, string>> | undefined;
	/** Where what it holds is counted; absent where nobody bounds that. */
	memory?: MemoryShare | undefined;
}

/** A call under way. */
export interface RunningCall {
	/** The client has gone: abort whatever runs for it. */
	leave(): void;
	/** The client can take more after a `write` that returned false. */
	resume(): void;
}
