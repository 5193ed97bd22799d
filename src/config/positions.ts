import type { LineCounter } from 'yaml';
import { nearestPlace } from './problem-collector.ts';
import { type Path, placeKey, type Tree, valueAt } from './tree.ts';

/** A place in the file. Both count from 1. */
export interface Position {
	line: number;
	column: number;
}

/** Where the parts of one file stand, and how they were written. */
export class Positions {
	readonly #tree: Tree;
	readonly #lines: LineCounter;

	constructor(tree: Tree, lines: LineCounter) {
		this.#tree = tree;
		this.#lines = lines;
	}

	/**
	 * Where something stands: a value at its beginning, a map or a list at its key. A setting that may come from several
	 * layers is found by naming its path in each of them, the one that wins first.
	 * @param candidates paths such as `['policy', 'timeouts', 'request']`; the first that the file gives is taken
	 * @returns where none is given, as for a default, the nearest thing around the first candidate that is
	 */
	locate(...candidates: readonly Path[]): Position {
		const path = candidates.find((candidate) => this.isGiven(candidate)) ?? candidates[0] ?? [];
		const place = nearestPlace(this.#tree, path);
		const value = valueAt(this.#tree, path);
		const isSection = typeof value === 'object' && value !== null;
		const { line, col } = this.#lines.linePos(isSection ? (place.key ?? place.value) : place.value);
		return { line: Math.max(line, 1), column: Math.max(col, 1) };
	}

	/** Does the file give this, itself or by an alias? */
	isGiven(path: Path): boolean {
		return this.#tree.places.has(placeKey(path));
	}

	/** Was it written into the file, with nothing of it taken from the environment? */
	isLiteral(path: Path): boolean {
		return this.isGiven(path) && this.#tree.places.get(placeKey(path))?.interpolated === undefined;
	}

	/** The keys of a map, as they are written. */
	keysOf(path: Path): readonly string[] {
		const value = valueAt(this.#tree, path);
		return typeof value === 'object' && value !== null ? Object.keys(value) : [];
	}

	/** A profile and those that it extends, itself first. A file in which they go in a circle has not been read. */
	lineageOf(profile: string): readonly string[] {
		const lineage = [profile];
		for (;;) {
			const parent = valueAt(this.#tree, ['profiles', lineage.at(-1) ?? profile, 'extends']);
			if (typeof parent !== 'string') return lineage;
			lineage.push(parent);
		}
	}
}
