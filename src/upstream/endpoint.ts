import { Socket } from 'node:net';
import { buildConnector, Client, type Dispatcher, interceptors, Pool } from 'undici';
import type { ProviderAccount, ProviderAddress, ProviderDialect } from '../contract/dialect.ts';

/** Where one credential's attempts go, and how they speak. */
export interface Endpoint {
	/** The provider's name in the configuration. */
	readonly provider: string;
	readonly dialect: ProviderDialect;
	readonly address: ProviderAddress;
	/** On any connection that is free, or on a new one. */
	readonly dispatch: Dispatch;
	/** On a new connection, which no other request gets. */
	readonly dispatchAnew: Dispatch;
}

/** Sends one request and tells the handler of it. */
export type Dispatch = (request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => Dispatched;

export interface Dispatched {
	/** The request was given a connection that stood already. */
	readonly isReused: boolean;
	/**
	 * Gives up the connection that is being opened for the request; to be called only until the handler's
	 * `onRequestStart`, from where on its controller aborts.
	 */
	giveUp(): void;
}

export interface EndpointOptions extends ProviderAccount {
	readonly provider: string;
	readonly dialect: ProviderDialect;
}

/** One connection pool per origin, shared by every provider and credential behind it. */
export class Connections {
	readonly #origins = new Map<string, { pool: Pool } & Pick<Endpoint, 'dispatch' | 'dispatchAnew'>>();
	/** Connections of one request each, while it runs. */
	readonly #single = new Set<Client>();
	readonly #decoding: Dispatcher.DispatcherComposeInterceptor;
	/** The connection that was opened last. */
	#opened: unknown;

	/** @param answerLimit bytes of the largest answer that is decoded */
	constructor(answerLimit: number) {
		this.#decoding = decompression(answerLimit);
	}

	endpoint({ provider, dialect, ...account }: EndpointOptions): Endpoint {
		const { dispatch, dispatchAnew } = this.#origin(new URL(account.baseUrl).origin);
		return { provider, dialect, address: dialect.address(account), dispatch, dispatchAnew };
	}

	/** Ends at once, whatever is still running. */
	async close(): Promise<void> {
		const pools = [...this.#origins.values()].map(({ pool }) => pool);
		await Promise.all([...pools, ...this.#single].map((dispatcher) => dispatcher.destroy()));
	}

	#origin(origin: string) {
		const existing = this.#origins.get(origin);
		if (existing !== undefined) return existing;
		const pool = new Pool(origin, this.#options);
		const decoding = pool.compose(this.#decoding);
		const dispatch: Dispatch = (request, handler) => this.#dispatch(decoding, request, handler);
		const dispatchAnew: Dispatch = (request, handler) => this.#dispatchAnew(origin, request, handler);
		const made = { pool, dispatch, dispatchAnew };
		this.#origins.set(origin, made);
		return made;
	}

	get #options(): Client.Options {
		return {
			// The attempt keeps its own timers, to the millisecond and by phase; these would only be a second opinion.
			headersTimeout: 0,
			bodyTimeout: 0,
			connect: (options, callback) => {
				this.#opened = connect(options, callback);
			},
		};
	}

	#dispatch(through: Dispatcher, ...sent: Parameters<Dispatch>): Dispatched {
		// undici can abort a request only once it has a connection. The one it opens for this request it opens
		// before it returns, so it is known whose it is: without this, a host that swallows connections would
		// collect one for each attempt that timed out.
		this.#opened = undefined;
		through.dispatch(...sent);
		const socket = this.#opened;
		return {
			isReused: socket === undefined,
			giveUp: () => {
				if (socket instanceof Socket) socket.destroy(new Error('breakwater gave up connecting'));
			},
		};
	}

	#dispatchAnew(origin: string, ...sent: Parameters<Dispatch>): Dispatched {
		const client = new Client(origin, this.#options);
		const dispatched = this.#dispatch(client.compose(this.#decoding), ...sent);
		this.#single.add(client);
		// Waits for the one request that it was opened for.
		void client.close().finally(() => this.#single.delete(client));
		return dispatched;
	}
}

/** One attempt, one connection: a connection that breaks under HTTP/2 would take every stream on it along. */
const connect = buildConnector({ allowH2: false, timeout: 60_000 });

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
