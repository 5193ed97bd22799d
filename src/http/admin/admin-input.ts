import { Refusal } from '../../contract/refusal.ts';
import { parseBody } from '../../dialects/parse-body.ts';
import type { RequestFilter } from '../../observe/recent-requests.ts';
import { clip } from '../../values/clip.ts';
import { isObject } from '../../values/json.ts';

const filterNames = ['limit', 'profile', 'outcome', 'provider'] as const;
const outcomes = ['done', 'failed', 'aborted'] as const;
const limits = { preset: 50, most: 500 };

/**
 * Reads the query of `GET /admin/requests`.
 * @throws Refusal when anything in it is not one of the filters, or comes twice
 */
export function readFilter(query: unknown): RequestFilter {
	const given = isObject(query) ? query : {};
	for (const [name, value] of Object.entries(given)) {
		if (!filterNames.some((known) => known === name)) {
			throw new Refusal(
				'invalid_request',
				`'${clip(name)}' is no filter; the filters are ${filterNames.join(', ')}.`,
				clip(name),
			);
		}
		if (typeof value !== 'string') throw new Refusal('invalid_request', `Give '${name}' once.`, name);
	}
	const { limit, profile, outcome, provider } = given as Partial<Record<(typeof filterNames)[number], string>>;
	return { limit: readLimit(limit), profile, outcome: readOutcome(outcome), provider };
}

function readLimit(text: string | undefined): number {
	if (text === undefined) return limits.preset;
	const limit = Number(text);
	if (/^\d{1,9}$/.test(text) && limit >= 1 && limit <= limits.most) return limit;
	throw new Refusal('invalid_request', `'limit' must be a whole number from 1 to ${limits.most}.`, 'limit');
}

function readOutcome(text: string | undefined): RequestFilter['outcome'] {
	if (text === undefined) return undefined;
	const outcome = outcomes.find((name) => name === text);
	if (outcome !== undefined) return outcome;
	throw new Refusal('invalid_request', `'outcome' must be one of ${outcomes.join(', ')}.`, 'outcome');
}

/**
 * Reads the body of a trip, `{"for": "30m"}` or nothing.
 * @returns ms, or undefined for as long as nobody resets it
 * @throws Refusal when it is anything else
 */
export function readTripBody(
	body: string,
	readDuration: (text: string) => { value: number } | { mistake: string },
): number | undefined {
	const { for: duration, ...rest } = readObject(body);
	const [unknown] = Object.keys(rest);
	if (unknown !== undefined) {
		throw new Refusal('invalid_request', `'${clip(unknown)}' is not known; a trip has 'for'.`, clip(unknown));
	}
	if (duration === undefined) return undefined;
	if (typeof duration !== 'string') {
		throw new Refusal('invalid_request', '\'for\' must be a duration in quotes, such as "30m".', 'for');
	}
	const reading = readDuration(duration);
	if ('value' in reading) return reading.value;
	throw new Refusal('invalid_request', `'for' ${reading.mistake}.`, 'for');
}

/** An action that takes no fields must not look as if it had followed them. */
export function refuseFields(body: string, action: string): void {
	const [unknown] = Object.keys(readObject(body));
	if (unknown === undefined) return;
	throw new Refusal('invalid_request', `'${clip(unknown)}' is not known; a ${action} has no fields.`, clip(unknown));
}

function readObject(body: string): Record<string, unknown> {
	if (body.trim() === '') return {};
	const value = parseBody(body);
	if (isObject(value)) return value;
	throw new Refusal('invalid_request', 'The body must be a JSON object, or empty.');
}
