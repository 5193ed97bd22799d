import { Gauge, type Registry } from 'prom-client';
import type { Config } from '../../config/config.ts';
import { Cells } from './cells.ts';
import { type ProviderLabels, providerLabelNames, providerLabels } from './labels.ts';

/** Keys that are fetched while the process runs: whether they can be. A configuration without any has no series of these. */
export class KeyMetrics {
	readonly #fetches: Cells<keyof ProviderLabels | 'outcome'> | undefined;
	readonly #labels;
	readonly #failing = new Set<string>();

	constructor(registry: Registry, config: Config) {
		const all = providerLabels(config);
		const fetched = Object.values(config.providers).flatMap(({ credentials }) =>
			credentials.flatMap(({ id, keyFrom }) => (keyFrom === undefined ? [] : [id])),
		);
		this.#labels = new Map([...all].filter(([id]) => fetched.includes(id)));
		if (fetched.length === 0) return;
		this.#fetches = new Cells(registry, {
			name: 'breakwater_key_fetches_total',
			help: 'Keys that were fetched anew (fetched), and troubles with fetching them (failed).',
			labels: [...providerLabelNames, 'outcome'],
		});
		const gauge = new Gauge({
			name: 'breakwater_key_failing',
			help: '1 while the key of a provider actor cannot be fetched; the one that is there serves on.',
			labelNames: providerLabelNames,
			registers: [registry],
			collect: () => {
				for (const [id, labels] of this.#labels) gauge.set(labels, this.#failing.has(id) ? 1 : 0);
			},
		});
		for (const labels of this.#labels.values()) {
			for (const outcome of ['fetched', 'failed']) this.#fetches.cell({ ...labels, outcome });
		}
	}

	fetched(id: string): void {
		this.#failing.delete(id);
		this.#count(id, 'fetched');
	}

	troubled(id: string): void {
		this.#failing.add(id);
		this.#count(id, 'failed');
	}

	#count(id: string, outcome: 'fetched' | 'failed'): void {
		const labels = this.#labels.get(id);
		if (labels !== undefined) this.#fetches?.count({ ...labels, outcome });
	}
}
