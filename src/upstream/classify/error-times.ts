const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const units: readonly (readonly [RegExp, number])[] = [
	[/^m(?:s|illi)/i, 1],
	[/^s/i, second],
	[/^m/i, minute],
	[/^h/i, hour],
	[/^d/i, day],
	[/^w/i, 7 * day],
];

const unit = '(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)(?![a-z])';
const amount = `\\d{1,12}(?:\\.\\d{1,9})?\\s?${unit}`;
const leadingDuration = new RegExp(`^${amount}(?:,?\\s?(?:and\\s)?${amount}){0,6}`, 'i');
const leadingDate =
	/^(\d{4}-\d\d-\d\d)(?:(?:T|,? at |,? )(\d\d:\d\d(?::\d\d)?)(\.\d{1,9})?)? ?(Z|UTC|GMT|[+-]\d\d:?\d\d)?(?!\w)/i;

/**
 * A plain number of this size is no count of seconds but a moment: seconds since the epoch, from 2001 on.
 * From `epochMs` on it counts milliseconds.
 */
const epochSeconds = 1e9;
const epochMs = 1e12;

/**
 * The duration that a text begins with: `6m0s`, `100ms`, `10h17m5.7s`, `3 days 2 hours and 5 minutes`.
 * @returns ms, or `undefined` when the text does not begin with a number and a unit
 */
export function leadingDurationMs(text: string): number | undefined {
	const duration = leadingDuration.exec(text)?.[0];
	if (duration === undefined) return undefined;
	let totalMs = 0;
	for (const [, count, name = ''] of duration.matchAll(/(\d+(?:\.\d+)?)\s?([a-z]+)/gi)) {
		totalMs += Number(count) * (units.find(([pattern]) => pattern.test(name))?.[1] ?? 0);
	}
	return totalMs;
}

/**
 * The moment that a text begins with: RFC 3339, or `2026-09-01 at 00:00 UTC`. Without a time it is midnight.
 * @param defaultZone what a moment without a zone is in, `Z` or `+08:00`
 * @returns ms since the epoch, or `undefined` when the text does not begin with a date
 */
export function leadingDateMs(text: string, defaultZone = 'Z'): number | undefined {
	const [, date, time = '00:00', fraction = '', zone = defaultZone] = leadingDate.exec(text) ?? [];
	if (date === undefined) return undefined;
	const seconds = time.length === 5 ? ':00' : '';
	return finite(Date.parse(`${date}T${time}${seconds}${fraction.slice(0, 4)}${/^[+-]/.test(zone) ? zone : 'Z'}`));
}

/** @returns the moment of an HTTP date (RFC 9110), ms since the epoch, or `undefined` when the text is none */
function httpDateMs(text: string): number | undefined {
	if (!/^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},? .{6,40}$/i.test(text)) return undefined;
	return finite(Date.parse(/(?:GMT|UTC|Z|[+-]\d{4})$/i.test(text) ? text : `${text} GMT`));
}

/**
 * How long until a reset that is given as a number of seconds, a moment since the epoch in seconds or ms, a duration or
 * a date.
 * @returns ms from `now`, negative when the moment is past, or `undefined` when the value is none of these
 */
export function untilMs(value: unknown, now: number): number | undefined {
	if (typeof value === 'number') return finite(untilNumber(value, now));
	if (typeof value !== 'string') return undefined;
	const text = value.trim().slice(0, 100);
	if (/^-?\d+(?:\.\d+)?$/.test(text)) return finite(untilNumber(Number(text), now));
	const moment = leadingDateMs(text) ?? httpDateMs(text);
	return moment === undefined ? leadingDurationMs(text) : moment - now;
}

function untilNumber(value: number, now: number): number {
	if (value >= epochMs) return value - now;
	return value >= epochSeconds ? value * second - now : value * second;
}

function finite(value: number): number | undefined {
	return Number.isFinite(value) ? value : undefined;
}
