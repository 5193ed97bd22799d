import { Gauge, type Registry } from 'prom-client';
import type { OperatorEvent, ProviderAlarm, ProviderStateName } from '../../../machines/events.ts';
import { actorsOf } from '../../config/actors.ts';
import type { Config } from '../../config/config.ts';
import { targetsOf } from '../../config/targets.ts';
import type { ProviderHealth } from '../../contract/service.ts';
import { Cells } from './cells.ts';
import { bounded, type ProviderLabels, providerLabelNames, providerLabels } from './labels.ts';

const states: readonly ProviderStateName[] = ['closed', 'open', 'half-open', 'quota-cooldown'];
const unavailableReasons = ['failures', 'hint', 'auth', 'quota', 'operator', 'probing'] as const;
const alarms: readonly ProviderAlarm['alarm'][] = ['auth', 'quota', 'model'];

/** How long a provider actor was in each state: by a clock that nobody sets back. */
interface Stay {
	state: ProviderStateName;
	/** The last moment that is counted, ms of `performance.now()`. */
	countedTo: number;
}

export type HealthSource = () => Readonly<Record<string, ProviderHealth>>;

/** What is read from a provider's health when somebody scrapes: one number, or one for each value of a label. */
interface ProviderGauge {
	name: string;
	help: string;
	label?: string;
	values(health: ProviderHealth): Readonly<Record<string, number>>;
}

/** 1 for the value that holds, 0 for the others. */
function oneHot(values: readonly string[], holding: string | null): Record<string, number> {
	return Object.fromEntries(values.map((value) => [value, value === holding ? 1 : 0]));
}

const gauges: readonly ProviderGauge[] = [
	{
		name: 'breakwater_provider_state',
		help: '1 for the state that the provider actor is in, 0 for the others.',
		label: 'state',
		values: ({ state }) => oneHot(states, state),
	},
	{
		name: 'breakwater_provider_unavailable',
		help: '1 for the reason for which the provider actor is not closed, 0 for the others.',
		label: 'reason',
		values: ({ reason }) => oneHot(unavailableReasons, reason),
	},
	{
		name: 'breakwater_provider_probes_in_flight',
		help: 'Probes under way: their results decide whether the provider closes again.',
		values: ({ probesInFlight }) => ({ now: probesInFlight }),
	},
	{
		name: 'breakwater_provider_retry_timestamp_seconds',
		help: 'When the provider actor is asked again, in Unix time; 0 when it is asked now.',
		values: ({ retryAt }) => ({ now: retryAt === null ? 0 : Date.parse(retryAt) / 1000 }),
	},
	{
		name: 'breakwater_unavailable_models',
		help: '1 for each model that is unavailable now, because its provider said that it does not exist.',
		label: 'gen_ai_request_model',
		values: ({ unavailableModels }) => Object.fromEntries(Object.keys(unavailableModels).map((model) => [model, 1])),
	},
];

/** Provider actors: their states, why, for how long, their probes, and what a person was called for. */
export class ProviderMetrics {
	readonly #labels: ReadonlyMap<string, ProviderLabels>;
	readonly #stays = new Map<string, Stay>();
	readonly #stateSeconds;
	readonly #alarms;
	readonly #actions;
	readonly #models: ReadonlyMap<string, ReadonlySet<string>>;
	#health: HealthSource = () => ({});

	constructor(registry: Registry, config: Config) {
		this.#labels = providerLabels(config);
		this.#models = new Map(
			Object.keys(config.providers).map((name) => [
				name,
				new Set(targetsOf(config).flatMap(({ provider, model }) => (provider === name ? [model] : []))),
			]),
		);
		this.#stateSeconds = new Cells(registry, {
			name: 'breakwater_provider_state_seconds_total',
			help: 'How long the provider actor has been in each state.',
			labels: [...providerLabelNames, 'state'],
		});
		this.#alarms = new Cells(registry, {
			name: 'breakwater_alarms_total',
			help: 'Failures that a person has to put right: a rejected key, an exhausted quota, a model that does not exist.',
			labels: [...providerLabelNames, 'alarm'],
		});
		this.#actions = new Cells(registry, {
			name: 'breakwater_admin_actions_total',
			help: 'Actions on a provider actor through the admin API.',
			labels: [...providerLabelNames, 'action'],
		});
		for (const gauge of gauges) this.#createGauge(registry, gauge);
		this.#createModelGauge(registry, config);
		for (const [id, labels] of this.#labels) {
			this.#stays.set(id, { state: 'closed', countedTo: performance.now() });
			for (const state of states) this.#stateSeconds.cell({ ...labels, state });
			for (const alarm of alarms) this.#alarms.cell({ ...labels, alarm });
		}
	}

	/** From now on the gauges show this. */
	watch(health: HealthSource): void {
		this.#health = health;
	}

	changed(id: string, to: ProviderStateName): void {
		this.#countStay(id);
		const stay = this.#stays.get(id);
		if (stay !== undefined) stay.state = to;
	}

	alarmed(id: string, { alarm }: ProviderAlarm): void {
		const labels = this.#labels.get(id);
		if (labels !== undefined) this.#alarms.count({ ...labels, alarm });
	}

	operated(id: string, { type }: OperatorEvent): void {
		const labels = this.#labels.get(id);
		if (labels !== undefined) this.#actions.count({ ...labels, action: type.replace('operator.', '') });
	}

	/** To be called before a scrape: a counter of seconds is true only up to when it was last counted. */
	countStays(): void {
		for (const id of this.#stays.keys()) this.#countStay(id);
	}

	#createGauge(registry: Registry, { name, help, label, values }: ProviderGauge): void {
		const gauge = new Gauge({
			name,
			help,
			labelNames: [...providerLabelNames, ...(label === undefined ? [] : [label])],
			registers: [registry],
			collect: () => {
				// What is not the case any more, such as a unavailable model, must not stay.
				gauge.reset();
				for (const [id, health] of Object.entries(this.#health())) {
					const labels = this.#labels.get(id);
					if (labels === undefined) continue;
					for (const [value, number] of Object.entries(values(health))) {
						if (label === undefined) gauge.set(labels, number);
						else gauge.set({ ...labels, [label]: this.#boundedValue(label, value, labels) }, number);
					}
				}
			},
		});
	}

	/** One series for each model with an actor of its own: there may be hundreds. */
	#createModelGauge(registry: Registry, config: Config): void {
		const models = actorsOf(config).flatMap(({ id, provider, credential, model }) => {
			if (model === undefined) return [];
			return [{ id, labels: { gen_ai_provider_name: provider, provider: credential, gen_ai_request_model: model } }];
		});
		if (models.length === 0) return;
		const gauge = new Gauge({
			name: 'breakwater_model_closed',
			help: '1 while a model with a state of its own is closed, 0 while it is open or on trial; its key is told of apart.',
			labelNames: [...providerLabelNames, 'gen_ai_request_model'],
			registers: [registry],
			collect: () => {
				const health = this.#health();
				for (const { id, labels } of models) gauge.set(labels, health[id]?.state === 'closed' ? 1 : 0);
			},
		});
	}

	#boundedValue(label: string, value: string, { gen_ai_provider_name: provider }: ProviderLabels): string {
		if (label !== 'gen_ai_request_model') return value;
		return bounded(value, this.#models.get(provider) ?? new Set());
	}

	#countStay(id: string): void {
		const stay = this.#stays.get(id);
		const labels = this.#labels.get(id);
		if (stay === undefined || labels === undefined) return;
		const now = performance.now();
		this.#stateSeconds.cell({ ...labels, state: stay.state }).pending += (now - stay.countedTo) / 1000;
		stay.countedTo = now;
	}
}
