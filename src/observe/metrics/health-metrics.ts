import type { Registry } from 'prom-client';
import type { CheckResult } from '../../../machines/health-check/context.ts';
import type { Config } from '../../config/config.ts';
import { Cells } from './cells.ts';
import { type ProviderLabels, providerLabelNames, providerLabels } from './labels.ts';

const results: readonly CheckResult[] = ['passed', 'failed', 'unproved'];

/** Active checks. A configuration without any has no series of these. */
export class HealthMetrics {
	readonly #checks: Cells<keyof ProviderLabels | 'result'> | undefined;
	readonly #labels: ReadonlyMap<string, ProviderLabels>;

	constructor(registry: Registry, config: Config) {
		const checked = Object.values(config.providers).flatMap(({ health, credentials }) =>
			health === undefined ? [] : credentials.map(({ id }) => id),
		);
		this.#labels = new Map([...providerLabels(config)].filter(([id]) => checked.includes(id)));
		if (checked.length === 0) return;
		this.#checks = new Cells(registry, {
			name: 'breakwater_health_checks_total',
			help: 'Active checks of provider actors: passed, failed, or without evidence for or against the provider (unproved).',
			labels: [...providerLabelNames, 'result'],
		});
		for (const labels of this.#labels.values()) {
			for (const result of results) this.#checks.cell({ ...labels, result });
		}
	}

	checked(id: string, result: CheckResult): void {
		const labels = this.#labels.get(id);
		if (labels !== undefined) this.#checks?.count({ ...labels, result });
	}
}
