import { buildConnector, type Dispatcher, interceptors, Pool } from 'undici';
import type { ProviderAccount, ProviderAddress, ProviderDialect } from '../contract/dialect.ts';
import { type HttpProxy, noProxies, type Proxies } from './proxies.ts';
import { type Opening, openTunnel } from './tunnel.ts';

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
	readonly #proxies: Proxies;

	/**
	 * @param answerLimit bytes of the largest answer that is decoded
	 * @param proxies which proxy leads to an origin; default: none does
	 */
	constructor(answerLimit: number, proxies: Proxies = noProxies) {
		this.#answerLimit = answerLimit;
		this.#proxies = proxies;
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
		const proxy = this.#proxies(origin);
		// As curl does it: a tunnel where there is TLS to protect, and else a request that the proxy passes on, for most
		// proxies open tunnels to the ports of TLS only.
		const isForwarded = proxy !== undefined && origin.startsWith('http:');
		let opened: Opening | undefined;
		const pool = new Pool(isForwarded ? proxy.origin : origin, {
			// The attempt keeps its own timers, to the millisecond and by phase; these would only be a second opinion.
			headersTimeout: 0,
			bodyTimeout: 0,
			connect: (options, callback) => {
				opened =
					proxy === undefined || isForwarded
						? connect(options, callback)
						: openTunnel(proxy, options, connect, callback);
			},
		});
		const decoding = pool.compose(decompression(this.#answerLimit));
		const dispatch: Dispatch = (request, handler) => {
			// undici can abort a request only once it has a connection. The one it opens for this request it opens
			// before it returns, so it is known whose it is: without this, a host that swallows connections would
			// collect one for each attempt that timed out.
			opened = undefined;
			decoding.dispatch(isForwarded ? forwarded(request, origin, proxy) : request, handler);
			const opening = opened as Opening | undefined;
			return () => opening?.destroy(new Error('breakwater gave up connecting'));
		};
		this.#origins.set(origin, { pool, dispatch });
		return dispatch;
	}
}

/** One attempt, one connection: a connection that breaks under HTTP/2 would take every stream on it along. */
const connector = buildConnector({ allowH2: false, timeout: 60_000 });

/** undici's connector returns the socket that it opens, which its types do not say. */
const connect = connector as (...args: Parameters<typeof connector>) => Opening | undefined;

/** undici reads `servername`, and its types do not say so. */
type ForwardedRequest = Dispatcher.DispatchOptions & { servername: string };

/** RFC 9112, section 3.2.2: a proxy is asked for the whole address, and told apart who it is that asks. */
function forwarded(request: Dispatcher.DispatchOptions, origin: string, proxy: HttpProxy): ForwardedRequest {
	const headers = [...(request.headers as string[]), 'host', new URL(origin).host];
	if (proxy.authorization !== undefined) headers.push('proxy-authorization', proxy.authorization);
	// Over TLS the certificate is the proxy's, and not that of the host in the headers.
	return { ...request, path: `${origin}${request.path}`, headers, servername: new URL(proxy.origin).hostname };
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
