import type { LineCounter } from 'yaml';
import { nearest } from '../values/nearest.ts';
import type { Problem } from './problems.ts';
import { type Path, placeKey, type TextPlace, type Tree } from './tree.ts';

/** Collects what is wrong with one file, each at its line and column. */
export class ProblemCollector {
	private readonly file: string;
	private readonly lines: LineCounter;
	private readonly found = new Map<string, Problem>();
	/** The keys of a map that are no options, by the map's place. */
	private readonly unknown = new Map<string, readonly string[]>();

	constructor(file: string, lines: LineCounter) {
		this.file = file;
		this.lines = lines;
	}

	get isEmpty(): boolean {
		return this.found.size === 0;
	}

	/** Every problem in the order of the file. */
	get problems(): Problem[] {
		return [...this.found.values()].sort((a, b) => a.line - b.line || a.column - b.column);
	}

	/** @param sentence one whole sentence about what stands at the offset */
	addAt(offset: number, sentence: string): void {
		this.put(offset, sentence, sentence);
	}

	/** @param predicate the rest of a sentence that begins with the path */
	addMistake(path: Path, offset: number, predicate: string): void {
		this.put(offset, predicate, `${shownPath(path)} ${predicate}`);
	}

	/** Adds what is wrong with a value or its key, unless something that it follows from is known already. */
	add(tree: Tree, path: Path, at: 'key' | 'value', predicate: string): void {
		if (tree.places.get(placeKey(path))?.broken) return;
		const place = nearestPlace(tree, path);
		const offset = at === 'key' ? (place.key ?? place.value) : place.value;
		this.addMistake(path, offset, predicate);
	}

	/** Remembers keys of the map at a path that are no options. */
	noteUnknown(path: Path, keys: readonly string[]): void {
		this.unknown.set(placeKey(path), keys);
	}

	/** Whether a key that is missing stands there misspelled: that is one mistake, and is reported as an unknown option. */
	isMisspelled(path: Path): boolean {
		const unknown = this.unknown.get(placeKey(path.slice(0, -1))) ?? [];
		return unknown.some((key) => nearest(key, [String(path.at(-1))]) !== undefined);
	}

	/** What an alias repeats in several places is one mistake: the first path at an offset stands for all. */
	private put(offset: number, predicate: string, message: string): void {
		const key = `${offset} ${predicate}`;
		if (this.found.has(key)) return;
		const { line, col } = this.lines.linePos(offset);
		this.found.set(key, { file: this.file, line: Math.max(line, 1), column: Math.max(col, 1), message });
	}
}

/** The place of a value; of something that is missing, the place of what it is missing in. */
export function nearestPlace(tree: Tree, path: Path): TextPlace {
	const place = tree.places.get(placeKey(path));
	if (place !== undefined) return place;
	if (path.length === 0) return { value: 0 };
	const parent = nearestPlace(tree, path.slice(0, -1));
	return { value: parent.key ?? parent.value };
}

/** A path as people write it: `providers.openai.apiKey[0]`. */
export function formatPath(path: Path): string {
	return path
		.map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${String(key)}`))
		.join('');
}

/** In `apiKey:sk-…`, with no space after the colon, the key of the map contains the secret; only model names have colons. */
function shownPath(path: Path): string {
	if (path.length === 0) return 'the file';
	const shown = path.map((key, index) => {
		if (typeof key !== 'string' || path[index - 1] === 'models') return key;
		return key.replace(/[:=\s][\s\S]*$/, '…');
	});
	return `\`${formatPath(shown)}\``;
}
