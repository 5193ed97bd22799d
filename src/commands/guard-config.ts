import { judge, judgementText } from '../check/judge.ts';
import type { Judgement } from '../check/report/report.ts';
import type { ReadConfig } from '../config/load.ts';
import { UserError } from './user-error.ts';

/** The judgement of an address; `serve` itself refuses it too, so that nothing leads around it. */
const OPEN_DOOR = 'open-to-network';

/**
 * The guard at the door of `serve`: prints what an expert would warn of, and refuses what would do harm.
 * @param host that of the command line, which stands in for the one of the file
 * @param write where warnings go, a line each
 * @throws UserError with every error of the configuration, and how to start all the same
 */
export function guardConfig(read: ReadConfig, host: string | undefined, write: (line: string) => void): void {
	const judgements = judge(asItRuns(read, host)).filter(({ severity }) => severity !== 'note');
	const lines = judgements.map((judgement) => lineOf(read.config.file, judgement, host));
	const errors = judgements.filter(({ severity }) => severity === 'error');
	if (errors.length > 0) throw new UserError([...lines, wayOut(errors)].join('\n'));
	for (const line of lines) write(`${line}\n`);
}

function asItRuns(read: ReadConfig, host: string | undefined): ReadConfig {
	if (host === undefined) return read;
	const { config } = read;
	return { ...read, config: { ...config, server: { ...config.server, host } } };
}

/** What the command line says stands in no file. */
function lineOf(file: string, judgement: Judgement, host: string | undefined): string {
	if (host === undefined || judgement.rule !== OPEN_DOOR) return judgementText(file, judgement);
	const { severity, message, rule } = judgement;
	return `--host ${host}: ${severity}: ${message} [${rule}]`;
}

function wayOut(errors: readonly Judgement[]): string {
	const harm = 'This configuration would do harm, so nothing was started; correct it';
	const isOpen = errors.some(({ rule }) => rule === OPEN_DOOR);
	return isOpen ? `${harm}.` : `${harm}, or start it anyway with --no-check.`;
}
