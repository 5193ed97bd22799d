import { findConfig } from '../../config/find-config.ts';
import { ConfigError } from '../../config/problems.ts';
import { UserError } from '../../values/user-error.ts';
import { type ExplainedCase, explainCase, UnknownProfileError } from '../../verify/play/play.ts';
import { explainedText } from '../../verify/play/play-text.ts';
import { ScriptError } from '../../verify/play/script-words.ts';
import { casesMermaid } from '../../verify/report/mermaid.ts';
import { outputColumns, reportUnwritten } from './output.ts';

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

/**
 * Prints the trace of one imagined request on standard output. A configuration that cannot be read ends in exit code 2.
 * @throws UserError when there is no such profile, or `when` is not in its grammar
 */
export function explain(file: string | undefined, options: ExplainFlags): void {
	reportUnwritten('trace', 1);
	if (file !== undefined && options.config !== undefined) {
		throw new UserError('Name the file once: as FILE, or with --config.');
	}
	try {
		process.stdout.write(textOf(explained(file ?? options.config, options), options));
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

function textOf(found: ExplainedCase, { json, mermaid, when }: ExplainFlags): string {
	if (json) return `${JSON.stringify(found, null, 2)}\n`;
	if (mermaid) return casesMermaid([{ title: `${found.profile}: ${when || 'everybody answers'}`, steps: found.steps }]);
	return explainedText(found, outputColumns());
}
