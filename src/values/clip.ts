/** A caller's own word, short enough to be shown back. */
export function clip(word: string): string {
	return word.length > 80 ? `${word.slice(0, 80)}…` : word;
}
