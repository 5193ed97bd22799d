import { Counter, type Registry } from 'prom-client';

/** One series of a counter. Adding to it costs an addition; prom-client learns of it when somebody scrapes. */
export interface Cell {
	pending: number;
}

interface LabelledCell<Name extends string> extends Cell {
	labels: Partial<Record<Name, string>>;
}

/**
 * A counter whose series are made once and then held by whoever counts: looking one up by its labels takes prom-client
 * ten times as long as the counting, and a request counts five of them.
 */
export class Cells<Name extends string> {
	readonly #names: readonly Name[];
	readonly #cells = new Map<string, LabelledCell<Name>>();

	/**
	 * @param options.name as it is scraped, with `_total` at its end
	 * @param options.labels the names of its labels; a value that is undefined leaves its label out
	 * @throws Error when the registry has a metric of this name
	 */
	constructor(registry: Registry, options: { name: string; help: string; labels: readonly Name[] }) {
		const { name, help, labels } = options;
		this.#names = labels;
		const counter = new Counter({
			name,
			help,
			labelNames: [...labels],
			registers: [registry],
			collect: () => this.#flush((cell) => counter.inc(cell.labels, cell.pending)),
		});
	}

	/** The series of these labels; from now on it is in every scrape. The values must come from a bounded set. */
	cell(labels: Readonly<Record<Name, string | undefined>>): Cell {
		const key = this.#names.map((name) => labels[name] ?? '').join('\0');
		const known = this.#cells.get(key);
		if (known !== undefined) return known;
		const given: Partial<Record<Name, string>> = {};
		for (const name of this.#names) {
			const value = labels[name];
			if (value !== undefined) given[name] = value;
		}
		const cell = { pending: 0, labels: given };
		this.#cells.set(key, cell);
		return cell;
	}

	count(labels: Readonly<Record<Name, string | undefined>>): void {
		this.cell(labels).pending += 1;
	}

	#flush(hand: (cell: LabelledCell<Name>) => void): void {
		for (const cell of this.#cells.values()) {
			hand(cell);
			cell.pending = 0;
		}
	}
}
