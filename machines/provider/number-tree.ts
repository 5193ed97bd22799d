/**
 * A map from whole numbers to values that is never changed: a change makes a new one that shares all but the way to the
 * number, so that it costs the logarithm of the size. Two maps with the same content are the same tree, whatever led to
 * them. (A big-endian Patricia tree: Okasaki and Gill, "Fast Mergeable Integer Maps", 1998.)
 */
export type NumberTree<Value> = Leaf<Value> | Branch<Value>;

interface Leaf<Value> {
	readonly key: number;
	readonly value: Value;
}

interface Branch<Value> {
	/** What the keys below have in common, above `bit`. */
	readonly prefix: number;
	/** The highest bit in which they differ. */
	readonly bit: number;
	readonly zero: NumberTree<Value>;
	readonly one: NumberTree<Value>;
}

/** The keys begin again at 0 below this one: bit operations end at 31 bits. */
export const KEYS = 2 ** 30;

export function valueAt<Value>(tree: NumberTree<Value> | undefined, key: number): Value | undefined {
	let at = tree;
	while (at !== undefined && 'bit' in at) at = (key & at.bit) === 0 ? at.zero : at.one;
	return at?.key === key ? at.value : undefined;
}

/** @param key a whole number from 0 to `KEYS` - 1 */
export function withValue<Value>(tree: NumberTree<Value> | undefined, key: number, value: Value): NumberTree<Value> {
	const leaf = { key, value };
	if (tree === undefined) return leaf;
	if (!('bit' in tree)) return tree.key === key ? leaf : joined(tree.key, tree, leaf);
	if (prefixOf(key, tree.bit) !== tree.prefix) return joined(tree.prefix, tree, leaf);
	const { prefix, bit, zero, one } = tree;
	if ((key & bit) === 0) return { prefix, bit, zero: withValue(zero, key, value), one };
	return { prefix, bit, zero, one: withValue(one, key, value) };
}

/** @returns the same tree when it has no such key */
export function withoutKey<Value>(tree: NumberTree<Value> | undefined, key: number): NumberTree<Value> | undefined {
	if (tree === undefined) return undefined;
	if (!('bit' in tree)) return tree.key === key ? undefined : tree;
	const { prefix, bit, zero, one } = tree;
	if ((key & bit) === 0) {
		const rest = withoutKey(zero, key);
		if (rest === zero) return tree;
		return rest === undefined ? one : { prefix, bit, zero: rest, one };
	}
	const rest = withoutKey(one, key);
	if (rest === one) return tree;
	return rest === undefined ? zero : { prefix, bit, zero, one: rest };
}

/** In the order of their keys. */
export function entriesOf<Value>(tree: NumberTree<Value> | undefined): [key: number, value: Value][] {
	if (tree === undefined) return [];
	return 'bit' in tree ? [...entriesOf(tree.zero), ...entriesOf(tree.one)] : [[tree.key, tree.value]];
}

function prefixOf(key: number, bit: number): number {
	return key & ~(2 * bit - 1);
}

/** @param key a key of `tree`, or its prefix: they differ from the leaf's in the same bit */
function joined<Value>(key: number, tree: NumberTree<Value>, leaf: Leaf<Value>): NumberTree<Value> {
	const bit = 1 << (31 - Math.clz32(key ^ leaf.key));
	const prefix = prefixOf(key, bit);
	return (leaf.key & bit) === 0 ? { prefix, bit, zero: leaf, one: tree } : { prefix, bit, zero: tree, one: leaf };
}
