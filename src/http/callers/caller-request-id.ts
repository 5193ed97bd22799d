import type { IncomingHttpHeaders } from 'node:http';

/**
 * The `X-Request-Id` that a caller gave, when it is fit for a log and a header: up to 128 letters, digits and the usual
 * marks. It only travels along: our own id tells requests apart, as two callers may well choose the same.
 */
export function clientRequestId(headers: IncomingHttpHeaders): string | undefined {
	const given = headers['x-request-id'];
	return typeof given === 'string' && /^[\w.:+/=@~-]{1,128}$/.test(given) ? given : undefined;
}
