import type { ProviderAddress } from '../../contract/dialect.ts';
import { ownId, viaHeader } from '../../values/via.ts';

const documentHeaders = { accept: 'application/json', 'accept-encoding': 'gzip, deflate, br' };
/** Compressed streams tend to be held back until a block is full. */
const streamHeaders = { accept: 'text/event-stream', 'accept-encoding': 'identity' };

/**
 * The headers of requests in JSON that are answered in JSON or in server-sent events. They are the same in every request, so
 * they are made once.
 * @param own of a protocol, with its credentials
 * @param configured they win
 */
export function jsonHeaders(
	own: Readonly<Record<string, string>>,
	configured: Readonly<Record<string, string>>,
): ProviderAddress['headers'] {
	const all = {
		'content-type': 'application/json',
		'user-agent': 'breakwater',
		[viaHeader]: ownId,
		...own,
		...configured,
	};
	const ofDocument = Object.entries({ ...documentHeaders, ...all }).flat();
	const ofStream = Object.entries({ ...streamHeaders, ...all }).flat();
	return ({ stream }) => (stream ? ofStream : ofDocument);
}
