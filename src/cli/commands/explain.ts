import { findConfig } from '../../config/find-config.ts';
import { ConfigError } from '../../config/problems.ts';
import { UserError } from '../../values/user-error.ts';
import { type ExplainedCase, explainCase, UnknownProfileError } from '../../verify/play/play.ts';
import { explainedText } from '../../verify/play/play-text.ts';
import { ScriptError } from '../../verify/play/script-words.ts';
import { casesMermaid } from '../../verify/report/mermaid.ts';

export interface ExplainFlags {
	config?: string;
	profile?: string;
	when: string;
	stream: boolean;
	json?: boolean;
	mermaid?: boolean;
}

/** The configuration cannot be read. */
const CANNOT_BE_EXPLAINED = 2;
/** Where nobody looks at a terminal, or it tells no width. */
const DEFAULT_COLUMNS = 100;
const FEWEST_COLUMNS = 60;
const MOST_COLUMNS = 140;

/**
 * Prints the trace of one imagined request on standard output. A configuration that cannot be read ends in exit code 2.
 * @throws UserError when there is no such profile, or `when` is not in its grammar
 */
export function explain(file: string | undefined, options: ExplainFlags): void {
	process.stdout.on('error', unwritten);
	if (file !== undefined && options.config !== undefined) {
		throw new UserError('Name the file once: as FILE, or with --config.');
	}
	try {
		process.stdout.write(shown(explained(file ?? options.config, options), options));
	} catch (error) {
		if (error instanceof ScriptError || error instanceof UnknownProfileError) throw new UserError(error.message);
		if (!(error instanceof ConfigError)) throw error;
		process.stderr.write(`${error.message}\n`);
		process.exitCode = CANNOT_BE_EXPLAINED;
	}
}

function explained(file: string | undefined, { profile, when, stream }: ExplainFlags): ExplainedCase {
	const { config, isEmbedded } = findConfig(file);
	if (isEmbedded) process.stderr.write('No configuration found: these are the simulated providers.\n');
	return explainCase(config, { profile: profile ?? config.defaultProfile, when, stream });
}

function shown(found: ExplainedCase, { json, mermaid, when }: ExplainFlags): string {
	if (json) return `${JSON.stringify(found, null, 2)}\n`;
	if (mermaid) return casesMermaid([{ title: `${found.profile}: ${when || 'everybody answers'}`, steps: found.steps }]);
	const columns = process.stdout.columns ?? DEFAULT_COLUMNS;
	return explainedText(found, Math.min(MOST_COLUMNS, Math.max(FEWEST_COLUMNS, columns)));
}

/** A reader that has seen enough, such as `head`, closes the pipe; that is no fault. */
function unwritten({ code, message }: NodeJS.ErrnoException): void {
	if (code === 'EPIPE') return;
	process.stderr.write(`The trace cannot be written: ${message}.\n`);
	process.exitCode = 1;
}
