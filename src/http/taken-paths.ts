import type { IncomingMessage } from 'node:http';

/**
 * Takes paths as people write them: without the `/v1` in front, or with it twice, with a slash doubled, or at the end. A base
 * URL is easily given with one of these, and what a client then asks for is plain all the same.
 * @param paths those below `/v1` that there are: `/v1/chat/completions`
 * @returns the address to be routed in place of a request's own
 */
export function pathTaker(paths: readonly string[]): (request: Pick<IncomingMessage, 'url'>) => string {
	const exact = new Set(paths);

	return ({ url = '/' }) => {
		// One that is absolute is left to the router.
		if (exact.has(url) || !url.startsWith('/')) return url;
		const end = url.indexOf('?');
		const path = end === -1 ? url : url.slice(0, end);
		const query = end === -1 ? '' : url.slice(end);
		const tidy = path.replace(/\/{2,}/g, '/');
		// The inspector's page redirects from there itself.
		const bare = tidy === '/' || tidy === '/inspector/' ? tidy : tidy.replace(/\/$/, '');
		const versioned = `/v1${bare.replace(/^(\/v1)+(?=\/)/, '')}`;
		return `${exact.has(versioned) || versioned.startsWith('/v1/models/') ? versioned : bare}${query}`;
	};
}
