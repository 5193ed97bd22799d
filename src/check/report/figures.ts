/** A figure as people read it: `12,345`. */
export function countText(count: number): string {
	return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** So many of a thing: `1 state`, `2 properties`. */
export function amountText(count: number, singular: string, plural = `${singular}s`): string {
	return `${countText(count)} ${count === 1 ? singular : plural}`;
}

const msPerUnit = { d: 86_400_000, h: 3_600_000, m: 60_000 } as const;

/**
 * A time as people read it, exact to about a hundredth: `850 ms`, `12.5 s`, `2 m 5 s`, `1 h 30 m`.
 * @param ms not negative
 */
export function timeText(ms: number): string {
	if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
	if (ms < 2 * msPerUnit.m) return `${Number((ms / 1000).toFixed(1))} s`;
	if (ms < 2 * msPerUnit.h) return twoUnits(ms, msPerUnit.m, 'm', 1000, 's');
	if (ms < 2 * msPerUnit.d) return twoUnits(ms, msPerUnit.h, 'h', msPerUnit.m, 'm');
	return twoUnits(ms, msPerUnit.d, 'd', msPerUnit.h, 'h');
}

function twoUnits(ms: number, largeMs: number, large: string, smallMs: number, small: string): string {
	const smalls = Math.round(ms / smallMs);
	const perLarge = largeMs / smallMs;
	const rest = smalls % perLarge;
	return `${Math.floor(smalls / perLarge)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

/** Bytes in MB, of 10⁶ bytes: `181 MB`. */
export function memoryText(bytes: number): string {
	return `${countText(Math.round(bytes / 1e6))} MB`;
}

/** Words broken into lines of at most this many characters; a word that is longer has a line of its own. */
export function wrapped(text: string, width: number): string[] {
	const lines: string[] = [];
	for (const word of text.split(' ')) {
		const last = lines.at(-1);
		if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
		if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
	}
	return lines;
}
