import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from 'yaml';
import { asObject } from '../values/json.ts';
import { Anchors } from './anchors.ts';
import { type Interpolation, interpolate, type Variables } from './interpolate.ts';
import { foreignVariable } from './variable-notation.ts';

/** From the root of the file to a value: map keys and list indices. */
export type Path = readonly PropertyKey[];

/** Where a value of the file stands, as offsets into its text. */
export interface TextPlace {
	/** Where its key begins, when it is the value of a map. */
	key?: number;
	value: number;
	/** The text came from the environment, so it must not be shown; `whole` when nothing else stands around it. */
	interpolated?: 'part' | 'whole';
	/** A problem with the value itself is reported already; what follows from it would be noise. */
	broken?: boolean;
}

/** A mistake found while reading: at which offset, about which path. */
export interface Mistake {
	path: Path;
	offset: number;
	/** The rest of the sentence that begins with the path. */
	sentence: string;
}

/** A document as plain values, with aliases and merge keys resolved and variables filled in. */
export interface Tree {
	/** Undefined when the file is too large to be taken apart. */
	value: unknown;
	places: ReadonlyMap<string, TextPlace>;
	/** Texts that came from the environment, in whole or in part. */
	filledIn: readonly { readonly path: Path; readonly text: string }[];
	mistakes: readonly Mistake[];
}

/** An honest file stays far below both; aliases of aliases grow beyond any memory, and the reader calls itself for each level. */
const mostValues = 20_000;
const mostLevels = 50;

/** The key of a path in `Tree.places`. */
export function placeKey(path: Path): string {
	return path.map(String).join('\0');
}

/** Reads a document without syntax errors into a tree. Interpolates scalars one by one, so that no value changes the structure. */
export function readTree(document: Document, env: Variables): Tree {
	const reader = new TreeReader(document, env);
	const value = reader.read(document.contents as Node | null, [], undefined);
	const { places, filledIn, mistakes } = reader;
	return { value: reader.isFull ? undefined : value, places, filledIn, mistakes };
}

interface Entry {
	key: number;
	node: Node | null;
}

class TreeReader {
	readonly places = new Map<string, TextPlace>();
	readonly filledIn: { path: Path; text: string }[] = [];
	readonly mistakes: Mistake[] = [];
	private readonly env: Variables;
	private readonly anchors: Anchors;
	private count = 0;

	constructor(document: Document, env: Variables) {
		this.env = env;
		this.anchors = new Anchors(document);
	}

	get isFull(): boolean {
		return this.count > mostValues;
	}

	read(node: Node | null, path: Path, key: number | undefined): unknown {
		const value = node?.range?.[0] ?? key ?? 0;
		const place: TextPlace = key === undefined ? { value } : { key, value };
		this.places.set(placeKey(path), place);

		if (!this.take(path, value)) return this.broken(place);
		if (path.length > mostLevels) {
			this.mistake(path, value, `is nested more than ${mostLevels} levels deep; flatten it`);
			return this.broken(place);
		}
		if (isAlias(node)) return this.followAlias(node, path, place);
		const reference = isMap(node) ? bracedName(node) : undefined;
		if (reference !== undefined) {
			const meant = foreignVariable(reference, path, (name) => Object.hasOwn(this.env, name));
			if (meant !== undefined) {
				this.mistake(path, value, meant);
				return this.broken(place);
			}
		}
		if (isMap(node)) return this.readMap(node, path);
		if (isSeq(node))
			return node.items.map((item, index) => this.read(item as Node | null, [...path, index], undefined));
		if (isScalar(node)) return this.readScalar(node, path, place);
		return null;
	}

	/** Counts one more value, or entry that is merged; whether the file may still have it. */
	private take(path: Path, offset: number): boolean {
		this.count += 1;
		if (this.count === mostValues + 1) {
			this.mistake(path, offset, `makes the file too large, with more than ${mostValues} values; write fewer`);
		}
		return !this.isFull;
	}

	private mistake(path: Path, offset: number, sentence: string): void {
		this.mistakes.push({ path, offset, sentence });
	}

	private broken(place: TextPlace): undefined {
		place.broken = true;
		return undefined;
	}

	private followAlias(alias: Alias, path: Path, place: TextPlace): unknown {
		const target = this.anchors.targetOf(alias);
		if (target === undefined) {
			this.mistake(path, place.value, 'is an alias of an anchor that does not stand above; define `&name` first');
			return this.broken(place);
		}
		if (contains(target, alias)) {
			this.mistake(path, place.value, 'is an alias that contains itself; remove it');
			return this.broken(place);
		}
		return this.read(target, path, place.key);
	}

	private readScalar(scalar: Scalar, path: Path, place: TextPlace): unknown {
		if (typeof scalar.value !== 'string') return scalar.value;
		const result = this.interpolated(scalar.value, path);
		if ('mistake' in result) {
			this.mistake(path, place.value, result.mistake);
			return this.broken(place) ?? '';
		}
		if (result.replaced) {
			place.interpolated = result.whole ? 'whole' : 'part';
			this.filledIn.push({ path, text: result.text });
		}
		return result.text;
	}

	private interpolated(source: string, path: Path): Interpolation {
		const foreign = foreignVariable(source, path, (name) => Object.hasOwn(this.env, name));
		return foreign === undefined ? interpolate(source, this.env) : { mistake: foreign };
	}

	private readMap(map: YAMLMap, path: Path): Record<string, unknown> {
		const entries = this.entriesOf(map, path);
		return Object.fromEntries(
			[...entries].map(([name, { key, node }]) => [name, this.read(node, [...path, name], key)]),
		);
	}

	/** A map's own entries, then those that its merge keys bring; the first of a name wins. */
	private entriesOf(map: YAMLMap, path: Path, mergesDeep = 0): Map<string, Entry> {
		const entries = new Map<string, Entry>();
		const merged: Map<string, Entry>[] = [];
		for (const pair of map.items) {
			const keyNode = pair.key as Node | null;
			const key = keyNode?.range?.[0] ?? map.range?.[0] ?? 0;
			if (isMergeKey(keyNode)) {
				merged.push(...this.mergedEntries(pair.value as Node | null, path, key, mergesDeep + 1));
				continue;
			}
			const name = keyName(keyNode);
			if (name === undefined || name === '__proto__') {
				this.mistake(path, key, 'has a key that cannot be a name; write a plain name');
				continue;
			}
			if (entries.has(name)) {
				this.mistake([...path, name], key, 'is given twice; keep one of the two');
				continue;
			}
			entries.set(name, { key, node: pair.value as Node | null });
		}
		for (const more of merged) {
			for (const [name, entry] of more) {
				if (!this.take(path, entry.key)) return entries;
				if (!entries.has(name)) entries.set(name, entry);
			}
		}
		return entries;
	}

	private mergedEntries(node: Node | null, path: Path, key: number, mergesDeep: number): Map<string, Entry>[] {
		// Merge keys that lead to merge keys double at each step: what they bring is counted, not only what is left of it.
		if (!this.take(path, key)) return [];
		if (mergesDeep > mostLevels) {
			this.mistake(path, key, `merges more than ${mostLevels} levels deep; flatten it`);
			return [];
		}
		const source = isAlias(node) ? this.anchors.targetOf(node) : node;
		if (isSeq(source))
			return source.items.flatMap((item) => this.mergedEntries(item as Node | null, path, key, mergesDeep + 1));
		const recursive = isAlias(node) && isMap(source) && contains(source, node);
		if (isMap(source) && !recursive) return [this.entriesOf(source, path, mergesDeep)];
		this.mistake(path, key, 'has a merge key `<<` that leads to no map above it; give it the `*name` of one');
		return [];
	}
}

/** `{NAME}` and `{{ NAME }}` without quotes are maps to YAML, but were meant as a text. */
function bracedName(map: YAMLMap): string | undefined {
	const [pair, ...more] = map.items;
	if (map.flow !== true || pair === undefined || pair.value !== null || more.length > 0) return undefined;
	if (isMap(pair.key)) return bracedName(pair.key);
	return isScalar(pair.key) && typeof pair.key.value === 'string' && /^[A-Z_][A-Z0-9_]*$/.test(pair.key.value)
		? `{${pair.key.value}}`
		: undefined;
}

function isMergeKey(key: Node | null): boolean {
	return isScalar(key) && key.type === 'PLAIN' && key.value === '<<';
}

/** Keys are names: `4` and `"4"` are the same one. */
function keyName(key: Node | null): string | undefined {
	if (!isScalar(key)) return undefined;
	if (typeof key.value === 'string') return key.value;
	return key.source;
}

/** An alias refers backwards, so it can only recurse from within the very node that its anchor is on. */
function contains(outer: Node, inner: Node): boolean {
	const [outerStart = 0, , outerEnd = 0] = outer.range ?? [];
	const [innerStart = 0] = inner.range ?? [];
	return outerStart < innerStart && innerStart < outerEnd;
}

/** The value at a path of a tree that has not been validated. */
export function valueAt(tree: Tree, path: Path): unknown {
	return path.reduce<unknown>((value, key) => childOf(value, key), tree.value);
}

/** The keys of the map at a path, in their order; none where there is no map. */
export function keysAt(tree: Tree, path: Path): string[] {
	return Object.keys(asObject(valueAt(tree, path)) ?? {});
}

function childOf(value: unknown, key: PropertyKey): unknown {
	if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
	return Reflect.get(value, key);
}
