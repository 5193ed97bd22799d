const units = [
	['d', 86_400_000],
	['h', 3_600_000],
	['m', 60_000],
	['s', 1_000],
] as const;

/** A duration as the file writes it, exactly: `90s`, `2m`, `1500ms`. */
export function durationText(ms: number): string {
	// Nobody writes `1m`: the defaults say `60s`.
	if (ms === 60_000) return '60s';
	const [unit, length] = units.find(([, length]) => ms > 0 && ms % length === 0) ?? ['ms', 1];
	return `${ms / length}${unit}`;
}

/** Names in a sentence: `a`, `b` and `c`. */
export function namesText(names: readonly string[]): string {
	const quoted = names.map((name) => `\`${name}\``);
	if (quoted.length < 2) return quoted.join('');
	return `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`;
}
