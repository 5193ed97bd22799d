import { BlockList, isIP, isIPv6 } from 'node:net';
import { type Dispatcher, ProxyAgent } from 'undici';
import { isLoopback } from '../values/loopback.ts';
import { UserError } from '../values/user-error.ts';
import type { TlsMaterial } from './tls-files.ts';

/** An HTTP proxy, as a variable names it. */
export interface HttpProxy {
	/** The variable that names it: `HTTPS_PROXY`. */
	readonly variable: string;
	/** `http://proxy.example.com:3128`, without a name and a password. */
	readonly origin: string;
	/** What `proxy-authorization` says; undefined where the address has no name. */
	readonly authorization: string | undefined;
}

/** Which proxy leads to an address. */
export type Proxies = (url: string) => HttpProxy | undefined;

type Variables = Readonly<Record<string, string | undefined>>;

/** Nothing goes through a proxy. */
export const noProxies: Proxies = () => undefined;

/**
 * The proxies of an environment, as curl reads them: `https_proxy` for https addresses, `http_proxy` for http ones, each in
 * small letters or capitals, `all_proxy` where its own is not set, and `no_proxy` for the addresses that need none: names
 * with all that ends in them, addresses, networks (`10.0.0.0/8`), each perhaps with a port, or `*`. What is on this machine
 * never goes through one.
 * @param environment such as `process.env`
 * @returns a function that throws a UserError where the proxy for an address cannot be used
 */
export function readProxies(environment: Variables): Proxies {
	const isExempt = exemptions(variableNamed(environment, 'no_proxy')?.value ?? '');
	return (url) => {
		const { protocol, hostname, port } = new URL(url);
		const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
		const named =
			variableNamed(environment, protocol === 'https:' ? 'https_proxy' : 'http_proxy') ??
			variableNamed(environment, 'all_proxy');
		if (named === undefined || isOnThisMachine(host)) return undefined;
		if (isExempt(host, port || (protocol === 'https:' ? '443' : '80'))) return undefined;
		return proxyOf(named.variable, named.value);
	};
}

/**
 * Sends single requests through a proxy, for those who keep no connections of their own.
 * @param tls what the connection inside of a tunnel is made with
 */
export function proxyAgent({ origin, authorization }: HttpProxy, tls: TlsMaterial = {}): Dispatcher {
	return new ProxyAgent({
		uri: origin,
		proxyTunnel: false,
		requestTls: tls,
		...(authorization !== undefined && { token: authorization }),
	});
}

function variableNamed(environment: Variables, name: string): { variable: string; value: string } | undefined {
	return [name, name.toUpperCase()]
		.map((variable) => ({ variable, value: environment[variable]?.trim() ?? '' }))
		.find(({ value }) => value !== '');
}

/** @throws UserError without the address, which may hold a password */
function proxyOf(variable: string, value: string): HttpProxy {
	const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
	const help = `write for example http://proxy.example.com:3128, or name the providers in NO_PROXY`;
	if (!URL.canParse(address))
		throw new UserError(`The environment variable ${variable} is no address of a proxy; ${help}.`);
	const { protocol, hostname, origin, username, password } = new URL(address);
	if (protocol !== 'http:' && protocol !== 'https:') {
		const kind = protocol.slice(0, -1);
		throw new UserError(
			`The environment variable ${variable} names a ${kind} proxy, and providers are reached through HTTP proxies only; ${help}.`,
		);
	}
	if (hostname === '') throw new UserError(`The environment variable ${variable} names no host; ${help}.`);
	const pair = `${decoded(username)}:${decoded(password)}`;
	const authorization = username === '' ? undefined : `Basic ${Buffer.from(pair).toString('base64')}`;
	return { variable, origin, authorization };
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

function isOnThisMachine(host: string): boolean {
	if (isIP(host) === 0) return host === 'localhost' || host.endsWith('.localhost');
	return isLoopback(host) || host === '0.0.0.0' || host === '::';
}

type Exemption = (host: string, port: string) => boolean;

function exemptions(text: string): Exemption {
	const entries = text
		.toLowerCase()
		.split(/[\s,]+/)
		.filter((entry) => entry !== '');
	const all = entries.map(exemption);
	return (host, port) => all.some((isExempt) => isExempt(host, port));
}

function exemption(entry: string): Exemption {
	if (entry === '*') return () => true;
	const [, network = '', bits] = /^\[?([\d.:a-f]+)\]?\/(\d+)$/.exec(entry) ?? [];
	if (isIP(network) !== 0) return within(network, Number(bits));
	// An IPv6 address has colons of its own: its port stands behind its brackets.
	const [, name = '', port] = isIPv6(entry) ? [entry, entry] : (/^(.*?)(?::(\d+))?$/.exec(entry) ?? []);
	const host = name
		.replace(/^\[|\]$/g, '')
		.replace(/^\*?\./, '')
		.replace(/\.$/, '');
	return (asked, askedPort) =>
		(port === undefined || port === askedPort) && (asked === host || (isIP(asked) === 0 && asked.endsWith(`.${host}`)));
}

function within(network: string, bits: number): Exemption {
	const list = new BlockList();
	try {
		list.addSubnet(network, bits, isIPv6(network) ? 'ipv6' : 'ipv4');
	} catch {
		return () => false;
	}
	return (host) => isIP(host) !== 0 && list.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}
