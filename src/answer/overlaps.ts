/**
 * Every length, the longest first, at which a beginning of `next` is also an end of `sent`.
 * In time proportional to both (the failure function of Knuth, Morris and Pratt).
 */
export function overlapsOf(sent: string, next: string): number[] {
	const end = sent.slice(Math.max(0, sent.length - next.length));
	const borders = bordersOf(next);
	let matched = 0;
	for (const unit of units(end)) {
		while (matched > 0 && (matched === next.length || next.charCodeAt(matched) !== unit))
			matched = borders[matched - 1] ?? 0;
		if (next.charCodeAt(matched) === unit) matched++;
	}
	const overlaps: number[] = [];
	for (let overlap = matched; overlap > 0; overlap = borders[overlap - 1] ?? 0) overlaps.push(overlap);
	return overlaps;
}

/** Length of the longest end of a text that stands in it once more, characters. In time proportional to the text. */
export function repeatedEnd(text: string): number {
	const backwards = text.split('').reverse().join('');
	return bordersOf(backwards).reduce((longest, length) => Math.max(longest, length), 0);
}

/** For each prefix of a text, the length of the longest shorter prefix that it also ends with. */
function bordersOf(text: string): number[] {
	const borders: number[] = [0];
	let matched = 0;
	for (let index = 1; index < text.length; index++) {
		while (matched > 0 && text.charCodeAt(index) !== text.charCodeAt(matched)) matched = borders[matched - 1] ?? 0;
		if (text.charCodeAt(index) === text.charCodeAt(matched)) matched++;
		borders.push(matched);
	}
	return borders;
}

function* units(text: string): Generator<number> {
	for (let index = 0; index < text.length; index++) yield text.charCodeAt(index);
}
