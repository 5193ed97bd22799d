import { withMembers } from '../../values/json-members.ts';
import type { LastItem, ListBody } from '../list-body.ts';

/**
 * How a model is asked to go on.
 * - `prefill`: the text so far as the last message, which the model continues
 * - `instruct`: the same, and an instruction to continue it that asks for its last words again: what begins with them joins in
 *   one place only
 */
export type ContinuationWay = 'prefill' | 'instruct';

export const continuationInstruction =
	'Your last message was cut off by a technical fault. Go on with it: begin with its last eight words again, exactly as they ' +
	'stand there, and write what follows them, to its end, in the same language and format. Repeat nothing else of it, open ' +
	'no new paragraph or code block first, do not comment, do not apologize.';

/**
 * The messages of a request, of chat or Messages, that goes on with an answer that broke off. What the caller gave stays
 * byte for byte.
 * @param shown the text that the model is to continue, not empty
 * @returns the JSON text of the list
 */
export function continuedMessages(body: Pick<ListBody, 'items'>, shown: string, way: ContinuationWay): string {
	const { all, before, last } = body.items;
	const prefill = isPrefill(last) ? last : undefined;
	const given = [prefill === undefined ? all : before].filter((text) => text !== '');
	const added = [prefill === undefined ? assistantMessage(shown) : extended(prefill, shown, way)];
	if (way === 'instruct') added.push(JSON.stringify({ role: 'user', content: continuationInstruction }));
	return `[${[...given, ...added].join(',')}]`;
}

/** A last message of the caller that begins the answer. */
interface Prefill extends LastItem {
	readonly content: string | unknown[];
}

/**
 * A caller may have ended the conversation with the beginning of the answer. What follows belongs to the same message:
 * two assistant messages in a row are refused by many providers.
 */
function isPrefill(last: LastItem | undefined): last is Prefill {
	return last?.role === 'assistant' && (typeof last.content === 'string' || Array.isArray(last.content));
}

/** The caller's message with more text. As a prefill it stays one in every other member, such as `prefix`. */
function extended({ text, content }: Prefill, shown: string, way: ContinuationWay): string {
	const more = typeof content === 'string' ? content + shown : [...content, { type: 'text', text: shown }];
	return way === 'prefill' ? withMembers(text, { content: JSON.stringify(more) }) : assistantMessage(more);
}

function assistantMessage(content: string | unknown[]): string {
	return JSON.stringify({ role: 'assistant', content });
}
