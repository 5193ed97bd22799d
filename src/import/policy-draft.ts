import type { BreakerPolicy } from '../../machines/policy.ts';
import { defaultPolicy } from '../config/policy-schema.ts';
import { longestDurationMs, writtenDuration } from '../values/durations.ts';
import type { DraftPolicy } from './draft.ts';

/**
 * The limits of one attempt. For a stream it is the time to its first content: a long answer that comes steadily is no
 * failure.
 */
export function timeoutPolicy(timeoutMs: number): { timeouts: DraftPolicy } {
	const text = writtenDuration(timeoutMs);
	return { timeouts: { firstToken: text, response: text } };
}

/**
 * The deadline of a request that may take this long.
 * @returns nothing where the default is long enough
 */
export function deadlineFor(ms: number): { request?: string } {
	if (ms <= defaultPolicy.timeouts.request) return {};
	return { request: writtenDuration(Math.min(ms, longestDurationMs)) };
}

/**
 * The breaker for a provider whose attempts may take this long: a probe that answers slowly but in time must not count as
 * failed, and a silent provider is left alone for no less than its silence took to notice.
 * @returns what differs from the defaults
 */
export function breakerFor(timeoutMs: number, cooldownMs = defaultPolicy.breaker.cooldown): DraftPolicy {
	const { maxCooldown, probeDeadline } = defaultPolicy.breaker;
	const cooldown = Math.min(longestDurationMs, Math.max(timeoutMs, cooldownMs));
	// A probe connects before it waits for its answer; as much again leaves room.
	const probe = Math.min(longestDurationMs, timeoutMs + 2 * defaultPolicy.timeouts.connect);
	return unlikeDefault({
		cooldown,
		maxCooldown: Math.max(maxCooldown, cooldown),
		probeDeadline: Math.max(probeDeadline, probe),
	});
}

/** A part of the breaker's times as it is written, without what it is by default. */
function unlikeDefault(times: Partial<BreakerPolicy>): DraftPolicy {
	const differing = Object.entries(times).filter(([name, ms]) => ms !== Reflect.get(defaultPolicy.breaker, name));
	return Object.fromEntries(differing.map(([name, ms]) => [name, writtenDuration(Number(ms))]));
}
