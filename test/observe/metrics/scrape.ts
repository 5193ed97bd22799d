import parse from 'parse-prometheus-text-format';

/** One scrape: every series by its name and labels, as `name{a="1",b="2"}` with the labels in alphabetical order. */
export type Scrape = ReadonlyMap<string, number>;

/** Scrapes a Breakwater; throws where it does not answer in Prometheus' text format. */
export async function scrape(origin: string): Promise<Scrape> {
	const response = await fetch(`${origin}/metrics`);
	const type = response.headers.get('content-type') ?? '';
	if (response.status !== 200 || !/^text\/plain; version=0\.0\.4\b/.test(type))
		throw new Error(`/metrics answered ${response.status} ${type}`);
	return seriesOf(await response.text());
}

/** Without their types the parser gives the samples of histograms as they stand; with them it drops their labels. */
export function seriesOf(text: string): Scrape {
	const families = parse(text.replace(/^# TYPE .*\n/gm, ''));
	const samples = families.flatMap(({ name, metrics }) =>
		metrics.map(({ labels = {}, value }): [string, number] => [seriesName(name, labels), Number(value)]),
	);
	const series = new Map(samples);
	if (series.size !== samples.length) throw new Error('a series is there twice');
	if (samples.some(([, value]) => Number.isNaN(value))) throw new Error('a value is no number');
	return series;
}

function seriesName(name: string, labels: Readonly<Record<string, string>>): string {
	const pairs = Object.entries(labels).sort(([a], [b]) => a.localeCompare(b));
	return `${name}{${pairs.map(([key, value]) => `${key}="${value}"`).join(',')}}`;
}

/** The series of one metric that are not 0, by their labels. */
export function valuesOf(scraped: Scrape, name: string): Record<string, number> {
	const found = [...scraped].filter(([series, value]) => series.startsWith(`${name}{`) && value !== 0);
	return Object.fromEntries(found.map(([series, value]) => [series.slice(name.length), value]));
}

/** The kind of each metric: `COUNTER`, `GAUGE`, `HISTOGRAM` or `SUMMARY`. */
export function kindsOf(text: string): Record<string, string> {
	return Object.fromEntries(parse(text).map(({ name, type }) => [name, type]));
}
