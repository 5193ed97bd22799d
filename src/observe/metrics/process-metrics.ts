import { monitorEventLoopDelay } from 'node:perf_hooks';
import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';

/** How often the event loop's delay is sampled, ms. */
const samplingMs = 20;
const quantiles = [0.5, 0.9, 0.99, 1];

/** What runs, and how its process is: memory, CPU, handles, garbage collection, the delay of its event loop. */
export function addProcessMetrics(registry: Registry, version: string): void {
	const build = new Gauge({
		name: 'breakwater_build_info',
		help: 'Always 1; the labels say what runs.',
		labelNames: ['version', 'node'],
		registers: [registry],
	});
	build.set({ version, node: process.versions.node }, 1);
	// prom-client's own event-loop metrics, which cannot be left out, count the sampling interval as delay, and are no
	// numbers when two scrapes follow each other closely. One sample an hour, as nobody sees it.
	collectDefaultMetrics({ register: registry, prefix: 'breakwater_', eventLoopMonitoringPrecision: 3_600_000 });
	// And its gauges of active handles, requests and resources have sums that are named like counters, which Prometheus
	// would take a rate of; the gauges by type tell the same.
	for (const { name } of registry.getMetricsAsArray()) {
		if (/_eventloop_lag_|_nodejs_active_\w+_total$/.test(name)) registry.removeSingleMetric(name);
	}
	addEventLoopLag(registry);
}

function addEventLoopLag(registry: Registry): void {
	const delays = monitorEventLoopDelay({ resolution: samplingMs });
	delays.enable();
	const lag = new Gauge({
		name: 'breakwater_event_loop_lag_seconds',
		help: 'How late the event loop was since the last scrape, by quantile; 1 is the maximum. Everything in the process waited that long.',
		labelNames: ['quantile'],
		registers: [registry],
		collect: () => {
			for (const quantile of quantiles) {
				const lateMs = Math.max(0, delays.percentile(quantile * 100) / 1e6 - samplingMs);
				lag.set({ quantile: String(quantile) }, lateMs / 1000);
			}
			delays.reset();
		},
	});
}
