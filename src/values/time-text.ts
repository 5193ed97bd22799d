const unitsMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const;

/**
 * A duration of a file or a rule in words, exactly: `1 m`, `1 h 30 m`, `22 m 55.5 s`. Two that differ never read the same.
 * @param ms whole and not negative
 */
export function durationWords(ms: number): string {
	if (ms < unitsMs.s) return `${ms} ms`;
	const parts: string[] = [];
	let rest = ms;
	for (const unit of ['d', 'h', 'm'] as const) {
		const amount = Math.floor(rest / unitsMs[unit]);
		if (amount > 0) parts.push(`${amount} ${unit}`);
		rest -= amount * unitsMs[unit];
	}
	return [...parts, ...(rest === 0 ? [] : [`${rest / unitsMs.s} s`])].join(' ');
}

/**
 * A time as people read it at a glance, in the words of `durationWords`, rounded to a hundredth or so: its two largest
 * units, `850 ms`, `12.5 s`, `2 m 5 s`, `1 h 30 m`.
 * @param ms not negative
 */
export function timeText(ms: number): string {
	return durationWords(rounded(ms));
}

function rounded(ms: number): number {
	if (Math.round(ms) < unitsMs.s) return Math.round(ms);
	const finest = [
		{ belowMs: unitsMs.m, ms: 100 },
		{ belowMs: unitsMs.h, ms: unitsMs.s },
		{ belowMs: unitsMs.d, ms: unitsMs.m },
		{ belowMs: Number.POSITIVE_INFINITY, ms: unitsMs.h },
	].find(({ belowMs }) => ms < belowMs);
	return Math.round(ms / (finest?.ms ?? 1)) * (finest?.ms ?? 1);
}
