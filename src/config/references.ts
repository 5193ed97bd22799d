import { isObject } from '../values/json.ts';
import { suggestion } from '../values/nearest.ts';
import { checkBudgets } from './budget-references.ts';
import { formatPath, type ProblemCollector } from './problem-collector.ts';
import { defaultProtocol } from './provider-schema.ts';
import { checkOrigins, checkServerKeys } from './server-keys.ts';
import { isTarget } from './targets.ts';
import { keysAt, type Path, placeKey, type Tree, valueAt } from './tree.ts';

/**
 * Reports what is wrong between the parts of a file: names that nothing has, circles, options that exclude each other.
 * It reads the tree and not the parsed file, so that a wrong type elsewhere hides nothing.
 */
export function checkReferences(tree: Tree, collector: ProblemCollector): void {
	for (const name of keysAt(tree, ['providers'])) {
		checkProviderEntry(name, tree, collector);
		for (const model of keysAt(tree, ['providers', name, 'models'])) {
			checkLength(model, ['providers', name, 'models', model], 'key', tree, collector);
		}
	}
	for (const name of keysAt(tree, ['profiles'])) checkProfileEntry(name, tree, collector);
	for (const table of ['providers', 'profiles']) {
		for (const name of keysAt(tree, [table])) checkLength(name, [table, name], 'key', tree, collector);
	}
	checkRouting(tree, collector);
	checkClients(tree, collector);
	checkBudgets(tree, collector);
	checkServerKeys(tree, collector);
	checkOrigins(tree, collector);
	for (const index of indicesAt(tree, ['errorRules'])) {
		const path = ['errorRules', index, 'provider'];
		for (const at of [path, ...indicesAt(tree, path).map((item) => [...path, item])]) {
			const name = valueAt(tree, at);
			if (typeof name === 'string') checkName(name, 'provider', ['providers'], at, tree, collector);
		}
	}
}

function checkProviderEntry(name: string, tree: Tree, collector: ProblemCollector): void {
	const path = ['providers', name];
	if (!isObject(valueAt(tree, path))) return;
	const given = keysAt(tree, path);
	const protocol = given.includes('protocol') ? valueAt(tree, [...path, 'protocol']) : defaultProtocol;

	if (
		(protocol === 'openai' || protocol === 'azure') &&
		!given.includes('baseUrl') &&
		!collector.isMisspelled([...path, 'baseUrl'])
	) {
		collector.add(
			tree,
			[...path, 'baseUrl'],
			'key',
			`is missing; add for example \`baseUrl: ${protocol === 'azure' ? 'https://NAME.openai.azure.com' : 'https://api.example.com/v1'}\``,
		);
	}
	if (protocol !== 'simulated' && given.includes('simulate')) {
		collector.add(
			tree,
			[...path, 'simulate'],
			'key',
			'is only for a simulated provider; remove it, or add `protocol: simulated`',
		);
	}
	if (protocol === 'simulated' && given.includes('baseUrl')) {
		collector.add(
			tree,
			[...path, 'baseUrl'],
			'key',
			'is not for a simulated provider, which has no address; remove it',
		);
	}
	checkTls(path, tree, collector);
}

function checkTls(path: Path, tree: Tree, collector: ProblemCollector): void {
	const at = [...path, 'tls'];
	const baseUrl = valueAt(tree, [...path, 'baseUrl']);
	if (!keysAt(tree, path).includes('tls')) return;
	if (typeof baseUrl !== 'string' || !/^https:/i.test(baseUrl)) {
		collector.add(tree, at, 'key', 'is only for a `baseUrl` with https; remove it, or write https');
	}
	const given = keysAt(tree, at);
	for (const [option, other] of [
		['cert', 'key'],
		['key', 'cert'],
	] as const) {
		if (!given.includes(option) || given.includes(other)) continue;
		collector.add(tree, [...at, option], 'key', `is of no use without \`${other}\`; add it`);
	}
}

function checkProfileEntry(name: string, tree: Tree, collector: ProblemCollector): void {
	const path = ['profiles', name];
	if (!isObject(valueAt(tree, path))) return;
	for (const index of indicesAt(tree, [...path, 'chain'])) {
		const at = [...path, 'chain', index];
		checkTarget(isObject(valueAt(tree, at)) ? [...at, 'target'] : at, tree, collector);
	}

	const parent = valueAt(tree, [...path, 'extends']);
	if (typeof parent === 'string') checkName(parent, 'profile', ['profiles'], [...path, 'extends'], tree, collector);

	const line = lineage(name, tree);
	if (line.length > MOST_IN_LINE) {
		const sentence = `extends a profile that extends others, more than ${MOST_IN_LINE} in a line; let it extend one that is nearer to the end`;
		collector.add(tree, [...path, 'extends'], 'value', sentence);
		return;
	}
	const first = line.indexOf(line.at(-1) ?? name);
	const circular = first < line.length - 1;
	if (circular) {
		// A circle is one mistake: the first of its profiles in the file reports it.
		const circle = line.slice(first);
		const reporter = keysAt(tree, ['profiles']).find((profile) => circle.includes(profile));
		if (reporter !== name) return;
		collector.add(
			tree,
			[...path, 'extends'],
			'value',
			`goes in a circle (${circle.join(' → ')}); remove one \`extends\` of it`,
		);
		return;
	}
	const ends = line.some((profile) => keysAt(tree, ['profiles', profile]).includes('chain'));
	const open = valueAt(tree, ['profiles', line.at(-1) ?? name, 'extends']) !== undefined;
	if (!ends && !open && !collector.isMisspelled([...path, 'chain']))
		collector.add(
			tree,
			[...path, 'chain'],
			'key',
			'is missing; add `chain: [provider/model]`, or `extends` a profile that has one',
		);
}

function checkRouting(tree: Tree, collector: ProblemCollector): void {
	const tables = [
		['routing', 'hints', 'taskType'],
		['routing', 'hints', 'quality'],
		['routing', 'heuristics'],
	];
	for (const path of tables.flatMap((table) => keysAt(tree, table).map((key) => [...table, key]))) {
		const name = valueAt(tree, path);
		if (typeof name === 'string' && name !== '') checkName(name, 'profile', ['profiles'], path, tree, collector);
	}
}

function checkClients(tree: Tree, collector: ProblemCollector): void {
	for (const client of keysAt(tree, ['server', 'clients'])) {
		const path = ['server', 'clients', client, 'profiles'];
		for (const at of indicesAt(tree, path).map((index) => [...path, index])) {
			const name = valueAt(tree, at);
			if (typeof name === 'string') checkName(name, 'profile', ['profiles'], at, tree, collector);
		}
	}
}

function checkTarget(path: Path, tree: Tree, collector: ProblemCollector): void {
	const target = valueAt(tree, path);
	if (typeof target !== 'string' || !isTarget(target)) return;
	checkLength(target, path, 'value', tree, collector);
	const [provider = ''] = target.split('/');
	checkName(provider, 'provider', ['providers'], path, tree, collector);
}

/** Names go into headers, metrics, and every line of a trace. Characters. */
const LONGEST_NAME = 500;

function checkLength(name: string, path: Path, at: 'key' | 'value', tree: Tree, collector: ProblemCollector): void {
	if (name.length <= LONGEST_NAME) return;
	collector.add(tree, path, at, `is a name of more than ${LONGEST_NAME} characters; shorten it`);
}

function checkName(name: string, kind: string, table: Path, path: Path, tree: Tree, collector: ProblemCollector): void {
	const names = keysAt(tree, table);
	// Without a table, the table is the one mistake, and every name that it would have had only buries it.
	if (names.length === 0 || names.includes(name)) return;
	const isShown = tree.places.get(placeKey(path))?.interpolated === undefined;
	const wrong = isShown ? `the ${kind} \`${name}\`, which` : `a ${kind} that`;
	collector.add(
		tree,
		path,
		'value',
		`names ${wrong} is not defined under \`${formatPath(table)}\`; ${suggestion(name, names)}`,
	);
}

/** Each is looked up from each below it. */
const MOST_IN_LINE = 20;

/**
 * A profile and those it extends, up to one that extends nothing defined, up to the first that comes again, or up to one more
 * than there may be.
 */
function lineage(name: string, tree: Tree): string[] {
	const line = [name];
	for (;;) {
		if (line.length > MOST_IN_LINE) return line;
		const parent = valueAt(tree, ['profiles', line.at(-1) ?? name, 'extends']);
		if (typeof parent !== 'string' || !isObject(valueAt(tree, ['profiles', parent]))) return line;
		const again = line.includes(parent);
		line.push(parent);
		if (again) return line;
	}
}

function indicesAt(tree: Tree, path: Path): number[] {
	const value = valueAt(tree, path);
	return Array.isArray(value) ? [...value.keys()] : [];
}
