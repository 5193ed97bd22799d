import { type Alias, type Document, type Node, visit } from 'yaml';

/** The anchors of a document, found in one pass: the library searches the whole document again for every alias. */
export class Anchors {
	readonly #document: Document;
	/** By name, each in the order of the text; found when the first alias asks. */
	#nodes: Map<string, Node[]> | undefined;

	/** @param document without errors of syntax, so that it is not too deep to be walked through */
	constructor(document: Document) {
		this.#document = document;
	}

	/** The last node above an alias that has its name; a name may be given again further down. */
	targetOf(alias: Alias): Node | undefined {
		this.#nodes ??= anchorsOf(this.#document);
		const nodes = this.#nodes.get(alias.source) ?? [];
		const place = alias.range?.[0] ?? 0;
		let from = 0;
		let to = nodes.length;
		while (from < to) {
			const middle = (from + to) >> 1;
			if ((nodes[middle]?.range?.[0] ?? 0) < place) from = middle + 1;
			else to = middle;
		}
		return nodes[from - 1];
	}
}

function anchorsOf(document: Document): Map<string, Node[]> {
	const nodes = new Map<string, Node[]>();
	visit(document, {
		Node: (_key, node) => {
			const name = 'anchor' in node ? node.anchor : undefined;
			if (name === undefined) return;
			const known = nodes.get(name);
			if (known === undefined) nodes.set(name, [node]);
			else known.push(node);
		},
	});
	return nodes;
}
