/** No more names than can be read. */
const mostNames = 8;

/** Names in a sentence: `a`, `b` and `c`; of a long list the first, and how many more. */
export function namesText(names: readonly string[]): string {
	const quoted = names.map((name) => `\`${name}\``);
	if (quoted.length < 2) return quoted.join('');
	const shown = quoted.length > mostNames ? quoted.slice(0, mostNames) : quoted.slice(0, -1);
	const last = quoted.length > mostNames ? `${quoted.length - mostNames} more` : quoted.at(-1);
	return `${shown.join(', ')} and ${last}`;
}
