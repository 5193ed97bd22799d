import type { DraftPolicy } from './draft.ts';

/** The deadline of a request by default, in seconds. */
export const DEFAULT_DEADLINE = 300;
/** The longest duration of a configuration, 24 days, in seconds. */
export const LONGEST = 2_073_600;

/** The limits of one attempt. For a stream it is the time to its first content: a long answer that comes steadily is no failure. */
export function timeoutPolicy(seconds: number): { timeouts: DraftPolicy } {
	const text = durationText(seconds);
	return { timeouts: { firstToken: text, response: text } };
}

const DEFAULT_COOLDOWN = 60;
const DEFAULT_MAX_COOLDOWN = 180;
const DEFAULT_PROBE_DEADLINE = 300;
/** How long a connection may take by default, and some more. */
const CONNECT = 10;

/**
 * The breaker for a provider whose attempts may take this long: a probe that answers slowly but in time must not count as
 * failed, and a silent provider is left alone for no less than its silence took to notice.
 * @returns what differs from the defaults
 */
export function breakerFor(timeout: number, cooldown = DEFAULT_COOLDOWN): DraftPolicy {
	const needed = Math.min(LONGEST, Math.max(timeout, cooldown));
	const deadline = Math.min(LONGEST, timeout + CONNECT);
	return {
		...(needed !== DEFAULT_COOLDOWN && { cooldown: durationText(needed) }),
		...(needed > DEFAULT_MAX_COOLDOWN && { maxCooldown: durationText(needed) }),
		...(deadline > DEFAULT_PROBE_DEADLINE && { probeDeadline: durationText(deadline) }),
	};
}

/** @returns at least `1ms`, in whole ms */
export function durationText(seconds: number): string {
	const ms = Math.max(1, Math.round(seconds * 1000));
	return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
