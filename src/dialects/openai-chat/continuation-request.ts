import { topLevelMembers, withMembers } from '../../values/json-members.ts';

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
	const { kept, prefill } = splitPrefill(json.slice(messages.valueStart, messages.end));
	const added = [prefill === undefined ? assistantMessage(shown) : extended(prefill, shown, way)];
	if (way === 'instruct') added.push(JSON.stringify({ role: 'user', content: continuationInstruction }));
	return withMembers(json, { messages: `[${[...kept, ...added].join(',')}]` });
}

/** A last message of the caller that begins the answer, as text and parsed. */
interface Prefill {
	text: string;
	content: string | unknown[];
}

/**
 * A caller may have ended the conversation with the beginning of the answer. What follows belongs to the same message:
 * two assistant messages in a row are refused by many providers.
 * @param messages the JSON text of the list
 * @returns the list's text without its brackets and without such a last message, if there is any, and that message
 */
function splitPrefill(messages: string): { kept: string[]; prefill?: Prefill } {
	const inner = messages.slice(messages.indexOf('[') + 1, messages.lastIndexOf(']')).trim();
	const list: { role?: unknown; content?: unknown }[] = JSON.parse(messages);
	const last = list.at(-1);
	const content = last?.content;
	if (last?.role !== 'assistant' || !(typeof content === 'string' || Array.isArray(content))) {
		return { kept: inner === '' ? [] : [inner] };
	}
	const start = startOfLast(inner);
	const kept = inner.slice(0, start).trimEnd().slice(0, -1);
	return { kept: kept === '' ? [] : [kept], prefill: { text: inner.slice(start), content } };
}

/** @param list the JSON text of a list of objects, without its brackets and the space around it */
function startOfLast(list: string): number {
	let depth = 0;
	let isInText = false;
	for (let index = list.length - 1; index >= 0; index--) {
		const character = list.charAt(index);
		if (character === '"' && !isEscaped(list, index)) isInText = !isInText;
		if (isInText) continue;
		if (character === '}' || character === ']') depth++;
		if (character === '{' || character === '[') depth--;
		if (depth === 0) return index;
	}
	throw new SyntaxError('the list of messages does not end with an object');
}

function isEscaped(json: string, quote: number): boolean {
	let first = quote;
	while (json.charAt(first - 1) === '\\') first--;
	return (quote - first) % 2 === 1;
}

/** The caller's message with more text. As a prefill it stays one in every other member, such as `prefix`. */
function extended({ text, content }: Prefill, shown: string, way: ContinuationWay): string {
	const more = typeof content === 'string' ? content + shown : [...content, { type: 'text', text: shown }];
	return way === 'prefill' ? withMembers(text, { content: JSON.stringify(more) }) : assistantMessage(more);
}

function assistantMessage(content: string | unknown[]): string {
	return JSON.stringify({ role: 'assistant', content });
}
