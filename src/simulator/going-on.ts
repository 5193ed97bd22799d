import type { Continuing } from '../contract/simulation.ts';

/** What models do to the beginning of what they write when they are to go on. */
const styles: Readonly<Record<Continuing, (text: string) => string>> = {
	exactly: (text) => text,
	unasked: (text) => text,
	trimmed: (text) => text.trimStart(),
	capital: (text) => text.trimStart().replace(/^./u, (first) => first.toUpperCase()),
	paragraph: (text) => `\n\n${text.trimStart()}`,
	'code-block': (text) => `\`\`\`text\n${text}`,
	heading: (text) => `## The answer\n\n${text}`,
	thinking: (text) => `<think>\nWhere did I stop?\n</think>\n\n${text}`,
};

/**
 * How a text is gone on with.
 * @param begun what there is of it
 * @param rest what follows
 * @param isAsked an instruction asks for its last words again
 */
export function goingOn(continuing: Continuing, begun: string, rest: string, isAsked: boolean): string {
	const repeats = isAsked && continuing !== 'unasked' && rest !== '';
	const again = repeats ? (/(?:\S+\s+){0,7}\S*$/.exec(begun)?.[0] ?? '') : '';
	return styles[continuing](again + rest);
}
