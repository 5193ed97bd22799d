import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from '../contract/refusal.ts';
import { ownId, viaHeader } from '../values/via.ts';

/**
 * A request that comes back would be sent again and again, each time by every attempt that is made for it.
 * @throws Refusal when this process has sent it
 */
export function checkLoop(headers: IncomingHttpHeaders): void {
	const via = headers[viaHeader];
	if (via?.includes(ownId) !== true) return;
	throw new Refusal(
		'loop_detected',
		'This request came back to the Breakwater that had sent it: the baseUrl of that provider leads here; set it to the address of the provider itself.',
	);
}
