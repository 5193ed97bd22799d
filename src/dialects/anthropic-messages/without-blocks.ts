import { isObject, type JsonObject } from '../../values/json.ts';
import { withMembers } from '../../values/json-members.ts';

/** Parses, and keeps numbers as they were written: others than JavaScript's would be rounded. */
interface SourceJson {
	parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
	rawJSON(text: string): unknown;
}

/**
 * A request without some blocks of its messages, and without the messages that are nothing else.
 * @param text of the request; everything but its messages stays byte for byte
 */
export function withoutBlocks(text: string, isLeftOut: (block: JsonObject) => boolean): string {
	const { parse, rawJSON } = JSON as unknown as SourceJson;
	const body = parse(text, (_key, value, { source }) =>
		typeof value === 'number' && source !== undefined ? rawJSON(source) : value,
	);
	const messages: unknown[] = isObject(body) && Array.isArray(body.messages) ? body.messages : [];
	const kept = messages.flatMap((message) => {
		if (!isObject(message) || !Array.isArray(message.content)) return [message];
		const content = message.content.filter((block) => !(isObject(block) && isLeftOut(block)));
		if (content.length === message.content.length) return [message];
		return content.length === 0 ? [] : [{ ...message, content }];
	});
	return withMembers(text, { messages: JSON.stringify(kept) });
}
