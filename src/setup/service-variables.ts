import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/**
 * The variables that a configuration cannot do without, and that a service would not see.
 * @param seen the names of those that it sees
 */
export function missingForService(configFile: string, seen: ReadonlySet<string>): string[] {
	// What is parsed has no comments any more, in which a variable is none.
	const content = JSON.stringify(parse(readFileSync(configFile, 'utf8')));
	const names = [...content.matchAll(/(?<!\$)\$\{([A-Za-z_]\w*)\}/g)].map(([, name = '']) => name);
	return [...new Set(names)].filter((name) => !seen.has(name));
}
