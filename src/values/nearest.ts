import { closest, distance } from 'fastest-levenshtein';

/** The name that was probably meant, when one is near enough to be more than a guess. */
export function nearest(wrong: string, names: readonly string[]): string | undefined {
	if (names.length === 0) return undefined;
	const best = closest(
		wrong.toLowerCase(),
		names.map((name) => name.toLowerCase()),
	);
	const name = names.find((candidate) => candidate.toLowerCase() === best);
	// Two letters swapped are a distance of 2; in a word of three letters that makes another word.
	const allowed = wrong.length < 4 ? Math.min(1, wrong.length - 1) : Math.max(2, Math.floor(wrong.length / 3));
	return distance(wrong.toLowerCase(), best) <= allowed ? name : undefined;
}

/** The close of a sentence about a wrong name: the nearest one, else all there are. */
export function suggestion(wrong: string, names: readonly string[]): string {
	if (names.length === 0) return 'define one first';
	const meant = nearest(wrong, names);
	return meant === undefined ? `choose from ${inWords(names)}` : `did you mean \`${meant}\`?`;
}

/** Names as they stand in a sentence: `a`, `b`, `c`; of very many, the first. */
export function inWords(names: readonly string[]): string {
	const shown = names.slice(0, 20).map((name) => `\`${name}\``);
	return [...shown, ...(names.length > shown.length ? ['…'] : [])].join(', ');
}
