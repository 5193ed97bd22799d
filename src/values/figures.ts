/** A figure as people read it: `12,345`. */
export function countText(count: number): string {
	return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** So many of a thing: `1 state`, `2 properties`. */
export function amountText(count: number, singular: string, plural = `${singular}s`): string {
	return `${countText(count)} ${count === 1 ? singular : plural}`;
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
