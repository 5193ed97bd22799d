import { Refusal } from '../contract/refusal.ts';
import { isObject, type JsonObject } from '../values/json.ts';

/** What a request says of the answer that it asks for. */

/** OpenAI's own bound. */
const MOST_CHOICES = 128;

/** @throws Refusal */
export function readStream(stream: unknown): boolean {
	if (stream === undefined || stream === null) return false;
	if (typeof stream === 'boolean') return stream;
	throw new Refusal('invalid_request', "'stream' must be true or false.", 'stream');
}

/**
 * How many answers it asks for.
 * @throws Refusal
 */
export function readChoices(n: unknown): number {
	if (n === undefined || n === null) return 1;
	if (typeof n === 'number' && Number.isInteger(n) && n >= 1 && n <= MOST_CHOICES) return n;
	throw new Refusal('invalid_request', `'n' must be a whole number from 1 to ${MOST_CHOICES}.`, 'n');
}

/** Whether a stream of OpenAI's older dialects is to end with its usage. */
export function asksForUsage({ stream_options: options }: JsonObject): boolean {
	return isObject(options) && options.include_usage === true;
}
