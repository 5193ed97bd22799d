import type { LookupFunction } from 'node:net';
import { buildConnector, Client, type Dispatcher, interceptors, Pool } from 'undici';
import type { Protocol, ProviderAccount, ProviderAddress, ProviderDialect } from '../contract/dialect.ts';
import { keyedAddress, type PresentKey } from './keyed-address.ts';
import { LookUps } from './look-ups.ts';
import { type HttpProxy, noProxies, type Proxies } from './proxies.ts';
import type { TlsMaterial } from './tls-files.ts';
import { Trust } from './trust.ts';
import { type Opening, openTunnel } from './tunnel.ts';

/** Where one credential's attempts in one dialect go. */
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
export type Dispatch = (
	request: Dispatcher.DispatchOptions,
	handler: Dispatcher.DispatchHandler,
	lookUp: LookUpListener,
) => Dispatched;

/** Hears of the look-up that a new connection has to wait for; where the name is known, of nothing. */
export interface LookUpListener {
	onLookUpStarted(): void;
	/** It is over, well or badly: the connection is opened now, or fails. */
	onLookUpEnded(): void;
}

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
	readonly protocol: Pick<Protocol, 'address'>;
	readonly dialect: ProviderDialect;
	readonly tls?: TlsMaterial | undefined;
	/** The key, where it is one that is renewed; `apiKey` is not used then. */
	readonly liveKey?: PresentKey | undefined;
}

export interface ConnectionsOptions {
	/** Which proxy leads to an origin; default: none does. */
	proxies?: Proxies | undefined;
	/** Where names are looked up; default: as the system does. */
	lookUps?: LookUps | undefined;
	/**
	 * Called for each connection that is ended because of bytes which belong to no answer, with its origin and whether its
	 * connections were kept until then.
	 */
	onSurplus?: ((origin: string, wasTrusted: boolean) => void) | undefined;
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
	readonly #lookUps: LookUps;
	readonly #connector: Connector;
	/** Whose request is being given a connection. */
	#asking: LookUpListener | undefined;
	/** What is being opened, or was opened last. */
	#opened: Opening | undefined;

	readonly #onSurplus: (origin: string, wasTrusted: boolean) => void;

	/** @param answerLimit bytes of the largest answer that is decoded */
	constructor(
		answerLimit: number,
		{ proxies = noProxies, lookUps = new LookUps(), onSurplus = () => {} }: ConnectionsOptions = {},
	) {
		this.#onSurplus = onSurplus;
		this.#decoding = decompression(answerLimit);
		this.#proxies = proxies;
		this.#lookUps = lookUps;
		this.#connector = this.#connectorWith({});
	}

	endpoint({ provider, protocol, dialect, tls, liveKey, ...account }: EndpointOptions): Endpoint {
		const addressWith = (apiKey: string | undefined) => protocol.address({ ...account, apiKey }, dialect);
		const address = liveKey === undefined ? addressWith(account.apiKey) : keyedAddress(liveKey, addressWith);
		const { dispatch, dispatchAnew } = this.#origin(address.origin, provider, tls);
		return { provider, dialect, address, dispatch, dispatchAnew };
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
		const way = this.#wayTo(origin, tls === undefined ? this.#connector : this.#connectorWith(tls));
		const pool = new Pool(way.to, way.options);
		const decoding = pool.compose(this.#decoding);
		const trust = new Trust(pool, (wasTrusted) => this.#onSurplus(origin, wasTrusted));
		const dispatchAnew: Dispatch = (request, ...heard) => this.#dispatchAnew(way, request, ...heard);
		const dispatch: Dispatch = (request, ...heard) =>
			trust.isGiven ? this.#dispatch(decoding, way.asked(request), ...heard) : dispatchAnew(request, ...heard);
		const made = { pool, dispatch, dispatchAnew };
		this.#origins.set(key, made);
		return made;
	}

	#wayTo(origin: string, connect: Connector): Way {
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
				const told = this.#noting(isTunnelled ? new URL(proxy.origin).hostname : options.hostname, callback);
				this.#opened = isTunnelled
					? openTunnel(proxy, options, { secure: connect, lookup: this.#find }, told)
					: connect(options, told);
			},
		};
		return {
			to: isForwarded ? proxy.origin : origin,
			options,
			asked: (request) => (isForwarded ? forwarded(request, origin, proxy) : request),
		};
	}

	/** One attempt, one connection: a connection that breaks under HTTP/2 would take every stream on it along. */
	#connectorWith(tls: TlsMaterial): Connector {
		return buildConnector({ ...tls, allowH2: false, timeout: 0, lookup: this.#find }) as Connector;
	}

	/** The `lookup` of every connection. Its wait is not the connection's. */
	readonly #find: LookupFunction = (hostname, options, callback) => {
		const asking = this.#asking;
		let isWaiting = false;
		let isFound = false;
		this.#lookUps.find(hostname, options, (...found) => {
			isFound = true;
			if (isWaiting) asking?.onLookUpEnded();
			callback(...found);
		});
		if (isFound) return;
		isWaiting = true;
		asking?.onLookUpStarted();
	};

	#noting(hostname: string, callback: buildConnector.Callback): buildConnector.Callback {
		return (...result) => {
			if (result[0] !== null) this.#lookUps.noteFailedConnection(hostname, result[0]);
			callback(...result);
		};
	}

	#dispatch(
		through: Dispatcher,
		request: Dispatcher.DispatchOptions,
		handler: Dispatcher.DispatchHandler,
		lookUp: LookUpListener,
	): Dispatched {
		// undici can abort a request only once it has a connection. The one it opens for this request it opens
		// before it returns, so it is known whose it is: without this, a host that swallows connections would
		// collect one for each attempt that timed out.
		this.#opened = undefined;
		this.#asking = lookUp;
		try {
			through.dispatch(request, handler);
		} finally {
			this.#asking = undefined;
		}
		const opening = this.#opened as Opening | undefined;
		return {
			isReused: opening === undefined,
			giveUp: () => void opening?.destroy(new Error('breakwater gave up connecting')),
		};
	}

	#dispatchAnew(way: Way, request: Dispatcher.DispatchOptions, ...heard: Heard): Dispatched {
		const client = new Client(way.to, way.options);
		const dispatched = this.#dispatch(client.compose(this.#decoding), way.asked(request), ...heard);
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

type Heard = [handler: Dispatcher.DispatchHandler, lookUp: LookUpListener];

/** undici's connector returns the socket that it opens, which its types do not say. */
type Connector = (...args: Parameters<buildConnector.connector>) => Opening | undefined;

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
