import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from '../../contract/refusal.ts';
import { readDuration } from '../../values/durations.ts';

const header = 'X-Request-Timeout';

/**
 * How long a caller waits for the end of its answer, by `X-Request-Timeout`: seconds as a number, or a duration such as `1500ms`.
 * @returns ms; undefined where it does not say
 * @throws Refusal where it says something else
 */
export function callerTimeout(headers: IncomingHttpHeaders): number | undefined {
	const given = headers['x-request-timeout'];
	if (typeof given !== 'string') return undefined;
	const text = given.trim();
	if (/^\d{1,9}(\.\d{1,9})?$/.test(text) && Number(text) * 1000 >= 1) return Number(text) * 1000;
	const reading = readDuration(text);
	if ('value' in reading) return reading.value;
	const message = `${header} is not a time; send seconds such as 30, or a duration such as 1500ms.`;
	throw new Refusal('invalid_request', message, header);
}
