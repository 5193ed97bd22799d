import type { FastifyReply, FastifyRequest } from 'fastify';
import { isBelow, pathOf } from './not-found.ts';

/** The origins of pages whose scripts may call. */
export class CorsOrigins {
	readonly #origins: ReadonlySet<string>;

	/** @param origins as `server.corsOrigins` has them; `*` is every one */
	constructor(origins: readonly string[]) {
		this.#origins = new Set(origins.map((origin) => origin.toLowerCase()));
	}

	has(origin: string): boolean {
		return this.#origins.has('*') || this.#origins.has(origin.toLowerCase());
	}
}

/** How long a browser may remember the answer to a preflight, seconds; Chromium keeps none for longer. */
const MAX_AGE_S = 7200;

/**
 * Tells browsers which pages may read the answers, and grants their preflights, which carry no key. The headers go to
 * the bare response: the answers of providers are written past Fastify, where its CORS plugin would leave them out.
 * @returns whether the request is a preflight, which wants no more than these headers
 */
export function allowOrigins(
	origins: CorsOrigins,
): (request: FastifyRequest, reply: Pick<FastifyReply, 'raw'>) => boolean {
	return (request, { raw }) => {
		const path = pathOf(request);
		// These are for the inspector's own page.
		if (isBelow(path, '/admin') || isBelow(path, '/inspector')) return false;
		const { headers, method } = request;
		raw.setHeader('vary', 'Origin');
		const { origin } = headers;
		if (origin === undefined || !origins.has(origin)) return false;
		raw.setHeader('access-control-allow-origin', origin);
		raw.setHeader('access-control-expose-headers', '*');
		if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return false;

		raw.setHeader('vary', 'Origin, Access-Control-Request-Headers');
		raw.setHeader('access-control-allow-methods', 'GET, HEAD, POST');
		raw.setHeader('access-control-allow-headers', headers['access-control-request-headers'] ?? '*');
		raw.setHeader('access-control-max-age', MAX_AGE_S);
		// Chromium asks this before a page of the network reaches into this machine.
		if (headers['access-control-request-private-network'] === 'true') {
			raw.setHeader('access-control-allow-private-network', 'true');
		}
		return true;
	};
}
