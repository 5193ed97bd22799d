import { isObject, type JsonObject, parseJson } from '../../values/json.ts';
import { listItems, withMembers } from '../../values/json-members.ts';
import type { ListBody } from '../list-body.ts';
import { proofId } from '../proofs.ts';
import { isOwnId } from './own-ids.ts';

/** Items whose id says only where they came from: without it they are the same. */
const identified: readonly unknown[] = ['message', 'function_call', 'custom_tool_call', undefined];

/** An item of an answer that Breakwater wrote itself. */
export function isOfOwnMaking({ id }: JsonObject): boolean {
	return isOwnId(id);
}

/** An item that stands for another one, which its maker keeps under that id. */
export function isReference({ type, role }: JsonObject): boolean {
	return type === 'item_reference' || (type === undefined && role === undefined);
}

/** Thoughts, as their id says. Another provider answers without them as it would without the thoughts themselves. */
export function refersToThoughts(item: JsonObject): boolean {
	return isReference(item) && typeof item.id === 'string' && item.id.startsWith('rs_');
}

/**
 * The JSON text of the input without what Breakwater made: its thoughts are left out, other items lose their id. A reference
 * to a text of its own stays, for a request without that text would be another one.
 */
export function withoutOwn(body: ListBody): string {
	return rewritten(`[${body.items.all}]`, (item) => {
		if (!isOfOwnMaking(item)) return 'keep';
		if (item.type === 'reasoning' || refersToThoughts(item)) return 'drop';
		return isReference(item) ? 'keep' : 'anonymous';
	});
}

/**
 * The same without what other providers made.
 * @param list the JSON text of the input
 * @param foreign their proofs, and the ids of their thoughts
 */
export function withoutForeign(list: string, foreign: ReadonlySet<string>): string {
	return rewritten(list, (item) => {
		const { type, id, encrypted_content: encrypted } = item;
		if (type === 'reasoning' && typeof encrypted === 'string' && foreign.has(proofId(encrypted))) return 'drop';
		if (isReference(item)) return foreign.has(String(id)) ? 'drop' : 'keep';
		// A provider that knows an item looks for the thoughts that belong to it.
		return id !== undefined && identified.includes(type) ? 'anonymous' : 'keep';
	});
}

function rewritten(list: string, fateOf: (item: JsonObject) => 'keep' | 'drop' | 'anonymous'): string {
	const kept = listItems(list).flatMap((text) => {
		const item = parseJson(text);
		const fate = isObject(item) ? fateOf(item) : 'keep';
		if (fate === 'drop') return [];
		return fate === 'keep' ? [text] : [withMembers(text, { id: undefined })];
	});
	return `[${kept.join(',')}]`;
}
