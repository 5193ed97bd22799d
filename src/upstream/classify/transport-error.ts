import type { Category } from '../../../machines/failure.ts';
import type { Classified } from './error-answer.ts';

interface TransportFault {
	category: Category;
	reason?: string;
	/** A clause about the provider, without its full stop. */
	says: string;
}

const refused: TransportFault = {
	category: 'NETWORK_ERROR',
	reason: 'refused',
	says: 'The provider refused the connection',
};
const reset: TransportFault = { category: 'NETWORK_ERROR', reason: 'reset', says: 'The provider reset the connection' };
const closed: TransportFault = {
	category: 'NETWORK_ERROR',
	reason: 'closed',
	says: 'The connection closed before the answer was complete',
};
const dns: TransportFault = {
	category: 'NETWORK_ERROR',
	reason: 'dns',
	says: "The provider's host name could not be resolved",
};
const tls: TransportFault = {
	category: 'NETWORK_ERROR',
	reason: 'tls',
	says: 'No secure connection to the provider could be made',
};
const unreachable: TransportFault = {
	category: 'NETWORK_ERROR',
	reason: 'unreachable',
	says: 'The network has no way to the provider',
};
const proxy: TransportFault = {
	category: 'NETWORK_ERROR',
	reason: 'proxy',
	says: 'The proxy that HTTPS_PROXY names did not connect to the provider',
};
const local: TransportFault = {
	category: 'NETWORK_ERROR',
	reason: 'local',
	says: 'This machine has no file descriptor, port or memory left for a connection',
};
const proxyRefused: TransportFault = {
	category: 'UNKNOWN_TRANSIENT',
	reason: 'intermediary',
	says: 'The proxy on the way did not open a tunnel to the provider',
};
const network: TransportFault = { category: 'NETWORK_ERROR', says: 'The connection to the provider failed' };
const connectTimeout: TransportFault = {
	category: 'TIMEOUT',
	reason: 'connect',
	says: 'The provider did not accept a connection in time',
};
const firstTokenTimeout: TransportFault = {
	category: 'TIMEOUT',
	reason: 'first_token',
	says: 'The provider did not begin to answer in time',
};
const idleTimeout: TransportFault = { category: 'TIMEOUT', reason: 'idle', says: 'The provider stopped answering' };
const timeout: TransportFault = { category: 'TIMEOUT', says: 'The provider did not answer in time' };
const malformed: TransportFault = {
	category: 'SERVER_ERROR',
	reason: 'malformed',
	says: "The provider's answer was damaged on the way or is not HTTP",
};
const tooLarge: TransportFault = {
	category: 'SERVER_ERROR',
	reason: 'too_large',
	says: "The provider's answer is larger than allowed",
};
const unknown: TransportFault = {
	category: 'UNKNOWN_TRANSIENT',
	says: 'The attempt failed for a reason that has no name here',
};

/** Error codes of Node, OpenSSL, zlib, llhttp and undici; first match wins. */
const byCode: readonly (readonly [RegExp, TransportFault])[] = [
	// Before all others: on the way to a proxy and while a name is looked up, this machine runs out of the same things.
	[/^(?:PROXY_)?(?:EMFILE|ENFILE|ENOBUFS|ENOMEM|EADDRNOTAVAIL|EADDRINUSE|EAI_MEMORY|Z_MEM_ERROR)$/, local],
	[/^ERR_(?:MEMORY_ALLOCATION_FAILED|OUT_OF_MEMORY|(?:SSL|OSSL)_.*MALLOC_FAILURE)$/, local],
	[/^PROXY_/, proxy],
	[/^ECONNREFUSED$/, refused],
	[/^(?:ECONNRESET|ECONNABORTED|EPIPE|ERR_HTTP2_.*)$/, reset],
	[/^(?:ENOTFOUND|EAI_.*|ENODATA|ESERVFAIL|ETIMEOUT|EBADNAME)$/, dns],
	[/^(?:ENETUNREACH|EHOSTUNREACH|ENETDOWN|EHOSTDOWN|EACCES|EPERM)$/, unreachable],
	[/^(?:UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT)$/, connectTimeout],
	[/^UND_ERR_HEADERS_TIMEOUT$/, firstTokenTimeout],
	[/^UND_ERR_BODY_TIMEOUT$/, idleTimeout],
	[/^UND_ERR_RES_EXCEEDED_MAX_SIZE$/, tooLarge],
	[/^(?:UND_ERR_RES_CONTENT_LENGTH_MISMATCH|UND_ERR_HEADERS_OVERFLOW|HPE_.*)$/, malformed],
	[/^(?:Z_.*|ZSTD_.*|ERR__ERROR_.*|ERR_(?:ZLIB|BROTLI|ZSTD|PADDING).*|ERR_TRAILING_JUNK_AFTER_STREAM_END)$/, malformed],
	[/^(?:EPROTO|UND_ERR_PRX_TLS|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE)|PATH_LENGTH_EXCEEDED)$/, tls],
	[/^ERR_(?:TLS|SSL|OSSL)_|CERT|^(?:UNABLE_TO|CRL_)/, tls],
	[/^(?:UND_ERR_SOCKET|UND_ERR_CLOSED|UND_ERR_DESTROYED|ERR_STREAM_PREMATURE_CLOSE)$/, closed],
	[/^UND_ERR_PRX_CONN$/, network],
];

/** For errors without a code: what undici's fetch and Node's streams say, and the names of aborted timers. */
const byText: readonly (readonly [RegExp, TransportFault])[] = [
	// V8, WebAssembly and OpenSSL have no code for it, and wrappers lose the code of others.
	[/\b(?:EMFILE|ENFILE|ENOBUFS|ENOMEM|EADDRNOTAVAIL)\b|too many open files|no buffer space available/i, local],
	[/out of memory|cannot allocate memory|allocation failed|could not allocate|malloc failure/i, local],
	[/\bTimeoutError\b/, timeout],
	// undici's own checks, unlike llhttp's, carry no code.
	[/\bHTTPParserError\b/, malformed],
	[/\b(?:terminated|other side closed|premature close|socket hang up|aborted by (?:the )?peer)\b/i, closed],
	[/\bProxy response \(\d{1,3}\) !== 200\b/, proxyRefused],
	[/\bfetch failed\b/i, network],
];

/** An error's causes are a handful; a cycle must not hold us. */
const maxErrors = 32;

/**
 * What an error of undici, Node's sockets, TLS, DNS or a decompressor means. Looks into `cause` chains and
 * `AggregateError`s (one error for each address that was tried). Never throws.
 * @param error whatever was thrown
 * @returns the failure without a status or a hint, and a sentence of ours that names the code and, where known, the host
 */
export function classifyTransportError(error: unknown): Classified {
	const errors = errorsIn(error);
	const found = errors.flatMap((candidate) => {
		const verdict = verdictOn(candidate);
		return verdict === undefined ? [] : [{ verdict, candidate }];
	});
	const best =
		found.find(({ verdict, candidate }) => verdict === local && !isOfOneAddress(candidate)) ??
		// "Closed" is what a wrapper says of any cause, and "unreachable" what a host without IPv6 says of the first address.
		found.find(({ verdict }) => !vague.has(verdict)) ??
		found.find(({ verdict }) => verdict !== closed && verdict !== network) ??
		found[0];
	const { category, reason, says } = best?.verdict ?? unknown;
	const details = detailsOf(best?.candidate ?? errors[0] ?? {});
	return { failure: { category, reason }, message: `${says}${details === '' ? '' : ` (${details})`}.` };
}

const vague: ReadonlySet<TransportFault> = new Set([closed, unreachable, local, network]);

/** What a host without IPv6 says of such an address. The other local faults keep it from asking at any address. */
function isOfOneAddress(error: object): boolean {
	return textProperty(error, 'code') === 'EADDRNOTAVAIL';
}

function errorsIn(error: unknown): object[] {
	const queue: unknown[] = [error];
	const errors = new Set<object>();
	for (const candidate of queue) {
		if (typeof candidate !== 'object' || candidate === null) continue;
		errors.add(candidate);
		if (queue.length > maxErrors) continue;
		queue.push(property(candidate, 'cause'));
		const members = property(candidate, 'errors');
		if (Array.isArray(members)) queue.push(...members.slice(0, maxErrors));
	}
	return [...errors];
}

function verdictOn(error: object): TransportFault | undefined {
	const code = textProperty(error, 'code');
	const byItsCode = byCode.find(([pattern]) => pattern.test(code))?.[1];
	// The system gives up on a standing connection with the same code as on one that never stood.
	if (code === 'ETIMEDOUT' && /^(?:read|write)$/.test(textProperty(error, 'syscall'))) return idleTimeout;
	if (byItsCode !== undefined) return byItsCode;
	const text = `${textProperty(error, 'name')}: ${textProperty(error, 'message').slice(0, 200)}`;
	return byText.find(([pattern]) => pattern.test(text))?.[1];
}

/** The code, or else the name, and the address, each only when it looks like one: nothing else of a foreign error is ours to repeat. */
function detailsOf(error: object): string {
	const code = textProperty(error, 'code') || textProperty(error, 'name');
	const host = textProperty(error, 'hostname') || textProperty(error, 'host') || textProperty(error, 'address');
	const port = property(error, 'port');
	const isHost = /^[\w.:-]{1,253}$/.test(host);
	const address = isHost && typeof port === 'number' ? `${host.includes(':') ? `[${host}]` : host}:${port}` : host;
	return [/^\w{1,60}$/.test(code) ? code : '', isHost ? address : ''].filter((part) => part !== '').join(' ');
}

function textProperty(error: object, name: string): string {
	const value = property(error, name);
	return typeof value === 'string' ? value : '';
}

function property(error: object, name: string): unknown {
	try {
		return Reflect.get(error, name);
	} catch {
		return undefined;
	}
}
