import { buildConnector, Client, type Dispatcher, interceptors, Pool } from 'undici';
import type { ProviderAccount, ProviderAddress, ProviderDialect } from '../contract/dialect.ts';
import { type HttpProxy, noProxies, type Proxies } from './proxies.ts';
import type { TlsMaterial } from './tls-files.ts';
import { type Opening, openTunnel } from './tunnel.ts';

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
	readonly tls?: TlsMaterial | undefined;
}

/**
 * One connection pool per origin, shared by every provider and credential behind it; but for one with certificates of its
 * own, whose connections are nobody else's.
 */
export class Connections {
	readonly #origins = new Map<string, { pool: Pool } & Pick<Endpoint, 'dispatch' | 'dispatchAnew'>>();
	/** Connections of one request each, while it runs. */
	readonly #single = new Set<Client>();
	readonly #decoding: Dispatcher.DispatcherComposeInterceptor;
	readonly #proxies: Proxies;
	/** What is being opened, or was opened last. */
	#opened: Opening | undefined;

	/**
	 * @param answerLimit bytes of the largest answer that is decoded
	 * @param proxies which proxy leads to an origin; default: none does
	 */
	constructor(answerLimit: number, proxies: Proxies = noProxies) {
		this.#decoding = decompression(answerLimit);
		this.#proxies = proxies;
	}

	endpoint({ provider, dialect, tls, ...account }: EndpointOptions): Endpoint {
		const { dispatch, dispatchAnew } = this.#origin(new URL(account.baseUrl).origin, provider, tls);
		return { provider, dialect, address: dialect.address(account), dispatch, dispatchAnew };
	}

	/** Ends at once, whatever is still running. */
	async close(): Promise<void> {
		const pools = [...this.#origins.values()].map(({ pool }) => pool);
		await Promise.all([...pools, ...this.#single].map((dispatcher) => dispatcher.destroy()));
	}

	#origin(origin: string, provider: string, tls: TlsMaterial | undefined) {
		const key = tls === undefined ? origin : `${origin} ${provider}`;
		const existing = this.#origins.get(key);
		if (existing !== undefined) return existing;
		const way = this.#wayTo(origin, tls === undefined ? connect : connectorWith(tls));
		const pool = new Pool(way.to, way.options);
		const decoding = pool.compose(this.#decoding);
		const dispatch: Dispatch = (request, handler) => this.#dispatch(decoding, way.asked(request), handler);
		const dispatchAnew: Dispatch = (request, handler) => this.#dispatchAnew(way, request, handler);
		const made = { pool, dispatch, dispatchAnew };
		this.#origins.set(key, made);
		return made;
	}

	#wayTo(origin: string, connect: Connect): Way {
		const proxy = this.#proxies(origin);
		// As curl does it: a tunnel where there is TLS to protect, and else a request that the proxy passes on, for most
		// proxies open tunnels to the ports of TLS only.
		const isForwarded = proxy !== undefined && origin.startsWith('http:');
		const isTunnelled = proxy !== undefined && !isForwarded;
		const options: Client.Options = {
			// The attempt keeps its own timers, to the millisecond and by phase; these would only be a second opinion.
			headersTimeout: 0,
			bodyTimeout: 0,
			connect: (options, callback) => {
				this.#opened = isTunnelled ? openTunnel(proxy, options, connect, callback) : connect(options, callback);
			},
		};
		return {
			to: isForwarded ? proxy.origin : origin,
			options,
			asked: (request) => (isForwarded ? forwarded(request, origin, proxy) : request),
		};
	}

	#dispatch(through: Dispatcher, ...sent: Parameters<Dispatch>): Dispatched {
		// undici can abort a request only once it has a connection. The one it opens for this request it opens
		// before it returns, so it is known whose it is: without this, a host that swallows connections would
		// collect one for each attempt that timed out.
		this.#opened = undefined;
		through.dispatch(...sent);
		const opening = this.#opened as Opening | undefined;
		return {
			isReused: opening === undefined,
			giveUp: () => void opening?.destroy(new Error('breakwater gave up connecting')),
		};
	}

	#dispatchAnew(way: Way, request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): Dispatched {
		const client = new Client(way.to, way.options);
		const dispatched = this.#dispatch(client.compose(this.#decoding), way.asked(request), handler);
		this.#single.add(client);
		// Waits for the one request that it was opened for.
		void client.close().finally(() => this.#single.delete(client));
		return dispatched;
	}
}

/** How an origin is reached: directly, through a tunnel, or by a proxy that passes requests on. */
interface Way {
	/** Where connections go. */
	readonly to: string;
	readonly options: Client.Options;
	/** What a request looks like on such a connection. */
	asked(request: Dispatcher.DispatchOptions): Dispatcher.DispatchOptions;
}

/** One attempt, one connection: a connection that breaks under HTTP/2 would take every stream on it along. */
function connectorWith(tls: TlsMaterial): Connect {
	return buildConnector({ ...tls, allowH2: false, timeout: 60_000 }) as Connect;
}

/** undici's connector returns the socket that it opens, which its types do not say. */
type Connect = (...args: Parameters<buildConnector.connector>) => Opening | undefined;

const connect = connectorWith({});

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
