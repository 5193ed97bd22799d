/** When keys are renewed. */
export interface KeyTiming {
	/** Between two fetches because of a refused key, or of a short life, at least, ms. */
	readonly shortestPauseMs: number;
	/** After which a key is renewed that does not say how long it lives, ms. */
	readonly usualRenewalMs: number;
	/** After which any key is renewed, ms. */
	readonly longestRenewalMs: number;
	/** The wait after a fetch that failed, ms; after each further one it is twice as long. */
	readonly backoffMs: number;
	readonly maxBackoffMs: number;
	/** How long one fetch may take, ms. */
	readonly timeoutMs: number;
	/** How often a file is looked at, ms. */
	readonly fileCheckMs: number;
}

export const usualTiming: KeyTiming = {
	shortestPauseMs: 10_000,
	usualRenewalMs: 3_600_000,
	longestRenewalMs: 86_400_000,
	backoffMs: 1000,
	maxBackoffMs: 60_000,
	timeoutMs: 10_000,
	fileCheckMs: 2000,
};

/** The part of its life after which a key is renewed. */
const RENEWED_AT = 0.8;

/** What becomes of what cannot be. */
const ignored = 'which is taken for nothing said: it is renewed each hour, and when the provider refuses it';

/** Longer than any token lives, ms. */
const LONGEST_LIFE_MS = 366 * 86_400_000;

/**
 * How long after its fetch a key is renewed, ms.
 * @param lifeMs undefined where nobody says
 * @param everyMs how often the configuration wants it; undefined where it does not say
 */
export function renewalDelay(lifeMs: number | undefined, everyMs: number | undefined, timing: KeyTiming): number {
	const { shortestPauseMs, usualRenewalMs, longestRenewalMs } = timing;
	const byLife = lifeMs === undefined ? undefined : Math.max(lifeMs * RENEWED_AT, shortestPauseMs);
	const wanted = Math.min(byLife ?? Number.POSITIVE_INFINITY, everyMs ?? Number.POSITIVE_INFINITY);
	return Math.min(wanted === Number.POSITIVE_INFINITY ? usualRenewalMs : wanted, longestRenewalMs);
}

export interface Life {
	readonly lifeMs?: number;
	/** The rest of a sentence that begins with who said it. */
	readonly doubt?: string;
}

/**
 * How long a key lives, from what its giver says. What cannot be is doubted, and taken for not said.
 * @param expiresIn seconds, as a number or in digits
 */
export function lifeInSeconds(expiresIn: unknown): Life {
	if (expiresIn === undefined || expiresIn === null) return {};
	const seconds = typeof expiresIn === 'string' && expiresIn.trim() !== '' ? Number(expiresIn) : expiresIn;
	if (typeof seconds !== 'number' || Number.isNaN(seconds))
		return { doubt: `says in no number how long it lives, ${ignored}` };
	return believable(seconds * 1000);
}

/**
 * The same of a time.
 * @param expiresAt RFC 3339, or seconds since the epoch
 * @param now ms since the epoch
 */
export function lifeUntil(expiresAt: unknown, now: number): Life {
	if (expiresAt === undefined || expiresAt === null) return {};
	const at = typeof expiresAt === 'number' ? expiresAt * 1000 : Date.parse(String(expiresAt));
	if (Number.isNaN(at)) return { doubt: `says in no time until when it lives, ${ignored}` };
	return believable(at - now);
}

function believable(lifeMs: number): Life {
	if (lifeMs <= 0) return { doubt: `says that it is dead already, ${ignored}` };
	if (lifeMs > LONGEST_LIFE_MS) return { doubt: `says that it lives for more than a year, ${ignored}` };
	return { lifeMs };
}
