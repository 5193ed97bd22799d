import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument, type YAMLError } from 'yaml';
import { excess, syntaxMistakes } from '../config/syntax.ts';
import { FILE_TOO_LARGE, PIPE_TOO_SLOW, readBounded } from '../values/bounded-file.ts';
import type { Notice } from './notice.ts';

/** From the root of a file to a value in it. */
export type SourcePath = readonly (string | number)[];

/** A file that was read, and where everything stands in it. */
export interface SourceFile {
	file: string;
	value: unknown;
	/** A notice about a value, at its key where it has one. */
	notice(severity: Notice['severity'], path: SourcePath, message: string): Notice;
}

/** Configurations are a few kilobytes. */
const MOST_BYTES = 1_000_000;

/**
 * Reads a JSON file as people write them: with comments and trailing commas. Comments are blanked, and what is left is
 * read as the subset of YAML that JSON is, since that parser says where a mistake and where each value stands. Nothing is
 * guessed: a file that was cut off is a mistake, not a shorter file.
 * @returns the file, or what is wrong with it
 */
export function readJsonSource(file: string): SourceFile | Notice {
	return readSource(file, (text) => {
		const lines = new LineCounter();
		const options = { lineCounter: lines, prettyErrors: false, schema: 'json' } as const;
		const document = parseDocument(withoutComments(text), options);
		const [first] = document.errors;
		return { document, lines, mistake: first && { offset: first.pos[0], sentence: jsonMistake(first.code) } };
	});
}

/**
 * Reads a YAML file; one that begins as JSON does is read as `readJsonSource` reads it.
 * @returns the file, or what is wrong with it
 */
export function readYamlSource(file: string): SourceFile | Notice {
	return readSource(file, (text) => {
		const lines = new LineCounter();
		const isJson = /^\s*(?:\/[/*]|[{[])/.test(text);
		const options = { lineCounter: lines, prettyErrors: false } as const;
		const document = parseDocument(isJson ? withoutComments(text) : text, options);
		return { document, lines, mistake: syntaxMistakes(document)[0] };
	});
}

interface Parsed {
	document: Document;
	lines: LineCounter;
	mistake: { offset: number; sentence: string } | undefined;
}

function readSource(file: string, parse: (text: string) => Parsed): SourceFile | Notice {
	const broken = (message: string, line = 1, column = 1): Notice => ({
		severity: 'error',
		file,
		line,
		column,
		message,
	});
	const text = readText(file);
	if (typeof text !== 'string') return broken(text.problem);
	const tooMuch = excess(text);
	if (tooMuch !== undefined) return broken(`${tooMuch.sentence}.`);
	const { document, lines, mistake } = parse(text);
	if (mistake !== undefined) {
		const { line, col } = lines.linePos(mistake.offset);
		return broken(`${mistake.sentence}.`, Math.max(line, 1), Math.max(col, 1));
	}
	const value = plainValue(document);
	if (value === undefined) return broken('The file makes too much of its aliases; write it out.');
	if (value === null) return broken('The file is empty.');
	return {
		file,
		value,
		notice(severity, path, message) {
			const { line, col } = lines.linePos(offsetOf(document, path));
			return { severity, file, line: Math.max(line, 1), column: Math.max(col, 1), message };
		},
	};
}

/** An alias of aliases is refused by the library. */
function plainValue(document: Document): unknown {
	try {
		return document.toJS();
	} catch {
		return undefined;
	}
}

function offsetOf(document: Document, path: SourcePath): number {
	for (let length = path.length; length > 0; length -= 1) {
		const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
		const key = path[length - 1];
		const pair = isMap(parent) ? parent.items.find((item) => isPair(item) && keyOf(item.key) === key) : undefined;
		const node: unknown = pair?.key ?? document.getIn(path.slice(0, length), true);
		if (isNode(node) && node.range) return node.range[0];
	}
	return document.contents?.range?.[0] ?? 0;
}

function keyOf(key: unknown): unknown {
	return isScalar(key) ? key.value : key;
}

function readText(file: string): string | { problem: string } {
	try {
		return new TextDecoder('utf-8', { fatal: true }).decode(readBounded(file, MOST_BYTES));
	} catch (error) {
		const { code = 'unknown' } = error as NodeJS.ErrnoException;
		if (code === 'ENOENT') return { problem: 'The file does not exist; check the path.' };
		if (code === FILE_TOO_LARGE) return { problem: 'The file is larger than 1 MB, which no such configuration is.' };
		if (code === PIPE_TOO_SLOW) return { problem: 'Nothing has been written to this pipe for 5 s; name a file.' };
		if (code === 'EISDIR') return { problem: 'This is a directory; name a file in it.' };
		if (code === 'EACCES' || code === 'EPERM') return { problem: 'The file may not be read by this user.' };
		if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
			return { problem: 'The file is not UTF-8 text; save it as UTF-8.' };
		return { problem: `The file cannot be read (${code}); check the path and the disk.` };
	}
}

/** Comments and tabs become spaces, so that everything else stays where it is. What is in quotes is left alone. */
export function withoutComments(text: string): string {
	// What is not ended goes to the end of the file: looked for again from each quote or `/*`, its end would take for ever to be missed.
	const pieces =
		/"[^"\\]*(?:\\(?:[\s\S]|$)[^"\\]*)*(?:"|$)|'[^']*(?:'|$)|\/\/[^\r\n]*|\/\*[\s\S]*?(?:\*\/|$)|(?<=^|\s)#[^\r\n]*|\t/g;
	return text.replace(pieces, (piece) => (/^["']/.test(piece) ? piece : piece.replace(/[^\r\n]/g, ' ')));
}

/** The parser's own messages quote the file, which has keys in it. */
function jsonMistake(code: YAMLError['code']): string {
	if (code === 'BAD_INDENT') return 'A bracket above is not closed, or the file is cut off';
	if (code === 'DUPLICATE_KEY') return 'A field stands twice in one object; keep one of the two';
	if (code === 'MISSING_CHAR') return 'A comma, a colon, a bracket or a closing quote is missing here';
	if (code === 'BAD_DQ_ESCAPE') return 'A backslash in a text is not doubled';
	if (code === 'TAG_RESOLVE_FAILED')
		return 'Here is neither a text in quotes nor a number, `true`, `false` or `null`; put it in quotes';
	return 'This is not JSON; check quotes, brackets and commas';
}
