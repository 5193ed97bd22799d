import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface ReceivedRequest {
	method: string;
	/** With the query, as on the request line: `/v1/chat/completions`. */
	path: string;
	headers: IncomingHttpHeaders;
	text: string;
	/** The parsed body; undefined when it is not JSON. */
	json: unknown;
}

export type Bytes = string | Uint8Array;

/** One request and every way to answer it. A behaviour that wraps another may replace `write` and `end`. */
export interface Exchange {
	request: ReceivedRequest;
	response: ServerResponse;
	socket: Socket;
	/** The connection has carried a request before. */
	isReused: boolean;
	/** Aborted when the exchange is over, whoever ended it: nothing may be waited for after that. */
	over: AbortSignal;
	/** Sends a piece of the body; the first sends status and headers too. Resolves when the kernel has it. */
	write(piece: Bytes): Promise<void>;
	/** Ends the answer properly. The only piece of a body gets a right content-length. */
	end(piece?: Bytes): Promise<void>;
	/** Drops the connection: `fin` after what was written, `rst` at once. Not counted as `aborted`. */
	hangUp(how: 'fin' | 'rst'): void;
}

export type Behaviour = (exchange: Exchange) => void | Promise<void>;

/** Turns a call with a node callback into a promise. */
export function settle(start: (done: (error?: Error | null) => void) => void): Promise<void> {
	return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}
