import { Gauge, Histogram, type Registry } from 'prom-client';
import type { Config } from '../../config/config.ts';
import { targetsOf } from '../../config/targets.ts';
import { mostTokens } from '../../contract/answer-parts.ts';
import type { CallCost, CallRecord } from '../../contract/call-record.ts';
import type { StartedCall } from '../../contract/observer.ts';
import { type Cell, Cells } from './cells.ts';
import { bounded, routeNames, targetNames, targetRoute } from './labels.ts';
import { TraceMetrics } from './trace-metrics.ts';

/**
 * Seconds; those that OpenTelemetry's GenAI conventions advise for `gen_ai.client.operation.duration`, up to the longest
 * that requests are commonly given.
 */
const durationBuckets = [
	...[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
	...[163.84, 327.68],
];
/** Seconds; those that OpenTelemetry's GenAI conventions advise for `gen_ai.server.time_to_first_token`, and longer. */
const firstTokenBuckets = [
	...[0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
	...[20, 40, 60],
];
/** Seconds; from a tenth of a millisecond on, as an ordinary request costs less than one. */
const overheadBuckets = [0.0001, 0.0002, 0.0003, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1];

/** What is at hand for one route, so that an ordinary request looks nothing up by its labels. */
interface RouteMetrics {
	/** A profile, `models`, or `target` for every target. */
	route: string;
	ends: Readonly<Record<RouteEnd, Cell>>;
	stream: SeriesOfCall;
	document: SeriesOfCall;
	firstToken: { observe(seconds: number): void };
}

interface SeriesOfCall {
	/** By route as the request named it and by client, `''` where callers have no names. */
	done: Map<string, Map<string, Cell>>;
	duration: { observe(seconds: number): void };
}

/**
 * How a request ended for whoever watches a route. Two kinds of failures are apart: `denied`, as no target could be asked,
 * and `rejected`, as the request itself was at fault.
 */
type RouteEnd = 'done' | 'failed' | 'denied' | 'rejected' | 'aborted';

const endOfCode: ReadonlyMap<string | undefined, RouteEnd> = new Map([
	['all_targets_unavailable', 'denied'],
	['all_targets_limited', 'denied'],
	['bad_request', 'rejected'],
	['context_length_exceeded', 'rejected'],
	['content_policy_violation', 'rejected'],
]);

/** Failures whose first one has to be seen by a rate; where callers have names, `route_requests_total` sees it. */
const awaitedCodes = [
	...['all_targets_unavailable', 'all_targets_limited', 'all_targets_overloaded'],
	...['all_targets_failed', 'all_targets_timed_out'],
	'stream_interrupted',
];

/** Requests: how many, how they ended, how long they took, what they used, how many are open. */
export class CallMetrics {
	readonly #requests;
	readonly #routeEnds;
	readonly #tokens;
	readonly #estimates;
	readonly #costs;
	readonly #unknownCosts;
	readonly #overhead;
	readonly #unknownReasons;
	readonly #traces: TraceMetrics;
	readonly #clients: ReadonlySet<string>;
	readonly #routes: ReadonlyMap<string, RouteMetrics>;
	readonly #targets: ReadonlySet<string>;
	readonly #tokenCells: ReadonlyMap<string, { input: Cell; output: Cell; estimated: Cell }>;
	#openStreams = 0;
	#openDocuments = 0;

	constructor(registry: Registry, config: Config) {
		this.#clients = new Set(Object.keys(config.server.clients ?? {}));
		this.#traces = new TraceMetrics(registry, config);
		this.#requests = new Cells(registry, {
			name: 'breakwater_requests_total',
			help: 'Requests that have ended, by profile (or target) and by how they ended; code is the error that the client got.',
			labels: ['route', 'stream', 'outcome', 'code', 'client'],
		});
		this.#routeEnds = new Cells(registry, {
			name: 'breakwater_route_requests_total',
			help: 'Requests that have ended, by profile (route="target": by any target) and by how; denied: no target could be asked; rejected: the request was at fault.',
			labels: ['route', 'outcome'],
		});
		this.#unknownReasons = new Cells(registry, {
			name: 'breakwater_unknown_finish_reasons_total',
			help: 'Answers that ended with a finish reason that is neither a known end nor in the error rules, and were passed on.',
			labels: ['gen_ai_provider_name'],
		});
		this.#tokens = new Cells(registry, {
			name: 'breakwater_tokens_total',
			help: 'Tokens as the providers counted them.',
			labels: ['gen_ai_provider_name', 'gen_ai_request_model', 'gen_ai_token_type'],
		});
		this.#estimates = new Cells(registry, {
			name: 'breakwater_estimated_tokens_total',
			help: 'Tokens of prompts as they were estimated before they were sent, where the provider has counted them, too.',
			labels: ['gen_ai_provider_name', 'gen_ai_request_model'],
		});
		const payers = ['profile', 'target', 'client'] as const;
		this.#costs = new Cells(registry, {
			name: 'breakwater_cost_usd_total',
			help: 'USD of what providers reported to have been used, failed attempts included, as far as prices are known.',
			labels: payers,
		});
		this.#unknownCosts = new Cells(registry, {
			name: 'breakwater_unknown_costs_total',
			help: 'Attempts that used something of which not all is in breakwater_cost_usd_total: no price, or no usage reported.',
			labels: payers,
		});
		const duration = new Histogram({
			name: 'breakwater_request_duration_seconds',
			help: 'Whole requests, from their beginning to the last byte of their answer.',
			labelNames: ['route', 'stream'],
			buckets: durationBuckets,
			registers: [registry],
		});
		const firstToken = new Histogram({
			name: 'breakwater_time_to_first_token_seconds',
			help: 'From the beginning of a request to the first content of its streamed answer, failovers on the way included.',
			labelNames: ['route'],
			buckets: firstTokenBuckets,
			registers: [registry],
		});
		this.#overhead = new Histogram({
			name: 'breakwater_overhead_seconds',
			help: 'The time of a request that was spent neither in an attempt nor in a wait between two: what the proxy adds.',
			buckets: overheadBuckets,
			registers: [registry],
		});
		const open = new Gauge({
			name: 'breakwater_open_requests',
			help: 'Requests under way now; stream="true" are the open streams.',
			labelNames: ['stream'],
			registers: [registry],
			collect: () => {
				open.set({ stream: 'true' }, this.#openStreams);
				open.set({ stream: 'false' }, this.#openDocuments);
			},
		});

		const seriesOf = (route: string, stream: 'true' | 'false'): SeriesOfCall => {
			duration.zero({ route, stream });
			return { done: new Map(), duration: duration.labels({ route, stream }) };
		};
		const endOf = (route: string, outcome: RouteEnd) => this.#routeEnds.cell({ route, outcome });
		const metricsOf = (route: string): RouteMetrics => ({
			route,
			// Alerts look at these, and a rate misses the first step of a series that begins with it.
			ends: {
				done: endOf(route, 'done'),
				failed: endOf(route, 'failed'),
				denied: endOf(route, 'denied'),
				rejected: endOf(route, 'rejected'),
				aborted: endOf(route, 'aborted'),
			},
			stream: seriesOf(route, 'true'),
			document: seriesOf(route, 'false'),
			firstToken: firstToken.labels({ route }),
		});
		const routes = [...routeNames(config)];
		this.#targets = targetNames(config);
		this.#routes = new Map(routes.map((route) => [route, metricsOf(route)]));
		for (const route of routes) firstToken.zero({ route });
		this.#prepareEnds(routes);
		this.#traces.prepare(routes);
		this.#tokenCells = new Map(
			targetsOf(config).map(({ target, provider, model }) => {
				const labels = { gen_ai_provider_name: provider, gen_ai_request_model: model };
				const estimated = this.#estimates.cell(labels);
				const input = this.#tokens.cell({ ...labels, gen_ai_token_type: 'input' });
				const output = this.#tokens.cell({ ...labels, gen_ai_token_type: 'output' });
				return [target, { input, output, estimated }];
			}),
		);
	}

	started({ stream }: StartedCall): void {
		if (stream) this.#openStreams += 1;
		else this.#openDocuments += 1;
	}

	ended(record: CallRecord): void {
		const { route, stream, outcome, code, client, ms, firstTokenMs, overheadMs, tokens } = record;
		if (stream) this.#openStreams -= 1;
		else this.#openDocuments -= 1;

		// The gateway takes no call for a route that is not in its configuration.
		const metrics = this.#routes.get(this.#targets.has(route) ? targetRoute : route);
		if (metrics === undefined) return;
		const series = stream ? metrics.stream : metrics.document;
		const name = client === undefined ? undefined : bounded(client, this.#clients);
		if (outcome === 'done') this.#done(series, route, stream, name).pending += 1;
		else this.#requests.count({ route, stream: String(stream), outcome, code, client: name });
		metrics.ends[outcome === 'failed' ? (endOfCode.get(code) ?? 'failed') : outcome].pending += 1;

		series.duration.observe(secondsOf(ms));
		if (firstTokenMs !== undefined) metrics.firstToken.observe(secondsOf(firstTokenMs));
		this.#overhead.observe(secondsOf(overheadMs));
		for (const { target, input, output } of tokens) {
			const cells = this.#tokenCells.get(target);
			if (cells === undefined) continue;
			cells.input.pending += Math.min(input, mostTokens);
			cells.output.pending += Math.min(output, mostTokens);
			if (target === record.target) cells.estimated.pending += record.estimatedTokens ?? 0;
		}
		if (record.cost !== undefined) this.#count(record.cost, metrics.route, name);
		for (const { provider } of record.unknownFinishReasons ?? []) {
			this.#unknownReasons.count({ gen_ai_provider_name: provider });
		}
		this.#traces.count(record, metrics.route);
	}

	#count({ attempts }: CallCost, profile: string, client: string | undefined): void {
		for (const { target, usd, isComplete } of attempts) {
			const labels = { profile, target, client };
			if (usd !== undefined) this.#costs.cell(labels).pending += usd;
			if (!isComplete) this.#unknownCosts.count(labels);
		}
	}

	/** Callers with names may be many, and are not multiplied with everything that could happen to them. */
	#prepareEnds(routes: readonly string[]): void {
		if (this.#clients.size > 0) return;
		for (const route of routes) {
			if (route === targetRoute) continue;
			for (const stream of ['true', 'false']) {
				const labels = { route, stream, client: undefined };
				this.#requests.cell({ ...labels, outcome: 'done', code: undefined });
				for (const code of awaitedCodes) this.#requests.cell({ ...labels, outcome: 'failed', code });
			}
		}
	}

	#done({ done }: SeriesOfCall, route: string, isStream: boolean, client: string | undefined): Cell {
		const known = done.get(route)?.get(client ?? '');
		if (known !== undefined) return known;
		const labels = { route, stream: String(isStream), outcome: 'done', code: undefined, client };
		const cell = this.#requests.cell(labels);
		const ofRoute = done.get(route) ?? new Map<string, Cell>();
		done.set(route, ofRoute.set(client ?? '', cell));
		return cell;
	}
}

/** The clock can have been set back meanwhile; a negative sample would take a histogram's sum down. */
function secondsOf(ms: number): number {
	return Math.max(0, ms) / 1000;
}
