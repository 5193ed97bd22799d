import { LineCounter, parseDocument } from 'yaml';
import { FILE_TOO_LARGE, PIPE_TOO_SLOW, readBounded } from '../values/bounded-file.ts';
import type { Config } from './config.ts';
import type { Variables } from './interpolate.ts';
import { checkNames } from './names.ts';
import { Positions } from './positions.ts';
import { ProblemCollector } from './problem-collector.ts';
import { ConfigError } from './problems.ts';
import { checkReferences } from './references.ts';
import { resolve } from './resolve.ts';
import { fileSchema } from './schema.ts';
import { convertInterpolated, reportIssues } from './schema-issues.ts';
import { excess, syntaxMistakes } from './syntax.ts';
import { type Path, readTree, type Tree } from './tree.ts';

/**
 * Reads a configuration file, at once, as nothing can start without it.
 * @param env where `${VAR}` is looked up, such as `process.env`
 * @throws {ConfigError} with every problem of the file, also when it cannot be read
 */
export function loadConfig(file: string, env: Variables): Config {
	return readConfig(file, env).config;
}

/** A configuration, and where each part of it stands in its file. */
export interface ReadConfig {
	config: Config;
	positions: Positions;
}

/**
 * Reads a configuration file as `loadConfig` does, for those who have something to say about it.
 * @throws {ConfigError} with every problem of the file, also when it cannot be read
 */
export function readConfig(file: string, env: Variables): ReadConfig {
	return readConfigText(readText(file), { file, env });
}

/**
 * Reads a configuration out of a text.
 * @param source.file the name that problems are reported under
 * @param source.env where `${VAR}` is looked up
 * @returns deeply frozen; durations in ms, sizes in bytes, defaults filled in
 * @throws {ConfigError} with every problem of the text
 */
export function parseConfig(text: string, source: { file: string; env: Variables }): Config {
	return readConfigText(text, source).config;
}

/**
 * Reads a configuration out of a text as `parseConfig` does, and keeps where everything stands.
 * @throws {ConfigError} with every problem of the text
 */
export function readConfigText(text: string, source: { file: string; env: Variables }): ReadConfig {
	const { file, env } = source;
	const lines = new LineCounter();
	const collector = new ProblemCollector(file, lines);
	const tooMuch = excess(text);
	if (tooMuch !== undefined) {
		for (const { index } of text.slice(0, tooMuch.offset).matchAll(/^/gm)) lines.addNewLine(index);
		collector.addAt(tooMuch.offset, tooMuch.sentence);
		throw new ConfigError(collector.problems);
	}
	// The reader finds duplicate keys itself: the parser compares every key with every other and reports them as syntax.
	const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });

	for (const { offset, sentence } of syntaxMistakes(document)) collector.addAt(offset, sentence);
	if (!collector.isEmpty) throw new ConfigError(collector.problems);

	const tree = readTree(document, env);
	if (tree.value === null) collector.addAt(0, 'the file is empty; it needs `providers` and `profiles`');
	for (const { path, offset, sentence } of tree.mistakes) collector.addMistake(path, offset, sentence);
	if (tree.value === null || tree.value === undefined) throw new ConfigError(collector.problems);

	const result = validate(tree);
	if (!result.success) reportIssues(result.error.issues, tree, collector);
	checkReferences(tree, collector);
	if (!result.success || !collector.isEmpty) throw new ConfigError(collector.problems);

	checkNames(result.data, tree, collector);
	if (!collector.isEmpty) throw new ConfigError(collector.problems);

	const config = resolve(file, result.data, requestValuesFilledIn(tree));
	if (!collector.isEmpty) throw new ConfigError(collector.problems);
	return { config, positions: new Positions(tree, lines) };
}

/** Texts in `request.defaults` and `request.force` that came from the environment, wherever those stand. */
function requestValuesFilledIn(tree: Tree): string[] {
	return tree.filledIn.filter(({ path }) => isInRequest(path)).map(({ text }) => text);
}

function isInRequest(path: Path): boolean {
	return path.some((key, at) => key === 'request' && ['defaults', 'force'].includes(String(path[at + 1])));
}

/** Zod would compile the schema first, which costs more than it saves on the one file that a process reads. */
const once = { jitless: true };

function validate(tree: Tree) {
	const result = fileSchema.safeParse(tree.value, once);
	if (result.success || !convertInterpolated(result.error.issues, tree)) return result;
	return fileSchema.safeParse(tree.value, once);
}

/** Templates have ten kilobytes. */
const MOST_BYTES = 1_000_000;

function readText(file: string): string {
	try {
		return new TextDecoder('utf-8', { fatal: true }).decode(readBounded(file, MOST_BYTES));
	} catch (error) {
		throw new ConfigError([{ file, line: 1, column: 1, message: unreadable(error) }]);
	}
}

function unreadable(error: unknown): string {
	const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
	if (code === 'ENOENT') return 'the file does not exist; create it, or name another one with `--config`';
	if (code === FILE_TOO_LARGE) return 'the file is larger than 1 MB, which no configuration is; name another one';
	if (code === PIPE_TOO_SLOW) return 'nothing has been written to this pipe for 5 s; name a file';
	if (code === 'EISDIR') return 'this is a directory; name a file in it';
	if (code === 'EACCES' || code === 'EPERM')
		return 'the file may not be read; give the user of this process the right to';
	if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'the file is not UTF-8 text; save it as UTF-8';
	return `the file cannot be read (${code}); check the path and the disk`;
}
