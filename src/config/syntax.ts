// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a message shows the notation of the YAML.
import { type Document, Lexer, type YAMLError } from 'yaml';

const DEEP = 'the file is nested too deeply; flatten it';

/**
 * What to say about each thing that is not YAML. The parser's own messages quote the source, which may hold a key,
 * so none of them is passed on.
 */
const sentences: Readonly<Partial<Record<YAMLError['code'], string>>> = {
	TAB_AS_INDENT: 'a tab is used as indentation; indent with spaces',
	BAD_INDENT:
		'the indentation does not fit the lines above, or a bracket above is not closed; align it, or close the bracket',
	MISSING_CHAR: 'a character is missing, perhaps `,`, `]`, `}`, a closing quote or the space after `:`; add it',
	MULTIPLE_DOCS: 'the file holds several documents; keep one and remove `---` or `...`',
	MULTILINE_IMPLICIT_KEY: 'a line without `key: value` is here; put a colon and a space after the key',
	BLOCK_AS_IMPLICIT_KEY: 'two keys are nested in one line; put the inner one on a line of its own, or quote the value',
	BLOCK_IN_FLOW: 'a block stands inside `{…}` or `[…]`; write it in braces or brackets too',
	BAD_SCALAR_START:
		'a value begins with a reserved character (`@`, `%` or a backtick); put it in quotes, or write `${VAR}` for an environment variable',
	BAD_DQ_ESCAPE: 'an escape in double quotes is not known; use single quotes for a literal backslash',
	BAD_ALIAS: 'an anchor or alias has no usable name; write `&name` and `*name`',
	ALIAS_PROPS: 'an alias cannot have an anchor or tag; remove it',
	TAG_RESOLVE_FAILED: 'a tag (`!…`) is not known here; remove it, or put the value in quotes',
	RESOURCE_EXHAUSTION: DEEP,
	UNEXPECTED_TOKEN: 'something stands here that does not fit; check quotes, brackets and commas',
};

/** A mistake of syntax: where it stands in the text, and the sentence about it. */
export interface SyntaxMistake {
	offset: number;
	sentence: string;
}

/** Every mistake of YAML syntax in a parsed document, in order; of several at one place, which all say the same, the first. */
export function syntaxMistakes(document: Document): SyntaxMistake[] {
	const unknownTags = document.warnings.filter((warning) => warning.code === 'TAG_RESOLVE_FAILED');
	const mistakes = new Map<number, SyntaxMistake>();
	for (const { code, pos } of [...document.errors, ...unknownTags]) {
		const [offset] = pos;
		const sentence = sentences[code] ?? 'this is not YAML; check indentation, quotes and colons';
		if (!mistakes.has(offset)) mistakes.set(offset, { offset, sentence });
	}
	return [...mistakes.values()];
}

/** What a text of this length can hold is parsed in little time, whatever it is, characters. */
const ALWAYS_PARSED_LENGTH = 16_384;
/** Words, signs and line breaks: twenty times as many as the largest template has. */
const MOST_TOKENS = 100_000;
const MOST_BRACKETS_DEEP = 100;
const MOST_BRACKETS_TOO_MANY = 100;

/**
 * What the parser had better not be given, since it would take minutes and gigabytes for it: too many tokens, or brackets in
 * brackets without end.
 * @returns undefined for every honest file
 */
export function excess(text: string): SyntaxMistake | undefined {
	if (text.length <= ALWAYS_PARSED_LENGTH) return undefined;
	let offset = 0;
	let count = 0;
	let depth = 0;
	let closedTooOften = 0;
	for (const token of new Lexer().lex(text)) {
		count += 1;
		if (token === '[' || token === '{') depth += 1;
		if (token === ']' || token === '}') {
			if (depth > 0) depth -= 1;
			else closedTooOften += 1;
		}
		if (count > MOST_TOKENS) {
			const sentence = `the file has more than ${MOST_TOKENS} words, signs and line breaks, which no configuration needs; shorten it`;
			return { offset, sentence };
		}
		if (depth > MOST_BRACKETS_DEEP) return { offset, sentence: DEEP };
		if (closedTooOften > MOST_BRACKETS_TOO_MANY) {
			return { offset, sentence: 'more brackets are closed than opened; remove those that are too many' };
		}
		// The lexer marks documents and scalars with control characters of its own, which do not stand in the text.
		if (!MARKS.has(token)) offset += token.length;
	}
	return undefined;
}

const MARKS: ReadonlySet<string> = new Set(['\u0002', '\u0018', '\u001f']);
