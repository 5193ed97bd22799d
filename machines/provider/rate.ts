import type { PermitResult, ToldLeft, ToldLimits } from '../events.ts';
import type { Amount, OutstandingPermit } from './ledger.ts';
import { corrected, type RateLimits, type RateWindow, roomAt, withGrant } from './rate-window.ts';

/** What a provider actor may grant: what is configured, and what its provider has said of it. */
export interface Rate extends Taken {
	readonly limits: Limits;
}

export interface Limits extends RateLimits {
	/** Keep to what the provider says is left, and not only to its word that nothing is. */
	readonly learn?: boolean;
}

/** What of the limits is taken. */
export interface Taken {
	readonly window: RateWindow;
	/** Of all time: grants, and the tokens that they reserved. What the provider says is left is counted from there. */
	readonly granted: Amount;
	/** The provider's own words, until their times. */
	readonly told: { readonly requests?: Ceiling; readonly tokens?: Ceiling };
}

/** The provider's word for what is left of a limit. */
interface Ceiling {
	/** The most that may be granted, of all time; less than 0 where nothing is left. */
	readonly most: number;
	/** ms since the epoch. */
	readonly until: number;
	/** Grants of all time when it was said: what was granted after them is answered with newer words. */
	readonly heardAt: number;
}

const nothingTaken: Taken = { window: [], granted: { requests: 0, tokens: 0 }, told: {} };

/** The longest that a word of a provider is believed, ms: a limit is one of a day at most. */
const LONGEST_TOLD_MS = 24 * 60 * 60 * 1_000;

/**
 * @param taken what an actor that was set down remembers
 * @returns undefined where nothing is limited
 */
export function rateOf(limits: Limits = {}, taken?: Taken): Rate | undefined {
	const rate = { ...nothingTaken, ...taken, limits };
	return isConfigured(limits) || Object.keys(rate.told).length > 0 ? rate : undefined;
}

function isConfigured({ requestsPerMinute, tokensPerMinute, learn }: Limits): boolean {
	return requestsPerMinute !== undefined || tokensPerMinute !== undefined || learn === true;
}

/** When a request of so many tokens fits: `now`, later, or never (infinity). ms since the epoch. */
export function fitsAt({ limits, window, granted, told }: Rate, tokens: number, now: number): number {
	const at = roomAt(window, limits, tokens, now);
	return Math.max(
		at,
		openAt(told.requests, granted.requests + 1),
		// What nobody has estimated uses something.
		openAt(told.tokens, granted.tokens + Math.max(1, tokens)),
	);
}

function openAt(ceiling: Ceiling | undefined, wanted: number): number {
	return ceiling === undefined || wanted <= ceiling.most ? 0 : ceiling.until;
}

/**
 * With a grant that reserves `tokens`.
 * @returns undefined where nothing is limited any more, as all that the provider has said is over
 */
export function reserved({ limits, window, granted, told }: Rate, tokens: number, now: number): Rate | undefined {
	const present = Object.entries(told).filter(([, { until }]) => until > now);
	if (present.length === 0 && !isConfigured(limits)) return undefined;
	return {
		limits,
		window: withGrant(window, tokens, now),
		granted: { requests: granted.requests + 1, tokens: granted.tokens + tokens },
		told: Object.fromEntries(present),
	};
}

/** Where the last grant is counted. */
export function markOf({ window, granted }: Rate): Amount & { readonly second: number } {
	return { second: window.at(-1)?.from ?? 0, ...granted };
}

/**
 * After a result: the request stays counted, and its tokens are those that it used. A permit that led to no attempt counts
 * for nothing.
 * @param entry the permit as it was entered
 * @param used tokens
 */
export function settledRate(rate: Rate, { mark, tokens }: OutstandingPermit, result: PermitResult, used: number): Rate {
	if (mark === undefined) return rate;
	const isUnused = result.type === 'attempt.abandoned' && result.unused === true;
	const window = corrected(rate.window, mark.second, isUnused ? -1 : 0, used - tokens);
	if (!isUnused) return { ...rate, window };
	const { granted } = rate;
	return { ...rate, window, granted: { requests: granted.requests - 1, tokens: granted.tokens - tokens } };
}

/**
 * With what an answer has said is left.
 * @param mark where the attempt is counted that it answered; undefined where nothing was
 * @returns undefined where nothing is limited
 */
export function heardRate(
	known: Rate | undefined,
	{ requests, tokens }: ToldLimits,
	mark: Amount | undefined,
	now: number,
): Rate | undefined {
	const rate = known ?? { ...nothingTaken, limits: {} };
	const order = mark?.requests ?? 0;
	const heardAt = rate.granted.requests;
	const word = (said: ToldLeft | undefined, before: number, present: Ceiling | undefined): Ceiling | undefined => {
		const until = Math.min(said?.until ?? 0, now + LONGEST_TOLD_MS);
		if (said === undefined || until <= now || (said.left > 0 && rate.limits.learn !== true)) return present;
		const ceiling = { most: said.left > 0 ? before + said.left : -1, until, heardAt };
		if (present === undefined || present.until <= now || order > present.heardAt) return ceiling;
		// Either may be the newer one: nothing is granted that one of them forbids.
		const most = Math.min(present.most, ceiling.most);
		return { most, until: Math.max(present.until, until), heardAt: present.heardAt };
	};
	const ofRequests = word(requests, order, rate.told.requests);
	const ofTokens = word(tokens, mark?.tokens ?? 0, rate.told.tokens);
	if (known === undefined && ofRequests === undefined && ofTokens === undefined) return undefined;
	return { ...rate, told: { ...(ofRequests && { requests: ofRequests }), ...(ofTokens && { tokens: ofTokens }) } };
}

/** Without what the provider has said: a person knows better. */
export function withoutWords({ limits, ...taken }: Rate): Rate | undefined {
	return rateOf(limits, { ...taken, told: {} });
}
