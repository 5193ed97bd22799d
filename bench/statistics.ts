/**
 * The value below which the given share of the values lies, by nearest rank.
 * @param share 0 to 1; 0.5 is the median.
 * @throws RangeError when there are no values.
 */
export function quantile(values: readonly number[], share: number): number {
	const sorted = Float64Array.from(values).sort();
	const found = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
	if (found === undefined) throw new RangeError('There is no quantile of nothing: no value was measured.');
	return found;
}

/** The middle value; of an even number of values the mean of the middle two. @throws RangeError as `quantile`. */
export function median(values: readonly number[]): number {
	if (values.length % 2 === 1) return quantile(values, 0.5);
	const sorted = [...values].sort((a, b) => a - b);
	const upper = quantile(sorted, 0.5);
	return (upper + (sorted[values.length / 2 - 1] ?? upper)) / 2;
}
