import type { Variables } from '../config/interpolate.ts';
import { readConfigText } from '../config/load.ts';
import { lint, lintText } from '../verify/lint/lint.ts';
import type { ImportDraft } from './draft.ts';

/** What `breakwater check` would say first of a configuration that was put together. */
export interface Verification {
	/** A line each: what an expert would warn of. */
	remarks: readonly string[];
	/** `serve` would refuse it. */
	isRefused: boolean;
}

/** It would do for a version, too. */
const exampleAddress = 'https://not-set-yet.example/v1';

/**
 * Reads a configuration back and runs the lint rules on it.
 * @param file the name that remarks are made under
 * @throws ConfigError when it cannot be read, which is a fault of the importer
 */
export function verify(
	text: string,
	file: string,
	{ keys, variables = [] }: ImportDraft,
	env: Variables,
): Verification {
	// Each is another key, and long enough for one that callers are given.
	const filled = Object.fromEntries([
		...[...keys].map(([name, key]) => [name, key || env[name] || `not-set-yet-for-${name}`]),
		...variables.map((name) => [name, exampleAddress]),
	]);
	const lintFindings = lint(readConfigText(text, { file, env: filled })).filter(({ severity }) => severity !== 'note');
	return {
		remarks: lintFindings.map((lintFinding) => lintText(file, lintFinding)),
		isRefused: lintFindings.some(({ severity }) => severity === 'error'),
	};
}
