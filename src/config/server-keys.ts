import { formatPath, type ProblemCollector } from './problem-collector.ts';
import { keysAt, type Path, type Tree, valueAt } from './tree.ts';

/**
 * Reports keys that are given out twice: nobody could tell their owners apart, and a client with the admin key could
 * use the admin API. It names places, never a key.
 */
export function checkServerKeys(tree: Tree, collector: ProblemCollector): void {
	const owners = new Map<string, Path>();
	for (const { key, path } of givenKeys(tree)) {
		const owner = owners.get(key);
		if (owner === undefined) {
			owners.set(key, path);
			continue;
		}
		collector.add(tree, path, 'value', `is the same key as \`${formatPath(owner)}\`; give each its own`);
	}
}

/** Without callers' keys, the origin of a page is all that keeps strangers' pages from spending on the providers' keys. */
export function checkOrigins(tree: Tree, collector: ProblemCollector): void {
	const origins = valueAt(tree, ['server', 'corsOrigins']);
	const index = Array.isArray(origins) ? origins.indexOf('*') : -1;
	if (index === -1 || keysAt(tree, ['server', 'clients']).length > 0) return;
	const predicate =
		"lets every page in a browser spend on your providers' keys; name the origins, or give your callers keys under `server.clients`";
	collector.add(tree, ['server', 'corsOrigins', index], 'value', predicate);
}

function givenKeys(tree: Tree): { key: string; path: Path }[] {
	const paths = keysAt(tree, ['server', 'clients']).map((name): Path => ['server', 'clients', name, 'key']);
	return [['server', 'adminKey'], ['server', 'monitoringKey'], ...paths].flatMap((path) => {
		const value = valueAt(tree, path);
		const list = Array.isArray(value) ? value.map((key, index) => ({ key, path: [...path, index] })) : [];
		return [{ key: value, path }, ...list].filter((given): given is { key: string; path: Path } => {
			return typeof given.key === 'string' && given.key !== '';
		});
	});
}
