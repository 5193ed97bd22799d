import { firstLines } from '../values/first-lines.ts';

/** One thing wrong with a configuration file. Lines and columns count from 1. */
export interface Problem {
	file: string;
	line: number;
	column: number;
	/** What was wrong, and after a semicolon what would be right. */
	message: string;
}

/**
 * A configuration that cannot be used. Its message is one line a problem, at most a hundred:
 * `file:line:column: what was wrong; what would be right`.
 */
export class ConfigError extends Error {
	override readonly name = 'ConfigError';
	readonly problems: readonly Problem[];

	constructor(problems: readonly Problem[]) {
		const lines = problems.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`);
		super(firstLines(lines, 'problems').join('\n'));
		this.problems = problems;
	}
}
