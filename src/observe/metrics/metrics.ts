import { Registry } from 'prom-client';
import type { Config } from '../../config/config.ts';
import type { BudgetFigures } from '../../contract/budget-figures.ts';
import type { LoadFigures } from '../../contract/load-figures.ts';
import { type GatewayObserver, lookUpTroubles } from '../../contract/observer.ts';
import type { LogOutput } from '../log/log.ts';
import { addBudgetMetrics } from './budget-metrics.ts';
import { CallMetrics } from './call-metrics.ts';
import { Cells } from './cells.ts';
import { HealthMetrics } from './health-metrics.ts';
import { KeyMetrics } from './key-metrics.ts';
import { addLoadMetrics } from './load-metrics.ts';
import { addProcessMetrics } from './process-metrics.ts';
import { type HealthSource, ProviderMetrics } from './provider-metrics.ts';
import { RefusalMetrics } from './refusal-metrics.ts';

export interface Metrics {
	/** Receives everything that happens. */
	readonly observer: GatewayObserver;
	/** The `content-type` of `text`. */
	readonly contentType: string;
	/** Gives the gauges of the providers their source, once the gateway runs. */
	watch(health: HealthSource): void;
	/** Adds what is asked of the process, and what it turned away; to be called once. */
	watchLoad(figures: () => LoadFigures): void;
	/** Adds how the budgets stand, where there are any; to be called once. */
	watchBudgets(figures: () => readonly BudgetFigures[]): void;
	/** Counts one notification that was delivered, or given up. */
	notified(webhook: number, outcome: (typeof outcomes)[number]): void;
	/** Counts lines of the log that were dropped. */
	linesLost(output: LogOutput, lines: number): void;
	/** Everything, in Prometheus' text format. */
	text(): Promise<string>;
}

const outcomes = ['delivered', 'failed', 'dropped'] as const;

/**
 * Metrics of one gateway, in a registry of their own. Every name begins with `breakwater_`; every label has a bounded
 * set of values, which the configuration alone decides.
 * @param config checked and resolved
 * @param version of Breakwater
 * @throws Error when the shipped error rules cannot be read
 */
export function createMetrics(config: Config, version: string): Metrics {
	const registry = new Registry();
	const calls = new CallMetrics(registry, config);
	const providers = new ProviderMetrics(registry, config);
	const keys = new KeyMetrics(registry, config);
	const checks = new HealthMetrics(registry, config);
	const refusals = new RefusalMetrics(registry, config);
	const crashes = new Cells(registry, {
		name: 'breakwater_crashes_total',
		help: 'Faults of Breakwater itself; its log says more of each.',
		labels: [],
	}).cell({});
	const lostLines = new Cells(registry, {
		name: 'breakwater_log_lines_lost_total',
		help: 'Lines of the log that could not be written to standard error (stderr) or to the log files (files).',
		labels: ['output'],
	});
	for (const output of config.logs === undefined ? ['stderr'] : ['stderr', 'files']) lostLines.cell({ output });
	const surplusConnections = new Cells(registry, {
		name: 'breakwater_surplus_connections_total',
		help: 'Connections that were ended because a provider sent bytes on them which belong to no answer.',
		labels: [],
	}).cell({});
	const lookUpTrouble = new Cells(registry, {
		name: 'breakwater_look_up_troubles_total',
		help: 'Look-ups of the names of providers that ended with an error (failed) or took longer than five seconds (late).',
		labels: ['trouble'],
	});
	for (const trouble of lookUpTroubles) lookUpTrouble.cell({ trouble });
	const notifications = new Cells(registry, {
		name: 'breakwater_notifications_total',
		help: 'Notifications, by the number of their webhook in the configuration and by outcome.',
		labels: ['webhook', 'outcome'],
	});
	for (const index of config.notifications?.webhooks.keys() ?? []) {
		for (const outcome of outcomes) notifications.cell({ webhook: String(index + 1), outcome });
	}
	addProcessMetrics(registry, version);

	return {
		observer: {
			callStarted: (call) => calls.started(call),
			callEnded: (record) => calls.ended(record),
			callRefused: (refusal) => refusals.count(refusal),
			providerChanged: (id, _from, to) => providers.changed(id, to),
			providerAlarmed: (id, _source, alarm) => providers.alarmed(id, alarm),
			providerOperated: (id, action) => providers.operated(id, action),
			keyFetched: (id) => keys.fetched(id),
			keyTroubled: (id) => keys.troubled(id),
			healthChecked: (id, { result }) => checks.checked(id, result),
			surplusReceived: () => {
				surplusConnections.pending += 1;
			},
			lookUpTroubled: (trouble) => lookUpTrouble.count({ trouble }),
			crashed: () => {
				crashes.pending += 1;
			},
		},
		contentType: registry.contentType,
		watch: (health) => providers.watch(health),
		watchLoad: (figures) => addLoadMetrics(registry, figures),
		watchBudgets: (figures) => {
			if (figures().length > 0) addBudgetMetrics(registry, figures);
		},
		notified: (webhook, outcome) => notifications.count({ webhook: String(webhook), outcome }),
		linesLost: (output, lines) => {
			lostLines.cell({ output }).pending += lines;
		},
		text: () => {
			providers.countStays();
			return registry.metrics();
		},
	};
}
