import { topLevelMembers, withMembers } from '../json-members.ts';

/**
 * How a model is asked to go on.
 * - `prefill`: the text so far as the last message, which the model continues
 * - `instruct`: the same, and an instruction to continue it
 */
export type ContinuationWay = 'prefill' | 'instruct';

export const continuationInstruction =
	'Your last message was cut off by a technical fault. Continue it exactly where it stops: write only what follows its ' +
	'last character, in the same language and format. Do not repeat any of it, do not comment, do not apologize.';

/**
 * A request that goes on with an answer that broke off. Everything else in it stays byte for byte.
 * @param json the request's JSON text, parsed before
 * @param shown the text that the model is to continue; when it is empty the request is the original one
 */
export function continuationRequest(json: string, shown: string, way: ContinuationWay): string {
	if (shown === '') return json;
	const messages = topLevelMembers(json).findLast(({ key }) => key === 'messages');
	if (messages === undefined) return json;
	const text = json.slice(messages.valueStart, messages.end);
	const { kept, prefix } = splitPrefill(text);
	const added = [{ role: 'assistant', content: prefix + shown }];
	if (way === 'instruct') added.push({ role: 'user', content: continuationInstruction });
	const addedText = added.map((message) => JSON.stringify(message)).join(',');
	return withMembers(json, { messages: `[${kept}${kept === '' ? '' : ','}${addedText}]` });
}

/**
 * A caller may have ended the conversation with the beginning of the answer. What follows belongs to the same message:
 * two assistant messages in a row are refused by many providers.
 * @param messages the JSON text of the list
 * @returns the list's text without its brackets and without such a last message, and that message's text
 */
function splitPrefill(messages: string): { kept: string; prefix: string } {
	const list: { role?: unknown; content?: unknown }[] = JSON.parse(messages);
	const last = list.at(-1);
	const inner = messages.slice(messages.indexOf('[') + 1, messages.lastIndexOf(']')).trim();
	if (last?.role !== 'assistant' || typeof last.content !== 'string') return { kept: inner, prefix: '' };
	const kept = list.slice(0, -1).map((message) => JSON.stringify(message));
	return { kept: kept.join(','), prefix: last.content };
}
