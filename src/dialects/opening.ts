import { isObject, type JsonObject } from '../values/json.ts';

/** Members by which a caller may name a conversation, or whose it is; the first that there is counts. */
const names = ['prompt_cache_key', 'session_id', 'user'] as const;

/**
 * What all requests of one conversation have in common: the name that the caller gives it, else how it opens, which is its
 * instructions and the first message of the user. Marks for caches move from turn to turn, and are no part of it.
 * @param body a request of any dialect, parsed
 * @returns texts; none where it is no conversation
 */
export function openingOf(body: JsonObject): readonly string[] {
	for (const name of names) {
		const value = body[name];
		if (typeof value === 'string' && value !== '') return [name, value];
	}
	const { metadata } = body;
	if (isObject(metadata) && typeof metadata.user_id === 'string' && metadata.user_id !== '') {
		return ['user_id', metadata.user_id];
	}
	const messages = body.messages ?? body.input;
	const turns: readonly unknown[] = Array.isArray(messages) ? messages : [{ role: 'user', content: messages }];
	const first = turns.findIndex((turn) => isObject(turn) && turn.role === 'user');
	if (first === -1) return [];
	const contents = turns.slice(0, first + 1).map((turn) => (isObject(turn) ? turn.content : undefined));
	const opening = [body.system, body.instructions, ...contents].flatMap(piecesOf);
	return opening.length === 0 ? [] : ['opening', ...opening];
}

/** A text is the same whether it stands alone or in a list of parts. */
function piecesOf(content: unknown): string[] {
	if (typeof content === 'string') return [content];
	if (!Array.isArray(content)) return [];
	return content.map((part) => (isObject(part) && typeof part.text === 'string' ? part.text : withoutMarks(part)));
}

function withoutMarks(part: unknown): string {
	return JSON.stringify(part, (key, value: unknown) => (key === 'cache_control' ? undefined : value)) ?? '';
}
