import { RE2JS, RE2JSException, RE2Set } from 're2js';

/** A regular expression, looked for anywhere in a text without regard to case. */
export interface LinearPattern {
	test(text: string): boolean;
}

/** The longest source, in characters, and the largest program of a pattern, in instructions: each costs a step for every character. */
const LONGEST_SOURCE = 2000;
const MOST_INSTRUCTIONS = 1000;
/** What one pattern may remember of the texts that it has seen, bytes; with the library's 8 MB a hundred rules could fill the memory. */
const MOST_REMEMBERED_BYTES = 256 * 1024;
/** How many patterns are kept; several parts of the program read the same rules. */
const MOST_KEPT = 2000;

const kept = new Map<string, RE2Set>();

/**
 * A pattern whose matching takes time in proportion to the text, whatever both are: a provider chooses the text, and a backtracking
 * engine can be made to take longer than anybody waits. JavaScript's syntax without look-aheads and back-references.
 * @throws Error, in a few words without the source, when it is no such pattern
 */
export function linearPattern(source: string): LinearPattern {
	const set = setOf(source);
	return { test: (text) => set.match(text).length > 0 };
}

/**
 * What is wrong with a pattern that somebody wrote, to stand after "is" and before what to do about it.
 * @returns undefined when nothing is
 */
export function patternMistake(source: string): string | undefined {
	try {
		const count = patternSteps(source);
		if (count <= MOST_INSTRUCTIONS) return undefined;
		return `is too large a regular expression (${count} steps, at most ${MOST_INSTRUCTIONS}); use smaller repetitions`;
	} catch (error) {
		return (error as Error).message;
	}
}

/**
 * How many steps a pattern may cost for each character of a text.
 * @throws Error, in a few words without the source, when it is no such pattern
 */
export function patternSteps(source: string): number {
	const set = setOf(source);
	set.compile();
	return set.prog.numInst();
}

function setOf(source: string): RE2Set {
	const known = kept.get(source);
	if (known !== undefined) return known;
	const set = parsed(source);
	if (kept.size === MOST_KEPT) kept.clear();
	kept.set(source, set);
	return set;
}

function parsed(source: string): RE2Set {
	if (source.length > LONGEST_SOURCE) {
		throw new Error(`is too long a regular expression (at most ${LONGEST_SOURCE} characters); shorten it`);
	}
	try {
		const set = new RE2Set(RE2Set.UNANCHORED, RE2JS.CASE_INSENSITIVE | RE2JS.LOOKBEHINDS, MOST_REMEMBERED_BYTES);
		set.add(RE2JS.translateRegExp(source));
		return set;
	} catch (error) {
		if (!(error instanceof RE2JSException)) throw error;
		throw new Error(refusal(source));
	}
}

function refusal(source: string): string {
	try {
		new RegExp(source, 'i');
	} catch (error) {
		// The engine quotes the whole expression, which may hold a value of the environment, before it says what is wrong.
		return `is not a regular expression (${String(error).split(': ').at(-1)}); correct it`;
	}
	return 'is a regular expression that cannot be matched in linear time; write it without look-aheads, back-references, groups in look-behinds that are not `(?:…)`, and repetitions of more than 1000';
}

/**
 * Whether a name fits one of these patterns, in which `*` stands for any text; case does not matter. It never goes back to try
 * another place for a `*`: the first one that fits is as good as any later one.
 * @returns a function of a lower-case name
 */
export function globs(patterns: readonly string[]): (name: string) => boolean {
	const tests = patterns.map(glob);
	return (name) => tests.some((isMatch) => isMatch(name));
}

function glob(pattern: string): (name: string) => boolean {
	const [head = '', ...parts] = pattern.toLowerCase().split(/\*+/);
	const tail = parts.pop();
	if (tail === undefined) return (name) => name === head;
	return (name) => {
		if (!name.startsWith(head) || !name.endsWith(tail)) return false;
		let place = head.length;
		for (const part of parts) {
			const found = name.indexOf(part, place);
			if (found === -1) return false;
			place = found + part.length;
		}
		return place + tail.length <= name.length;
	};
}
