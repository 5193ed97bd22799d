import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { packageRoot } from '../../../src/values/package-paths.ts';
import { startGateway } from '../../helpers/gateway.ts';
import { model } from '../../helpers/model.ts';
import { answers, status } from '../../helpers/upstream.ts';
import { scrape } from './scrape.ts';

const read = (name: string) => readFileSync(join(packageRoot, 'config', name), 'utf8');
const dashboard = JSON.parse(read('grafana-dashboard.json'));
const rules: { alert: string; expr: string; labels: object; annotations: Record<string, string> }[] = parse(
	read('alert-rules.yaml'),
).groups.flatMap((group: { rules: unknown[] }) => group.rules);

interface Panel {
	id: number;
	title: string;
	type: string;
	datasource?: { uid: string };
	targets?: { expr: string; datasource: { uid: string } }[];
	gridPos: { x: number; y: number; w: number; h: number };
}

const panels: Panel[] = dashboard.panels;
const queries: [string, string][] = [
	...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }): [string, string] => [`panel ${title}`, expr])),
	...dashboard.annotations.list.flatMap(({ name, expr }: { name: string; expr?: string }) =>
		expr === undefined ? [] : [[`annotation ${name}`, expr]],
	),
	...dashboard.templating.list.flatMap(({ name, definition }: { name: string; definition?: string }) =>
		definition === undefined ? [] : [[`variable ${name}`, definition]],
	),
	...rules.map(({ alert, expr }): [string, string] => [alert, expr]),
];

/** The labels of every series of a Breakwater to which everything has happened, by the metric's name. */
let labels: Map<string, Set<string>>;

beforeAll(async () => {
	const breakwater = await startGateway({
		budget: { usd: 10 },
		policy: { breaker: { failureThreshold: 9 } },
		providers: { b: { apiKey: { command: 'echo key' } } },
	});
	const answer = 'a whole answer, told in a few words';
	const call = async (stream = false) => void (await (await breakwater.post({ stream })).text());
	breakwater.upstream('a').next(status(503), model({ answer, breaksAfter: 9 }));
	breakwater.upstream('b').next(answers('ok'), model({ answer }));
	await call();
	await call(true);
	breakwater.gateway.operate('a', { type: 'operator.reset', now: Date.now() });
	breakwater.upstream('a').always(status(404, { error: { code: 'model_not_found' } }));
	await call();
	await call();
	const text = await scrape(breakwater.origin);
	labels = new Map();
	for (const series of text.keys()) {
		const [name = '', rest = ''] = series.split('{');
		const names = [...rest.matchAll(/(\w+)="/g)].map(([, label = '']) => label);
		labels.set(name, new Set([...(labels.get(name) ?? []), ...names]));
	}
	// Its first series comes with the first notification to a webhook.
	labels.set('breakwater_notifications_total', new Set(['webhook', 'outcome']));
	await breakwater.close();
});

/** Prometheus adds these when it scrapes, and `client` is there where callers have keys. */
const addedLabels = ['instance', 'job', 'client'];

describe('the Grafana dashboard', () => {
	test('is one that Grafana 11 imports: a schema version, distinct panels, and a data source to choose', () => {
		expect(dashboard).toMatchObject({
			title: 'Breakwater',
			schemaVersion: 39,
			templating: { list: expect.anything() },
		});
		expect(dashboard.templating.list[0]).toMatchObject({ type: 'datasource', name: 'datasource', query: 'prometheus' });
		expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
		for (const { type, datasource, targets = [] } of panels) {
			if (type === 'row') continue;
			for (const source of [datasource, ...targets.map((target) => target.datasource)])
				expect(source?.uid).toBe(['$', '{datasource}'].join(''));
			expect(targets).not.toEqual([]);
		}
	});

	test('has no two panels in one place', () => {
		const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
			Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
		);
		expect(new Set(cells).size).toBe(cells.length);
		expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
	});
});

test('the alert rules each say what is wrong and what to do', () => {
	const names = rules.map(({ alert }) => alert);
	expect(names).toEqual(
		expect.arrayContaining(['BreakwaterProviderDown', 'BreakwaterKeyDead', 'BreakwaterEverythingDenied']),
	);
	expect(new Set(names).size).toBe(names.length);
	for (const { labels: given, annotations } of rules) {
		expect(given).toHaveProperty('severity', expect.stringMatching(/^(warning|critical)$/));
		expect(annotations.summary).toMatch(/\S/);
		expect(annotations.description).toMatch(/\S{2,}.* .*\S/);
	}
});

describe('what is asked for exists in a scrape', () => {
	test.each(queries)('%s: %s', (_name, query) => {
		const selectors = [...query.matchAll(/\b(breakwater_\w+)(?:\{([^}]*)\})?/g)];
		expect(selectors).not.toEqual([]);
		for (const [, name = '', matchers = ''] of selectors) {
			const known = labels.get(name);
			if (known === undefined) throw new Error(`there is no ${name}`);
			for (const [, label = ''] of matchers.matchAll(/(\w+)\s*[=!]~?/g)) {
				expect([...known, ...addedLabels], `${label} of ${name}`).toContain(label);
			}
		}
		const grouped = [...query.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));
		const all = new Set([...addedLabels, ...selectors.flatMap(([, name = '']) => [...(labels.get(name) ?? [])])]);
		for (const label of grouped) expect(all).toContain(label);
		for (const [open, close] of ['()', '{}', '[]'])
			expect(query.split(open ?? '')).toHaveLength(query.split(close ?? '').length);
	});
});

/** An increase misses the first step of a series that begins with it. */
test('what alerts take an increase of is at zero from the first scrape on, also where callers have names', async () => {
	const increases = rules.flatMap(({ alert, expr }) =>
		[...expr.matchAll(/increase\((\w+)(?:\{(\w+)=~?"([^"]*)"\})?\[/g)].flatMap(([, name = '', label, values = '']) =>
			values.split('|').map((value) => ({ alert, name, matcher: label === undefined ? '' : `${label}="${value}"` })),
		),
	);
	expect(increases.length).toBeGreaterThan(4);
	const breakwater = await startGateway({
		server: { clients: { web: { key: 'key-of-web-0123456789' } } },
		notifications: { webhooks: [{ url: 'http://127.0.0.1:9/hook' }] },
	});
	const scraped = await scrape(breakwater.origin);
	await breakwater.close();
	for (const { alert, name, matcher } of increases) {
		const found = [...scraped].filter(([series]) => series.startsWith(`${name}{`) && series.includes(matcher));
		expect(found, `${alert}: ${name} ${matcher}`).not.toEqual([]);
		expect(found.map(([, value]) => value)).toEqual(found.map(() => 0));
	}
});
