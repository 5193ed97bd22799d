/** Texts for times and numbers. All times in ms. */

/**
 * A duration in at most two units: `850 ms`, `12 s`, `3 min 5 s`, `2 h 4 min`, `3 d`.
 * @param {number} ms
 */
export function duration(ms) {
	if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
	const seconds = Math.round(ms / 1000);
	if (seconds < 60) return `${seconds} s`;
	if (seconds < 3600) return pair(seconds, 60, 'min', 1, 's');
	if (seconds < 48 * 3600) return pair(seconds, 3600, 'h', 60, 'min');
	return `${Math.round(seconds / 86_400)} d`;
}

/**
 * @param {number} amount
 * @param {number} large
 * @param {string} largeName
 * @param {number} small
 * @param {string} smallName
 */
function pair(amount, large, largeName, small, smallName) {
	const rest = Math.floor((amount % large) / small);
	return `${Math.floor(amount / large)} ${largeName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`;
}

/**
 * How long a request or a part of it took: `86 ms`, `1.66 s`, `12.4 s`.
 * @param {number} ms
 */
export function took(ms) {
	if (ms < 1000) return `${Math.round(ms)} ms`;
	return ms < 60_000 ? `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s` : duration(ms);
}

/**
 * How long ago, in whole seconds: what changes with every look is not read.
 * @param {number} ms
 */
export function ago(ms) {
	return ms < 1000 ? 'just now' : `${duration(Math.floor(ms / 1000) * 1000)} ago`;
}

/**
 * What is left until then, rounded up, so that it says 1 s until it is over.
 * @param {number} ms
 */
export function left(ms) {
	return duration(Math.max(1000, Math.ceil(ms / 1000) * 1000));
}

const dollarFormat = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 4, useGrouping: false });

const clockFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayFormat = new Intl.DateTimeFormat('en-GB', {
	day: 'numeric',
	month: 'short',
	hour: '2-digit',
	minute: '2-digit',
});

/**
 * The time of day, with the day where it is another one than today's.
 * @param {number} at ms since the epoch
 * @param {number} now
 */
export function clock(at, now) {
	return Math.abs(at - now) < 12 * 3600 * 1000 ? clockFormat.format(at) : dayFormat.format(at);
}

/** @param {number} share 0 to 1 */
export function percent(share) {
	const value = share * 100;
	if (value > 0 && value < 1) return '< 1 %';
	if (value > 99 && value < 100) return '> 99 %';
	return `${Math.round(value)} %`;
}

/** @param {number} count */
export function many(count) {
	return count.toLocaleString('en-US');
}

/**
 * A failure by its name: `SERVER_ERROR.overloaded 503`.
 * @param {{ category: string, reason?: string | null | undefined, status?: number | null | undefined }} failure
 */
export function failureName({ category, reason, status }) {
	return `${category}${reason ? `.${reason}` : ''}${status ? ` ${status}` : ''}`;
}

/**
 * What a request cost: `cost $0.00123`, `cost at least $0.001`, `cost unknown`.
 * @param {{ usd: number | null, isComplete: boolean }} cost USD
 */
export function costText({ usd, isComplete }) {
	if (usd === null) return 'cost unknown';
	return `cost ${isComplete ? '' : 'at least '}$${dollarFormat.format(usd)}`;
}
