import { suggestion } from '../values/nearest.ts';
import type { ProblemCollector } from './problem-collector.ts';
import { keysAt, type Path, type Tree, valueAt } from './tree.ts';

/** Reports budgets that lead to a profile that is not there, or round in a circle. */
export function checkBudgets(tree: Tree, collector: ProblemCollector): void {
	const profiles = keysAt(tree, ['profiles']);
	const places = [
		['budget'],
		...keysAt(tree, ['server', 'clients']).map((client) => ['server', 'clients', client, 'budget']),
		...profiles.map(budgetOf),
	];
	for (const path of places.map((place) => [...place, 'then'])) {
		const then = valueAt(tree, path);
		if (typeof then !== 'string' || then === '' || then === 'refuse') continue;
		if (profiles.includes(then)) {
			if (valueAt(tree, ['profiles', then, 'for']) !== 'embeddings') continue;
			collector.add(
				tree,
				path,
				'value',
				`leads to \`${then}\`, which is for embeddings and answers nothing else; name another profile`,
			);
			continue;
		}
		const predicate = `is neither \`refuse\` nor a profile; ${suggestion(then, ['refuse', ...profiles])}`;
		collector.add(tree, path, 'value', predicate);
	}
	for (const profile of profiles) checkCircle(profile, profiles, tree, collector);
}

/** A circle is one mistake: the first of its profiles in the file reports it. */
function checkCircle(profile: string, profiles: readonly string[], tree: Tree, collector: ProblemCollector): void {
	const line = [profile];
	for (let next = nextOf(profile, tree); next !== undefined && !line.includes(next); next = nextOf(next, tree)) {
		line.push(next);
	}
	if (nextOf(line.at(-1) ?? profile, tree) !== profile) return;
	if (profiles.find((name) => line.includes(name)) !== profile) return;
	const circle = [...line, profile].join(' → ');
	const predicate =
		line.length === 1
			? 'is the profile itself; write `refuse`, or a cheaper profile'
			: `goes in a circle (${circle}); let one budget of it \`refuse\``;
	collector.add(tree, [...budgetOf(profile), 'then'], 'value', predicate);
}

function nextOf(profile: string, tree: Tree): string | undefined {
	const then = valueAt(tree, [...budgetOf(profile), 'then']);
	return typeof then === 'string' ? then : undefined;
}

function budgetOf(profile: string): Path {
	return ['profiles', profile, 'budget'];
}
