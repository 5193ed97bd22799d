import type { AnswerEvent } from '../../contract/answer-parts.ts';
import type { EventsWish } from '../../contract/dialect.ts';
import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { piecesOf, wholeText } from '../text-pieces.ts';
import { EventParts } from './event-parts.ts';
import { dialectName } from './messages-body.ts';
import { argumentsOf } from './tool-input.ts';

export interface DocumentEventsOptions extends EventsWish {
	readonly model: string;
}

/**
 * A whole message as the events of a stream that says the same, without its end mark.
 * @param message one that has been found whole, and that names its model
 */
export function documentEvents(
	message: JsonObject,
	{ model, withUsage, inPieces }: DocumentEventsOptions,
): AnswerEvent[] {
	const { content, stop_reason: reason, stop_sequence: sequence, stop_details: details, usage, ...head } = message;
	const blocks = (Array.isArray(content) ? content : []).filter(isObject);
	const used = isObject(usage) ? usage : {};
	const cut = inPieces ? piecesOf : wholeText;
	const ended = {
		stop_reason: reason ?? 'end_turn',
		stop_sequence: sequence ?? null,
		...(isSomething(details) ? { stop_details: details } : {}),
	};
	const begun = { ...head, content: [], stop_reason: null, stop_sequence: null, usage: { ...used, output_tokens: 0 } };
	const events = [
		{ type: 'message_start', message: begun },
		...blocks.flatMap((block, index) => blockEvents(block, index, cut)),
		{ type: 'message_delta', delta: ended, usage: used },
	];
	const parts = new EventParts();
	return events.map((value) => ({
		parts: parts.of(value).filter(({ is }) => withUsage || is !== 'usage'),
		model,
		raw: { dialect: dialectName, data: JSON.stringify(value), value },
	}));
}

function blockEvents(block: JsonObject, index: number, cut: typeof wholeText): JsonObject[] {
	const { begun, deltas } = spread(block, cut);
	return [
		{ type: 'content_block_start', index, content_block: begun },
		...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
		{ type: 'content_block_stop', index },
	];
}

/** A block as it begins, and what it grows by. One that is not known comes whole. */
function spread(block: JsonObject, cut: typeof wholeText): { begun: JsonObject; deltas: readonly JsonObject[] } {
	const { text, thinking, signature, citations, input } = block;
	switch (block.type) {
		case 'text': {
			const cited = Array.isArray(citations) ? citations : [];
			const pieces = typeof text === 'string' ? cut(text) : [];
			const deltas = [
				...pieces.map((piece) => ({ type: 'text_delta', text: piece })),
				...cited.map((citation) => ({ type: 'citations_delta', citation })),
			];
			return { begun: { ...block, text: '', ...(cited.length > 0 ? { citations: [] } : {}) }, deltas };
		}
		case 'thinking': {
			const pieces = typeof thinking === 'string' ? cut(thinking) : [];
			const deltas = [
				...pieces.map((piece) => ({ type: 'thinking_delta', thinking: piece })),
				...(isSomething(signature) ? [{ type: 'signature_delta', signature }] : []),
			];
			return { begun: { ...block, thinking: '', signature: '' }, deltas };
		}
		case 'tool_use':
		case 'server_tool_use':
		case 'mcp_tool_use': {
			const deltas = isSomething(input) ? [{ type: 'input_json_delta', partial_json: argumentsOf(input) }] : [];
			return { begun: { ...block, input: {} }, deltas };
		}
		default:
			return { begun: block, deltas: [] };
	}
}
