import { styleText } from 'node:util';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { findConfig } from '../../config/find-config.ts';
import { ConfigError } from '../../config/problems.ts';
import { UserError } from '../../values/user-error.ts';
import { checkConfig } from '../../verify/check-config.ts';
import { reportMermaid } from '../../verify/report/mermaid.ts';
import type { Report } from '../../verify/report/report.ts';
import { reportJson } from '../../verify/report/report-json.ts';
import { reportText } from '../../verify/report/text.ts';
import { outputColumns, reportUnwritten } from './output.ts';
import { ProgressLine } from './progress-line.ts';

export interface CheckFlags {
	config?: string;
	json?: boolean;
	mermaid?: boolean;
	/** States of one exploration. */
	bound?: number;
	/** Transitions of the whole check. */
	total?: number;
	profile?: string;
}

/** Nothing can be said: the file cannot be read, a bound was reached, or Breakwater itself failed. */
export const CANNOT_BE_CHECKED = 2;
const exitCodes: Readonly<Record<Report['verdict'], number>> = { holds: 0, fails: 1, unknown: CANNOT_BE_CHECKED };

/**
 * Checks a configuration and prints the report on standard output. Sets the exit code of the process: 0 it holds,
 * 1 it does not, 2 it could not be checked, with the reason on standard error. It runs without a break and takes no
 * signal, so that Ctrl-C ends it at once.
 */
export function check(file: string | undefined, options: CheckFlags): void {
	// What an exploration makes dies young: moved among what lives long, it costs a fifth more time, and twice the memory.
	setFlagsFromString('--no-allocation-site-pretenuring');
	reportUnwritten('report', CANNOT_BE_CHECKED);
	try {
		const report = explored(file, options);
		process.stdout.write(textOf(report, options));
		process.exitCode = exitCodes[report.verdict];
	} catch (error) {
		process.stderr.write(`${reason(error)}\n`);
		process.exitCode = CANNOT_BE_CHECKED;
	}
}

function explored(file: string | undefined, { config, bound, total, profile }: CheckFlags): Report {
	if (file !== undefined && config !== undefined) throw new UserError('Name the file once: as FILE, or with --config.');
	const { isEmbedded, ...read } = findConfig(file ?? config);
	if (isEmbedded) process.stderr.write('No configuration found: these are the simulated providers.\n');
	if (profile !== undefined && !Object.hasOwn(read.config.profiles, profile)) {
		throw new UserError(
			`There is no profile '${profile}' in ${read.config.file}; the profiles are ${Object.keys(read.config.profiles).join(', ')}.`,
		);
	}
	const progress = new ProgressLine(process.stderr, () => performance.now());
	const onProgress = (what: string, states: number): void => {
		refuseToRunOutOfMemory(what, states);
		progress.tell(what, states);
	};
	try {
		return checkConfig(read, { onProgress, ...(bound && { bounds: { states: bound } }), total, profile });
	} finally {
		progress.end();
	}
}

function textOf(report: Report, { json, mermaid, profile }: CheckFlags): string {
	if (json) return `${reportJson(report)}\n`;
	if (mermaid) return reportMermaid(report);
	return reportText(report, {
		columns: outputColumns(),
		paint: (color, text) => styleText(color, text, { stream: process.stdout }),
		showsTraces: profile !== undefined,
	});
}

/** Of the memory that Node gives to a process; V8 ends it beyond, with nothing that a user understands. */
const MOST_OF_HEAP = 0.9;

function refuseToRunOutOfMemory(what: string, states: number): void {
	const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
	if (used < limit * MOST_OF_HEAP) return;
	const megabytes = Math.round(limit / 1e6);
	throw new UserError(
		`${what}: ${states} states fill the ${megabytes} MB that Node may use; set a lower --bound, or give it more with NODE_OPTIONS=--max-old-space-size=8192.`,
	);
}

function reason(error: unknown): string {
	if (error instanceof ConfigError || error instanceof UserError) return error.message;
	return `a fault of Breakwater itself: ${error instanceof Error ? error.stack : error}`;
}
