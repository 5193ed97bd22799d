import { median } from './statistics.ts';

/** What is measured of a system in one round, by its key in the raw numbers, in the order of the table. */
export const measures = {
	requestsPerSecond: { label: 'throughput, requests/s', digits: 0, ratio: true },
	cpuPerRequestUs: { label: 'CPU a request, µs', digits: 1, ratio: true },
	p50Ms: { label: 'latency p50, ms', digits: 2, ratio: true },
	p99Ms: { label: 'latency p99, ms', digits: 2, ratio: true },
	firstTokenMs: { label: 'first token, added, one stream, ms', digits: 2, ratio: true },
	firstTokenCrowdedMs: { label: 'first token, added, 50 streams open, ms', digits: 2, ratio: true },
	latePercent: { label: 'late tokens, 500 streams x 50/s, %', digits: 2, ratio: false },
	cpuPerTokenUs: { label: '  CPU a streamed token, µs', digits: 1, ratio: true },
	latenessP99Ms: { label: '  token lateness p99, ms', digits: 1, ratio: true },
	streamsGatewayCpuPercent: { label: '  gateway CPU meanwhile, %', digits: 0, ratio: true },
	streamsGatewayCoreStrangersPercent: { label: '  strangers on the gateway core, %', digits: 0, ratio: false },
	streamsLoadCoreStrangersPercent: { label: '  strangers on the load core, %', digits: 0, ratio: false },
	rssAfterRunMB: { label: 'RSS after the throughput run, MB', digits: 0, ratio: true },
	rssAfterStreamsMB: { label: 'RSS after the streams closed, MB', digits: 0, ratio: true },
	rssPerStreamKB: { label: 'RSS per open stream, 1000 open, kB', digits: 1, ratio: true },
	readyMs: { label: 'start to ready, ms', digits: 0, ratio: true },
	gatewayCoreBusyPercent: { label: 'throughput run: gateway core busy, %', digits: 0, ratio: false },
	loadCoreBusyPercent: { label: '  load core busy, %', digits: 0, ratio: false },
	gatewayCpuPercent: { label: '  CPU of the gateway process, %', digits: 0, ratio: false },
	loadCpuPercent: { label: '  CPU of the load generator, %', digits: 0, ratio: false },
	upstreamCpuPercent: { label: '  CPU of the mock upstream, %', digits: 0, ratio: false },
	gatewayCoreStrangersPercent: { label: '  strangers on the gateway core, %', digits: 0, ratio: false },
	loadCoreStrangersPercent: { label: '  strangers on the load core, %', digits: 0, ratio: false },
} as const;

export type Measure = keyof typeof measures;
export type Sample = { [Name in Measure]?: number | undefined };

/** The samples of each system, one a round, in the order in which the systems ran. */
export type Samples = ReadonlyMap<string, readonly Sample[]>;

const keys = Object.keys(measures) as Measure[];

/** The median over the rounds in which it was measured; undefined when it never was. */
export function middle(samples: readonly Sample[] | undefined, measure: Measure): number | undefined {
	const values = (samples ?? []).map((sample) => sample[measure]).filter((value) => value !== undefined);
	return values.length === 0 ? undefined : median(values);
}

/** The table: a row a measure, a column a system, medians over the rounds, in brackets the ratio to the bare proxy. */
export function table(samples: Samples): string {
	const names = [...samples.keys()];
	const rows = keys.map((measure) => [
		measures[measure].label,
		...names.flatMap((name) => [figure(samples, name, measure), ratio(samples, name, measure)]),
	]);
	const spreads = names.flatMap((name) => [spread(samples.get(name)), '']);
	rows.splice(1, 0, ['  spread over the rounds, ±%', ...spreads]);
	return align([['', ...names.flatMap((name) => [name, ''])], ...rows]);
}

function figure(samples: Samples, name: string, measure: Measure): string {
	return middle(samples.get(name), measure)?.toFixed(measures[measure].digits) ?? '-';
}

function ratio(samples: Samples, name: string, measure: Measure): string {
	const value = middle(samples.get(name), measure);
	const bare = middle(samples.get('bare'), measure);
	if (!measures[measure].ratio || name === 'bare' || value === undefined || bare === undefined || bare <= 0) return '';
	return `(${(value / bare).toFixed(2)})`;
}

function spread(samples: readonly Sample[] | undefined): string {
	const values = (samples ?? []).map((sample) => sample.requestsPerSecond).filter((value) => value !== undefined);
	if (values.length < 2) return '-';
	const half = (Math.max(...values) - Math.min(...values)) / 2;
	return ((100 * half) / median(values)).toFixed(1);
}

export function align(rows: readonly string[][]): string {
	const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
	const pad = (text: string, column: number) =>
		column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
	return rows.map((row) => row.map(pad).join(' ').trimEnd()).join('\n');
}

interface Goal {
	text: string;
	measure: Measure;
	/** What the measure is divided by: that of another system, or nothing. */
	relativeTo?: string;
	atLeast?: number;
	atMost?: number;
	unit: string;
}

/** The goals of the first release, on one core. */
const goals: readonly Goal[] = [
	{
		text: 'throughput at least 0.6 of bare',
		measure: 'requestsPerSecond',
		relativeTo: 'bare',
		atLeast: 0.6,
		unit: 'x',
	},
	{
		text: 'throughput at least 5 x portkey',
		measure: 'requestsPerSecond',
		relativeTo: 'portkey',
		atLeast: 5,
		unit: 'x',
	},
	{
		text: 'RSS after the run at most 1.3 of bare',
		measure: 'rssAfterRunMB',
		relativeTo: 'bare',
		atMost: 1.3,
		unit: 'x',
	},
	{ text: 'ready in under 1000 ms', measure: 'readyMs', atMost: 1000, unit: ' ms' },
];

/** One line a goal: held, missed, or not measured, with the figure. */
export function judgeGoals(samples: Samples): string {
	return goals.map((goal) => judge(goal, samples)).join('\n');
}

function judge(goal: Goal, samples: Samples): string {
	const own = middle(samples.get('breakwater'), goal.measure);
	const other = goal.relativeTo === undefined ? 1 : middle(samples.get(goal.relativeTo), goal.measure);
	if (own === undefined || other === undefined) return `  not measured  ${goal.text}`;
	const value = own / other;
	const held = value >= (goal.atLeast ?? -Infinity) && value <= (goal.atMost ?? Infinity);
	const shown = `${value.toFixed(goal.relativeTo === undefined ? 0 : 2)}${goal.unit}`;
	return `  ${held ? 'held  ' : 'MISSED'}        ${goal.text}: ${shown}`;
}

/** From this share of a core on, the work of others makes a figure doubtful, percent. */
const strangersLimitPercent = 5;

const strangersMeasures: readonly [side: string, during: readonly Measure[]][] = [
	['gateway', ['gatewayCoreStrangersPercent', 'streamsGatewayCoreStrangersPercent']],
	['load', ['loadCoreStrangersPercent', 'streamsLoadCoreStrangersPercent']],
];

/** A core is fully used from here on, percent; the watch starts and stops a little outside of the run. */
const saturatedPercent = 90;

/** What keeps the figures from saying what they seem to say, a sentence each. */
export function doubts(samples: Samples): string[] {
	const found: string[] = [];
	for (const [side, during] of strangersMeasures) {
		const seen = [...samples.values()].flat().flatMap((sample) => during.map((measure) => sample[measure] ?? 0));
		const most = Math.max(0, ...seen);
		if (most <= strangersLimitPercent) continue;
		found.push(
			`other processes took up to ${most.toFixed(0)} % of the ${side} core in a round; ` +
				'repeat on a machine that does nothing else.',
		);
	}
	for (const [name, rounds] of samples) {
		if ((middle(rounds, 'gatewayCoreBusyPercent') ?? 100) >= saturatedPercent) continue;
		found.push(`${name} left its core partly idle: the load side was the limit, and ${name} can do more than shown.`);
	}
	return found;
}
