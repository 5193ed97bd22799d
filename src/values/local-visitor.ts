import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback } from './loopback.ts';

/**
 * Who asks. Where from is told by the socket: anybody can write a header that names another place. Browsers have long
 * spoken no HTTP older than 1.1, while nginx asks with 1.0 where it is told nothing else.
 */
export type Visitor = Pick<IncomingMessage, 'socket' | 'headers' | 'httpVersion'>;

const loopbackName = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * What proxies write into what they pass on, each in its own way: nginx, Apache, Envoy, HAProxy, Caddy and Traefik, load
 * balancers and tunnels. One that is told to write nothing is not seen.
 */
const proxySign =
	/^(forwarded|via|cdn-loop|true-client-ip|client-ip|x-(real|client|cluster-client|remote)-ip|x-(forwarded|original|envoy|amzn|azure|google|cloud-trace|arr|appengine|proxy|proxyuser|scheme|url-scheme|https)\b.*|x-remote-addr|x-host|(cf|fly|fastly|tailscale|ngrok|akamai|x-akamai|x-vercel|x-nf|do)-.+)$/;

/**
 * Whether somebody looks from this machine, by one of its loopback names, and so needs no key. The name is checked
 * because a stranger's page can have its own name point here (DNS rebinding), and then read along; what a proxy passed
 * on may come from anywhere.
 */
export function isLocalVisitor({ socket, headers, httpVersion }: Visitor): boolean {
	const isForwarded = httpVersion === '1.0' || Object.keys(headers).some((name) => proxySign.test(name));
	return isLoopback(socket.remoteAddress) && !isForwarded && loopbackName.test(headers.host ?? '');
}

const containersNameOfThisMachine = 'host.docker.internal';

/**
 * Whether the `Host` of a request names this machine: a loopback name or address, the name that containers have for it,
 * or one of its own. No public name is among them, so that no page can have its own name point here (DNS rebinding).
 * @param host as the header has it, with or without a port
 * @param ownNames further names of this machine, in small letters, without a port
 */
export function namesThisMachine(host: string, ownNames: ReadonlySet<string>): boolean {
	if (loopbackName.test(host)) return true;
	const name = host.replace(/:\d+$/, '').toLowerCase();
	return name === containersNameOfThisMachine || ownNames.has(name) || isLoopbackAddress(name);
}

function isLoopbackAddress(name: string): boolean {
	const bare = name.replace(/^\[(.*)\]$/, '$1');
	return isIP(bare) !== 0 && isLoopback(bare);
}

/**
 * Whether a browser says that another page than the inspector's own asks, which has no business here: also one on
 * another port of this machine, which to a browser is the same site.
 */
export function isForeignPage({ headers }: Pick<Visitor, 'headers'>): boolean {
	const site = headers['sec-fetch-site'];
	return site !== undefined && site !== 'same-origin' && site !== 'none';
}
