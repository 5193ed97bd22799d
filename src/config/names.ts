import { suggestion } from '../values/nearest.ts';
import { isRule, modelNamesIn, targetsOfRule, unknownFamilies } from './chain-rule.ts';
import { mostTargets } from './chain-schema.ts';
import type { ProblemCollector } from './problem-collector.ts';
import type { File } from './schema.ts';
import { type Path, placeKey, type Tree } from './tree.ts';

/** Reports what is wrong with names that mean something only in the file as a whole: families of models, and aliases. */
export function checkNames(file: File, tree: Tree, collector: ProblemCollector): void {
	for (const [name, { chain }] of Object.entries(file.profiles)) {
		if (!isRule(chain)) continue;
		const at = ['profiles', name, 'chain'];
		for (const family of new Set(unknownFamilies(chain, file))) {
			const path = [...at, 'models', chain.models.indexOf(family)];
			const sentence = `names the family ${shown(family, path, tree)}of which no provider has a model in its \`models\` or in a chain; ${suggestion(family, modelNamesIn(file))}`;
			collector.add(tree, path, 'value', sentence);
		}
		const { length } = targetsOfRule(chain, file);
		if (length > mostTargets) {
			collector.add(
				tree,
				at,
				'key',
				`is a chain of ${length} targets, more than ${mostTargets}; name narrower families`,
			);
		}
	}
	checkAliases(file, tree, collector);
}

function checkAliases(file: File, tree: Tree, collector: ProblemCollector): void {
	const { aliases = {} } = file;
	const known = [...Object.keys(file.profiles), ...targetsNamedIn(file)];
	for (const [name, end] of Object.entries(aliases)) {
		const path = ['aliases', name];
		if (known.includes(name)) {
			const kind = Object.hasOwn(file.profiles, name) ? 'profile' : 'target';
			collector.add(tree, path, 'key', `hides the ${kind} of this name; give the alias another name`);
			continue;
		}
		const way = wayOf(name, aliases);
		const last = way.at(-1) ?? name;
		if (way.indexOf(last) < way.length - 1) {
			// A circle is one mistake: the first of its names in the file reports it.
			const circle = way.slice(way.indexOf(last));
			const reporter = Object.keys(aliases).find((alias) => circle.includes(alias));
			const sentence = `goes in a circle (${circle.join(' → ')}); let it end at a profile or a target`;
			if (reporter === name) collector.add(tree, path, 'value', sentence);
			continue;
		}
		if (known.includes(last) || Object.hasOwn(aliases, end)) continue;
		const sentence = `names ${shown(end, path, tree)}which is neither a profile nor a configured target; ${suggestion(end, [...known, ...Object.keys(aliases)])}`;
		collector.add(tree, path, 'value', sentence);
	}
}

/** From alias to alias, up to a name that is none, or up to the first that comes again. */
export function wayOf(name: string, aliases: Readonly<Record<string, string>>): string[] {
	const way = [name];
	for (;;) {
		const last = way.at(-1) ?? name;
		const next = Object.hasOwn(aliases, last) ? aliases[last] : undefined;
		if (next === undefined) return way;
		const again = way.includes(next);
		way.push(next);
		if (again) return way;
	}
}

function targetsNamedIn(file: File): string[] {
	const listed = Object.entries(file.providers).flatMap(([provider, { models = {} }]) =>
		Object.keys(models).map((model) => `${provider}/${model}`),
	);
	const chained = Object.values(file.profiles).flatMap(({ chain = [] }) =>
		Array.isArray(chain) ? chain.map(({ target }) => target) : [],
	);
	return [...new Set([...listed, ...chained])];
}

/** What came from the environment may be a secret. */
function shown(name: string, path: Path, tree: Tree): string {
	return tree.places.get(placeKey(path))?.interpolated === undefined ? `\`${name}\`, ` : 'something ';
}
