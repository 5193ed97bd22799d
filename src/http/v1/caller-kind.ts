import type { IncomingHttpHeaders } from 'node:http';
import { bearerKey } from '../callers/keyring.ts';

/**
 * Whether a client is one of Anthropic's API, by what it sends with every request: where an address is that of several APIs,
 * or of none, it is answered as that client expects it.
 */
export function isAnthropicCaller(headers: IncomingHttpHeaders): boolean {
	if (headers['anthropic-version'] !== undefined) return true;
	return (headers['x-api-key'] ?? '') !== '' && bearerKey(headers) === undefined;
}
