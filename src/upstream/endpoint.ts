import { type Dispatcher, interceptors, Pool } from 'undici';

/** Where one credential's attempts go. */
export interface Endpoint {
	/** The provider's name in the configuration. */
	provider: string;
	dispatcher: Dispatcher;
	/** `/v1/chat/completions`, with the query of the base URL. */
	path: string;
	/** The headers of every request, the key among them: name, value, name, value… */
	headers: readonly string[];
}

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
	readonly #pools = new Map<string, Dispatcher>();
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
			dispatcher: this.#dispatcher(url.origin),
			path,
			headers: Object.entries(requestHeaders(options)).flat(),
		};
	}

	/** Ends at once, whatever is still running. */
	async close(): Promise<void> {
		await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
	}

	#dispatcher(origin: string): Dispatcher {
		const existing = this.#pools.get(origin);
		if (existing !== undefined) return existing;
		const pool = new Pool(origin, {
			// The attempt keeps its own timers, to the millisecond and by phase; these would only be a second opinion.
			headersTimeout: 0,
			bodyTimeout: 0,
			connect: { timeout: 60_000 },
			// One attempt, one connection: a connection that breaks under HTTP/2 would take every stream on it along.
			allowH2: false,
		});
		const decoding = pool.compose(decompression(this.#answerLimit));
		this.#pools.set(origin, decoding);
		return decoding;
	}
}

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
