import type { ReadConfig } from '../../config/load.ts';
import { firstLines } from '../../values/first-lines.ts';
import { UserError } from '../../values/user-error.ts';
import { lint, lintText } from '../../verify/lint/lint.ts';
import type { LintFinding } from '../../verify/report/report.ts';

/** The lint rule of the address. `serve` refuses such an address by itself too, so `--no-check` does not help here. */
const OPEN_TO_NETWORK = 'open-to-network';

/**
 * What `serve` checks before it starts: prints the warnings of the lint rules, and refuses a configuration with errors.
 * @param host that of the command line, which stands in for the one of the file
 * @param write where warnings go, a line each
 * @throws UserError with every error of the configuration, and how to start all the same
 */
export function guardConfig(read: ReadConfig, host: string | undefined, write: (line: string) => void): void {
	const lintFindings = lint(asItRuns(read, host)).filter(({ severity }) => severity !== 'note');
	const lines = lintFindings.map((lintFinding) => lineOf(read.config.file, lintFinding, host));
	const errors = lintFindings.filter(({ severity }) => severity === 'error');
	const shown = firstLines(lines, 'findings; `breakwater check --json` lists them all');
	if (errors.length > 0) throw new UserError([...shown, adviceFor(errors)].join('\n'));
	for (const line of shown) write(`${line}\n`);
}

function asItRuns(read: ReadConfig, host: string | undefined): ReadConfig {
	if (host === undefined) return read;
	const { config } = read;
	return { ...read, config: { ...config, server: { ...config.server, host } } };
}

/** What the command line says stands in no file. */
function lineOf(file: string, lintFinding: LintFinding, host: string | undefined): string {
	if (host === undefined || lintFinding.rule !== OPEN_TO_NETWORK) return lintText(file, lintFinding);
	const { severity, message, rule } = lintFinding;
	return `--host ${host}: ${severity}: ${message} [${rule}]`;
}

function adviceFor(errors: readonly LintFinding[]): string {
	const harm = 'This configuration would do harm, so nothing was started; correct it';
	const isOpen = errors.some(({ rule }) => rule === OPEN_TO_NETWORK);
	return isOpen ? `${harm}.` : `${harm}, or start it anyway with --no-check.`;
}
