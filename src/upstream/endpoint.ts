import { Socket } from 'node:net';
import { buildConnector, type Dispatcher, interceptors, Pool } from 'undici';
import type { ProviderAccount, ProviderAddress, ProviderDialect } from '../contract/dialect.ts';

/** Where one credential's attempts go, and how they speak. */
export interface Endpoint {
	/** The provider's name in the configuration. */
	readonly provider: string;
	readonly dialect: ProviderDialect;
	readonly address: ProviderAddress;
	readonly dispatch: Dispatch;
}

/**
 * Sends one request and tells the handler of it.
 * @returns gives up the connection that is being opened for the request; to be called only until the handler's
 *   `onRequestStart`, from where on its controller aborts
 */
export type Dispatch = (request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => () => void;

export interface EndpointOptions extends ProviderAccount {
	readonly provider: string;
	readonly dialect: ProviderDialect;
}

/** One connection pool per origin, shared by every provider and credential behind it. */
export class Connections {
	readonly #origins = new Map<string, { pool: Pool; dispatch: Dispatch }>();
	readonly #answerLimit: number;

	/** @param answerLimit bytes of the largest answer that is decoded */
	constructor(answerLimit: number) {
		this.#answerLimit = answerLimit;
	}

	endpoint({ provider, dialect, ...account }: EndpointOptions): Endpoint {
		const dispatch = this.#dispatch(new URL(account.baseUrl).origin);
		return { provider, dialect, address: dialect.address(account), dispatch };
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
