/** A text that was read: its value, or what is wrong with it, as the rest of a sentence that begins with its place. */
export type Reading = { value: number } | { mistake: string };

const msPerUnit = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

const shape =
	/^(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/;

/** Node fires a timer of 2^31 ms or more after 1 ms; 24 days is the longest whole number of days below that. */
export const longestDurationMs = 24 * msPerUnit.d;

/** What a right duration looks like, to close a sentence with. */
export const durationHelp = 'write a duration such as `500ms`, `90s`, `15m` or `1h30m`';

/** What is wrong with `30`: nobody can tell seconds from milliseconds. */
export const durationWithoutUnit = `is a number without a unit; ${durationHelp}`;

/**
 * Reads a duration such as `500ms`, `1.5s`, `1h30m` or `2d`: units in falling order, each at most once.
 * @param zero whether a duration of nothing makes sense here
 * @returns whole ms, 0 to 24 days, or the mistake; the mistake never repeats the text
 */
export function readDuration(text: string, { zero = false } = {}): Reading {
	if (/^-?\d+(\.\d+)?$/.test(text)) return { mistake: durationWithoutUnit };
	if (/^-\d/.test(text)) return { mistake: `is negative; ${durationHelp}` };

	const amounts = shape.exec(text)?.slice(1);
	if (text === '' || amounts === undefined) return { mistake: `is not a duration; ${durationHelp}` };

	const units = Object.values(msPerUnit);
	const ms = Math.round(units.reduce((sum, unit, index) => sum + Number(amounts[index] ?? 0) * unit, 0));
	if (ms > longestDurationMs) return { mistake: 'is longer than a timer can run; write at most `24d`' };
	if (ms === 0 && !zero) return { mistake: 'is no time at all; write at least `1ms`' };
	return { value: ms };
}

/** A duration as `readDuration` reads it: whole seconds or ms, at least `1ms`. */
export function writtenDuration(ms: number): string {
	const whole = Math.max(1, Math.round(ms));
	return whole % msPerUnit.s === 0 ? `${whole / msPerUnit.s}s` : `${whole}ms`;
}
