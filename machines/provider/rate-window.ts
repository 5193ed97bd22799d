/** What a provider actor may grant in any 60 s. */
export interface RateLimits {
	/** A count; absent: any number. */
	readonly requestsPerMinute?: number;
	/** Tokens; absent: any number. */
	readonly tokensPerMinute?: number;
}

/**
 * What was granted in the last minute, oldest first. What was granted in one second of the clock is one entry, and leaves
 * with the last of it: no 60 s ever hold more than they may, and there are 61 entries at most, whatever the traffic.
 */
export type RateWindow = readonly Second[];

interface Second {
	/** When the second began, ms since the epoch; a multiple of 1,000. */
	readonly from: number;
	/** When the last of it was granted, ms since the epoch. */
	readonly last: number;
	readonly requests: number;
	/** Reserved, or used where that is known already. */
	readonly tokens: number;
}

export const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;

/**
 * The window with one more grant, without what has left it.
 * @param tokens that are reserved
 * @param now ms since the epoch; a clock that went backwards adds to the newest second
 */
export function withGrant(window: RateWindow, tokens: number, now: number): RateWindow {
	const present = window.filter((second) => isIn(second, now));
	const newest = present.at(-1);
	const from = Math.max(Math.floor(now / SECOND_MS) * SECOND_MS, newest?.from ?? 0);
	if (newest?.from !== from) return [...present, { from, last: now, requests: 1, tokens }];
	const last = Math.max(newest.last, now);
	return present.with(-1, { from, last, requests: newest.requests + 1, tokens: newest.tokens + tokens });
}

/**
 * The window after a grant has turned out otherwise than it was reserved.
 * @param from the second that the grant counts in; nothing changes where that has left
 * @param requests what is added, or taken away where it is negative
 * @param tokens the same
 */
export function corrected(window: RateWindow, from: number, requests: number, tokens: number): RateWindow {
	const index = window.findLastIndex((second) => second.from === from);
	const second = window[index];
	if (second === undefined || (requests === 0 && tokens === 0)) return window;
	return window.with(index, {
		...second,
		requests: second.requests + requests,
		tokens: second.tokens + tokens,
	});
}

/**
 * When one more request fits.
 * @param tokens that it reserves
 * @returns `now` where it fits already, else when enough has left the window; infinity for a request that is larger than
 *   the whole limit. ms since the epoch
 */
export function roomAt(
	window: RateWindow,
	{ requestsPerMinute = Number.POSITIVE_INFINITY, tokensPerMinute = Number.POSITIVE_INFINITY }: RateLimits,
	tokens: number,
	now: number,
): number {
	if (tokens > tokensPerMinute) return Number.POSITIVE_INFINITY;
	const held = counted(window, now);
	let requestsOver = held.requests + 1 - requestsPerMinute;
	let tokensOver = held.tokens + tokens - tokensPerMinute;
	let at = now;
	for (const second of window) {
		if (requestsOver <= 0 && tokensOver <= 0) break;
		if (!isIn(second, now)) continue;
		requestsOver -= second.requests;
		tokensOver -= second.tokens;
		at = second.last + MINUTE_MS;
	}
	return at;
}

/** What the minute before `now` holds. */
export function counted(window: RateWindow, now: number): { requests: number; tokens: number } {
	let [requests, tokens] = [0, 0];
	for (const second of window) {
		if (!isIn(second, now)) continue;
		requests += second.requests;
		tokens += second.tokens;
	}
	return { requests, tokens };
}

function isIn({ last }: Second, now: number): boolean {
	return last + MINUTE_MS > now;
}
