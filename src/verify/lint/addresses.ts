import type { Positions } from '../../config/positions.ts';
import type { Path } from '../../config/tree.ts';
import { isLoopbackHost } from '../../values/loopback.ts';

/** Without a URL it is a simulated provider, which is never anywhere else. */
export function isLoopbackUrl(url: string | undefined): boolean {
	return url === undefined || isLoopbackHost(new URL(url).hostname);
}

/** Where the key of a credential stands: in a list, or alone. */
export function keyPath(positions: Positions, provider: string, index: number): Path {
	const path = ['providers', provider, 'apiKey'];
	return positions.isGiven([...path, index]) ? [...path, index] : path;
}
