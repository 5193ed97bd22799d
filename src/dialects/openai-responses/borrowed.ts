import type { Borrowed } from '../../contract/dialect.ts';
import { isObject, type JsonObject } from '../../values/json.ts';
import { proofId } from '../proofs.ts';
import { isReference, refersToThoughts } from './input-items.ts';

/**
 * What in a request only one provider knows: answers, conversations and prompts that it keeps, files and containers that it
 * was given, encrypted thoughts.
 * @param body the request, parsed
 */
export function borrowedIn(body: JsonObject): readonly Borrowed[] | undefined {
	const { input, tools } = body;
	const borrowed: Borrowed[] = [];
	const add = (id: unknown, what: string, isNeeded = true) => {
		if (typeof id === 'string' && id !== '') borrowed.push({ id, what, isNeeded });
	};
	add(body.previous_response_id, 'previous_response_id');
	add(isObject(body.conversation) ? body.conversation.id : body.conversation, 'conversation');
	add(isObject(body.prompt) ? body.prompt.id : undefined, 'prompt');
	for (const item of Array.isArray(input) ? input : []) if (isObject(item)) addOfItem(item, add);
	for (const tool of Array.isArray(tools) ? tools : []) if (isObject(tool)) addOfTool(tool, add);
	return borrowed.length === 0 ? undefined : borrowed;
}

type Add = (id: unknown, what: string, isNeeded?: boolean) => void;

function addOfItem(item: JsonObject, add: Add): void {
	const { type, content, output, encrypted_content: encrypted } = item;
	if (isReference(item)) add(item.id, 'item_reference', !refersToThoughts(item));
	if (typeof encrypted === 'string' && encrypted !== '') {
		add(proofId(encrypted), type === 'reasoning' ? 'encrypted reasoning' : 'encrypted content', type !== 'reasoning');
	}
	for (const parts of [content, output]) {
		if (!Array.isArray(parts)) continue;
		for (const part of parts) if (isObject(part)) add(part.file_id, 'file_id');
	}
}

function addOfTool({ container, environment, vector_store_ids: stores }: JsonObject, add: Add): void {
	add(container, 'container');
	if (isObject(environment)) add(environment.container_id, 'container_id');
	for (const id of Array.isArray(stores) ? stores : []) add(id, 'vector_store_ids');
}
