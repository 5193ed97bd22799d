import type { Answer } from './soak-answer.ts';
import type { AttemptPlan, Behaviour } from './soak-plan.ts';

/** How an attempt was asked: from the beginning, or with a text to go on with. */
export type AskedAs = 'fresh' | 'prefill' | 'instruct';

/**
 * What a model writes that is shown the beginning of its answer.
 *
 * A model that takes a prefill (`prefill: true` in the configuration) goes on exactly, starts over or writes something
 * else; one that repeats a part of it is not what the configuration says it is. And what is written right from the seam
 * cannot be told from a right continuation by anyone, so something else begins like the answer and then leaves it,
 * before the place where the text stopped.
 */
export function continuation(
	{ text }: Answer,
	shown: string,
	askedAs: AskedAs,
	{ behaviour, share }: AttemptPlan,
): string {
	const { length } = shown;
	const isPrefill = askedAs === 'prefill';
	const lastWords = isPrefill || share < 0.3 ? length : (/(?:\S+\s+){0,7}\S*$/.exec(shown)?.index ?? 0);
	const style = styles[behaviour];
	if (behaviour === 'goes on') return text.slice(isPrefill ? length : (/(?:\S+\s+){0,7}\S*$/.exec(shown)?.index ?? 0));
	if (style !== undefined && (!isPrefill || mayStyle(behaviour, shown, text.slice(length))))
		return style(text.slice(lastWords));
	if (behaviour === 'repeats everything') return text;
	if (behaviour === 'repeats half' && !isPrefill) return text.slice(Math.floor(length / 2));
	if (behaviour === 'repeats a little' && !isPrefill)
		return text.slice(Math.max(0, length - 1 - Math.floor(share * 60)));
	if (behaviour === 'writes something else' && length > LEAST_COMMON + 24) {
		const leavesAt = LEAST_COMMON + Math.floor(share * (length - 24 - LEAST_COMMON));
		return `${text.slice(0, leavesAt)}\u2603 no, that is all wrong: it was built in 1900.`;
	}
	return text.slice(length);
}

/** What models do to the beginning of what they write. */
const styles: Partial<Record<Behaviour, (text: string) => string>> = {
	'trims white space': (text) => text.trimStart(),
	'starts with a capital': (text) => text.trimStart().replace(/^./u, (first) => first.toUpperCase()),
	'begins a paragraph': (text) => `\n\n${text.trimStart()}`,
	'opens a code block': (text) => `\`\`\`js\n${text}`,
	'repeats a heading': (text) => `## Report\n\n${text}`,
	'thinks first': (text) => `<think>\nWhere did I stop?\n</think>\n\n${text}`,
};

/**
 * One that takes a prefill is believed but where two words may have become one: anywhere else nobody can tell what it does.
 */
function mayStyle(behaviour: Behaviour, shown: string, rest: string): boolean {
	if (behaviour === 'thinks first') return true;
	return behaviour === 'trims white space' && /[A-Za-z0-9]$/.test(shown) && /^\s*[A-Za-z0-9]/.test(rest);
}

/** Something else begins like the answer for at least this, characters. */
const LEAST_COMMON = 24;
