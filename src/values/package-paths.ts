import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The package's own folder, from the sources and from a compiled copy alike. */
export const packageRoot = findUp(import.meta.dirname);

export const errorRulesFile = join(packageRoot, 'config', 'error-rules.yaml');
/** What runs when there is no configuration. */
export const simulatedConfigFile = join(packageRoot, 'config', 'simulated.yaml');

/** The outage that `demo` rehearses. */
export const demoConfigFile = join(packageRoot, 'config', 'demo.yaml');

export const version: string = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')).version;

function findUp(from: string): string {
	if (existsSync(join(from, 'package.json'))) return from;
	const parent = dirname(from);
	if (parent === from) throw new Error('package.json of breakwater is missing beside its sources; install it again');
	return findUp(parent);
}
