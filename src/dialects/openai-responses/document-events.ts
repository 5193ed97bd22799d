import { isObject, type JsonObject } from '../../values/json.ts';
import { piecesOf, wholeText } from '../text-pieces.ts';
import { itemEvents } from './item-events.ts';

/**
 * A whole response as the events of a stream that says the same, numbered.
 * @param response one that has been found whole
 * @param inPieces whether a long text comes in pieces
 */
export function documentEvents(response: JsonObject, inPieces: boolean): readonly JsonObject[] {
	const { output, status } = response;
	const begun: JsonObject = { ...response, status: 'in_progress', output: [], usage: null, incomplete_details: null };
	const cutFor = (item: JsonObject) => (!inPieces || hasProbabilities(item) ? wholeText : piecesOf);
	const items = (Array.isArray(output) ? output : []).filter(isObject);
	const end = status === 'incomplete' ? 'response.incomplete' : 'response.completed';
	const events: JsonObject[] = [
		{ type: 'response.created', response: begun },
		{ type: 'response.in_progress', response: begun },
		...items.flatMap((item, index) => itemEvents(item, index, cutFor(item))),
		{ type: end, response },
	];
	return events.map((event, number) => ({ ...event, sequence_number: number }));
}

/** Probabilities belong to the tokens of one text, which cannot be told apart: it stays in one piece. */
function hasProbabilities({ content }: JsonObject): boolean {
	const parts: unknown[] = Array.isArray(content) ? content : [];
	return parts.some((part) => isObject(part) && Array.isArray(part.logprobs) && part.logprobs.length > 0);
}
