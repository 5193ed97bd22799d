import { CLOSE_BRACE, CLOSE_BRACKET, closingQuote, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-signs.ts';

/**
 * How many levels of lists and objects a JSON text of a stranger may have. What goes through it level by level calls itself, as
 * `JSON.stringify` does, and runs out of stack at a few thousand; no API comes near a hundred.
 */
export const MOST_LEVELS = 500;

/**
 * Whether a text has more levels than may be. Nothing is looked at twice, nor at all where the text is too short to be deep.
 * @param json where it is no JSON, its brackets count as they would in JSON
 */
export function isTooDeep(json: string): boolean {
	// Each level has two brackets.
	if (json.length <= 2 * MOST_LEVELS || !hasManyBrackets(json)) return false;
	let depth = 0;
	for (let index = 0; index < json.length; index++) {
		const code = json.charCodeAt(index);
		if (code === QUOTE) {
			index = closingQuote(json, index);
			if (index === -1) return false;
		} else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
			depth++;
			if (depth > MOST_LEVELS) return true;
		} else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
	}
	return false;
}

/** Most long texts are prompts and answers with few brackets: these are counted at the speed of a search. */
function hasManyBrackets(json: string): boolean {
	let count = 0;
	for (const bracket of ['{', '[']) {
		for (let at = json.indexOf(bracket); at !== -1; at = json.indexOf(bracket, at + 1)) {
			count++;
			if (count > MOST_LEVELS) return true;
		}
	}
	return false;
}
