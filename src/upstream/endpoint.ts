import { Socket } from 'node:net';
import { buildConnector, type Dispatcher, interceptors, Pool } from 'undici';

/** Where one credential's attempts go. */
export interface Endpoint {
	/** The provider's name in the configuration. */
	provider: string;
	dispatch: Dispatch;
	/** `/v1/chat/completions`, with the query of the base URL. */
	path: string;
	/** The headers of every request for an answer of this kind, the key among them: name, value, name, value… */
	headers: Readonly<Record<'document' | 'stream', readonly string[]>>;
}

/**
 * Sends one request and tells the handler of it.
 * @returns gives up the connection that is being opened for the request; to be called only until the handler's
 *   `onRequestStart`, from where on its controller aborts
 */
export type Dispatch = (request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => () => void;

export interface EndpointOptions {
	provider: string;
	/** `https://api.openai.com/v1`. */
	baseUrl: string;
	apiKey?: string | undefined;
	/** Names in lower case; they win over what is sent by default. */
	headers: Readonly<Record<string, string>>;
}

/** One connection pool per origin, shared by every provider and credential behind it. */
export class Connections {
	readonly #origins = new Map<string, { pool: Pool; dispatch: Dispatch }>();
	readonly #answerLimit: number;

	/** @param answerLimit bytes of the largest answer that is decoded */
	constructor(answerLimit: number) {
		this.#answerLimit = answerLimit;
	}

	endpoint(options: EndpointOptions): Endpoint {
		const url = new URL(options.baseUrl);
		const path = `${url.pathname.replace(/\/+$/, '')}/chat/completions${url.search}`;
		return {
			provider: options.provider,
			dispatch: this.#dispatch(url.origin),
			path,
			headers: {
				document: Object.entries({ ...documentHeaders, ...requestHeaders(options) }).flat(),
				stream: Object.entries({ ...streamHeaders, ...requestHeaders(options) }).flat(),
			},
		};
	}

	/** Ends at once, whatever is still running. */
	async close(): Promise<void> {
		await Promise.all([...this.#origins.values()].map(({ pool }) => pool.destroy()));
	}

	#dispatch(origin: string): Dispatch {
		const existing = this.#origins.get(origin);
		if (existing !== undefined) return existing.dispatch;
		let opened: unknown;
		const pool = new Pool(origin, {
			// The attempt keeps its own timers, to the millisecond and by phase; these would only be a second opinion.
			headersTimeout: 0,
			bodyTimeout: 0,
			connect: (options, callback) => {
				opened = connect(options, callback);
			},
		});
		const decoding = pool.compose(decompression(this.#answerLimit));
		const dispatch: Dispatch = (request, handler) => {
			// undici can abort a request only once it has a connection. The one it opens for this request it opens
			// before it returns, so it is known whose it is: without this, a host that swallows connections would
			// collect one for each attempt that timed out.
			opened = undefined;
			decoding.dispatch(request, handler);
			const socket = opened;
			return () => {
				if (socket instanceof Socket) socket.destroy(new Error('breakwater gave up connecting'));
			};
		};
		this.#origins.set(origin, { pool, dispatch });
		return dispatch;
	}
}

/** One attempt, one connection: a connection that breaks under HTTP/2 would take every stream on it along. */
const connect = buildConnector({ allowH2: false, timeout: 60_000 });

const documentHeaders = { accept: 'application/json', 'accept-encoding': 'gzip, deflate, br' };
/** Compressed streams tend to be held back until a block is full. */
const streamHeaders = { accept: 'text/event-stream', 'accept-encoding': 'identity' };

function requestHeaders({ apiKey, headers }: EndpointOptions): Record<string, string> {
	const authorization = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
	return {
		'content-type': 'application/json',
		'user-agent': 'breakwater',
		...authorization,
		...headers,
	};
}

/** undici announces once per process that this interceptor may change; the lock file pins it, and no user can act on it. */
function decompression(maxSize: number) {
	const { emitWarning } = process;
	process.emitWarning = () => {};
	try {
		return interceptors.decompress({ skipErrorResponses: false, maxSize });
	} finally {
		process.emitWarning = emitWarning;
	}
}
