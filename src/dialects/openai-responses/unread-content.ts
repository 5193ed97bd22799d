import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { isTextPart, textOf } from './item-events.ts';

/**
 * Whether an event of a response says anything that could be content, whatever it is called. An answer that has something must
 * not be taken for one that says nothing.
 */
export function hasUnreadContent({ delta, item, response }: JsonObject): boolean {
	const { output } = isObject(response) ? response : {};
	const items = [item, ...(Array.isArray(output) ? output : [])];
	return isSomething(delta) || items.some((one) => isObject(one) && saysSomething(one));
}

/** A message of no words says nothing, and nor does a thought that nobody can read; anything else is a deed. */
export function saysSomething({ type, content, summary, encrypted_content: encrypted }: JsonObject): boolean {
	if (type === 'reasoning') return isSomething(encrypted) || hasWords(summary) || hasWords(content);
	return type !== 'message' || hasWords(content);
}

function hasWords(parts: unknown): boolean {
	if (!Array.isArray(parts)) return isSomething(parts);
	return parts.some((part) => isObject(part) && (isTextPart(part.type) ? textOf(part) !== '' : true));
}
