import { isIP } from 'node:net';
import type { Positions } from '../../config/positions.ts';
import type { Path } from '../../config/tree.ts';
import { isLoopback } from '../../values/loopback.ts';

/** A host as a URL or `server.host` writes it, such as `127.0.0.1`, `[::1]` or `localhost`. */
export function isLoopbackHost(host: string): boolean {
	const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
	return isIP(bare) === 0 ? /(^|\.)localhost$/.test(bare) : isLoopback(bare);
}

/** Without a URL it is a simulated provider, which is never anywhere else. */
export function isLoopbackUrl(url: string | undefined): boolean {
	return url === undefined || isLoopbackHost(new URL(url).hostname);
}

/** Where the key of a credential stands: in a list, or alone. */
export function keyPath(positions: Positions, provider: string, index: number): Path {
	const path = ['providers', provider, 'apiKey'];
	return positions.isGiven([...path, index]) ? [...path, index] : path;
}
