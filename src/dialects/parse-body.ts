import { Refusal } from '../contract/refusal.ts';
import { isTooDeep, MOST_LEVELS } from '../values/json-depth.ts';

/**
 * Reads a body. What it says of a wrong one is where the text stops being JSON, and none of the text: it is the caller's
 * prompt.
 * @throws Refusal when it is not JSON, or nested too deeply
 */
export function parseBody(json: string): unknown {
	if (json.trim() === '') throw new Refusal('invalid_json', 'The body is empty; it must be a JSON object.');
	const value = parsed(json);
	if (isTooDeep(json)) {
		throw new Refusal('invalid_request', `The body is nested more than ${MOST_LEVELS} levels deep.`);
	}
	return value;
}

function parsed(json: string): unknown {
	try {
		return JSON.parse(json);
	} catch (error) {
		throw new Refusal('invalid_json', `The body is not valid JSON: it ${whereItBreaks(String(error))}.`);
	}
}

/** @param error what the parser says; of a character that may not stand there it quotes the surroundings, with no position */
function whereItBreaks(error: string): string {
	if (error.endsWith('Unexpected end of JSON input')) return 'ends too early or is cut off';
	const position = / in JSON at position (\d+) \(line \d+ column \d+\)$/.exec(error)?.[1];
	return position === undefined ? 'has a character where none may stand' : `breaks at character ${position}`;
}

/** For the refusal of a request without what its endpoint takes. */
export function hintOfMessages(messages: unknown): string {
	if (messages === undefined) return '';
	return " A request with 'messages' belongs to POST /v1/chat/completions, or to /v1/messages where it is one of Anthropic's.";
}
