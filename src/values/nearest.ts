import { closest, distance } from 'fastest-levenshtein';

/** With how many names a wrong one is compared, and how long it may be: thousands of mistakes times thousands of names take minutes. */
const MOST_COMPARED = 500;
const LONGEST_COMPARED = 200;

/** The name that was probably meant, when one is near enough to be more than a guess. */
export function nearest(wrong: string, all: readonly string[]): string | undefined {
	const names = all.slice(0, MOST_COMPARED);
	if (names.length === 0 || wrong.length > LONGEST_COMPARED) return undefined;
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
