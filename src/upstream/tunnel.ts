import { request as requestHttp } from 'node:http';
import { type RequestOptions, request as requestHttps } from 'node:https';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import type { buildConnector } from 'undici';
import type { HttpProxy } from './proxies.ts';

/** A connection that is being opened, or has been: until it is handed over, it can be given up. */
export interface Opening {
	destroy(error: Error): unknown;
}

type Secure = (options: buildConnector.Options, callback: buildConnector.Callback) => unknown;

/** The proxy did not lead to the provider. `code` is what it said (`PROXY_407`), or why it said nothing (`PROXY_ECONNREFUSED`). */
export class ProxyError extends Error {
	readonly code: string;
	readonly host: string;
	readonly port: number;

	constructor(what: string, { hostname, port }: { hostname: string; port: number }, cause?: Error) {
		super(`no way through the proxy: ${what}`, { cause });
		this.name = 'ProxyError';
		this.code = `PROXY_${what}`;
		this.host = hostname;
		this.port = port;
	}
}

/**
 * Opens a connection to a provider through an HTTP proxy: asks for a tunnel (RFC 9110, section 9.3.6), and speaks TLS with the
 * provider itself, so that the proxy sees its name and neither a key nor a prompt.
 * @param by `secure` makes the connection inside of the tunnel, `lookup` finds the proxy
 * @returns what is being opened, as far as it has come
 */
export function openTunnel(
	proxy: HttpProxy,
	options: buildConnector.Options,
	{ secure, lookup }: { secure: Secure; lookup: LookupFunction },
	callback: buildConnector.Callback,
): Opening {
	const { protocol, hostname, port } = addressOf(proxy);
	const target = options.port ? (options.host ?? options.hostname) : `${options.host ?? options.hostname}:443`;
	const asked: RequestOptions = {
		method: 'CONNECT',
		host: hostname,
		port,
		path: target,
		headers: { host: target, ...(proxy.authorization && { 'proxy-authorization': proxy.authorization }) },
		agent: false,
		lookup,
		// Else Node would expect the certificate of the host that the header names.
		servername: isIP(hostname) === 0 ? hostname : '',
	};
	const request = (protocol === 'https:' ? requestHttps : requestHttp)(asked);
	let inner: unknown;
	request.on('connect', ({ statusCode = 0 }, socket: Socket) => {
		if (statusCode < 200 || statusCode > 299) {
			socket.on('error', () => {}).destroy();
			callback(new ProxyError(String(statusCode), { hostname, port }), null);
			return;
		}
		inner = secure({ ...options, httpSocket: socket }, callback);
	});
	request.on('error', (error: NodeJS.ErrnoException) => {
		callback(error === givenUp ? error : new ProxyError(error.code ?? 'ERROR', { hostname, port }, error), null);
	});
	let givenUp: Error | undefined;
	request.end();
	return {
		destroy(error) {
			givenUp = error;
			const socket = inner as Opening | undefined;
			return socket === undefined ? request.destroy(error) : socket.destroy(error);
		},
	};
}

function addressOf({ origin }: HttpProxy): { protocol: string; hostname: string; port: number } {
	const { protocol, hostname, port } = new URL(origin);
	const standard = protocol === 'https:' ? 443 : 80;
	return { protocol, hostname: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? standard : Number(port) };
}
