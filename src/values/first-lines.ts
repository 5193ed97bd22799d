/** How many of one kind are printed; whoever has more corrects these first. */
const MOST_PRINTED = 100;

/** How many names are in one sentence. */
const MOST_NAMES = 20;

/** Names one after the other: the first ones, and how many more there are. */
export function nameList(names: readonly string[], separator = ', '): string {
	if (names.length <= MOST_NAMES) return names.join(separator);
	const more = (names.length - MOST_NAMES).toLocaleString('en');
	return `${names.slice(0, MOST_NAMES).join(separator)} and ${more} more`;
}

/**
 * The first of many lines, and how many more there are: a file of nothing but mistakes must not print a book.
 * @param what they are, in the plural
 */
export function firstLines(lines: readonly string[], what: string): string[] {
	if (lines.length <= MOST_PRINTED) return [...lines];
	const more = (lines.length - MOST_PRINTED).toLocaleString('en');
	return [...lines.slice(0, MOST_PRINTED), `and ${more} more ${what}`];
}
