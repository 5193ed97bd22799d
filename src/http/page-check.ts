import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { Refusal } from '../contract/refusal.ts';
import { clip } from '../values/clip.ts';
import { isForeignPage, namesThisMachine } from '../values/local-visitor.ts';
import type { CorsOrigins } from './cors.ts';
import { isBelow, pathOf } from './not-found.ts';

/**
 * Keeps pages of other sites out while callers need no key: any page that a browser on this machine shows can send
 * requests here, and could spend on the providers' keys. Browsers say in `Host`, `Origin` and `Sec-Fetch-Site` who asks,
 * and no page can change that. Programs send none of the last two, and are not affected.
 * @param ownNames names of this machine beside the usual ones
 * @param origins those of pages that may call
 * @returns throws a Refusal for a request that does not come from this machine's own programs, pages, or those origins
 */
export function pageCheck(
	ownNames: readonly string[],
	origins: Pick<CorsOrigins, 'has'>,
): (request: FastifyRequest) => void {
	const names = new Set(ownNames.map((name) => name.toLowerCase()));

	return (request) => {
		if (asksForAdminKey(pathOf(request))) return;
		const { headers, method } = request;
		const { host, origin } = headers;
		// Only HTTP/1.0 does without the header, which health checks of load balancers still speak and no browser does.
		if (host !== undefined && !namesThisMachine(host, names)) throw unknownHost(host);
		if (origin === undefined) {
			if (isForeignPage({ headers }) && !isNavigation(method, headers)) throw unknownOrigin('another site');
			return;
		}
		if (!isOwnOrigin(origin, host) && !origins.has(origin)) throw unknownOrigin(`'${clip(origin)}'`);
	};
}

/**
 * Has a body without a type, or one that says it is plain text, read as JSON. Browsers let a page of any site send both
 * without asking first, so this is only for requests that `pageCheck` has let pass.
 */
export function assumeJson(request: FastifyRequest): void {
	const { headers, method } = request;
	const { 'content-type': type } = headers;
	if (method !== 'POST' || isBelow(pathOf(request), '/admin')) return;
	if (type === undefined || /^text\/plain\s*(;|$)/i.test(type)) headers['content-type'] = 'application/json';
}

/** There a key is asked for under any name but this machine's, and no page knows it. */
function asksForAdminKey(path: string): boolean {
	return isBelow(path, '/admin') || path === '/inspector/events';
}

/** A person follows a link: the page that it stands on does not get to see what comes. */
function isNavigation(method: string, headers: IncomingHttpHeaders): boolean {
	return method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
}

/** Of its scheme nothing is known here: a proxy in front may speak TLS. */
function isOwnOrigin(origin: string, host: string | undefined): boolean {
	return host !== undefined && origin.replace(/^https?:\/\//, '').toLowerCase() === host.toLowerCase();
}

function unknownHost(host: string): Refusal {
	const message = `Breakwater is not called '${clip(host)}' as far as it knows; call it 127.0.0.1 or localhost, or add the name to server.hosts.`;
	return new Refusal('host_not_allowed', message, 'Host');
}

function unknownOrigin(origin: string): Refusal {
	const message = `Pages of ${origin} may not call Breakwater; add their origin to server.corsOrigins if they are yours.`;
	return new Refusal('origin_not_allowed', message, 'Origin');
}
