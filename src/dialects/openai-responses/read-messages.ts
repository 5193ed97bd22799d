import type { Message, MessagePart, ReasoningContent, ToolResultContent } from '../../contract/conversation.ts';
import { Refusal } from '../../contract/refusal.ts';
import { isObject, type JsonObject } from '../../values/json.ts';
import { shownType } from '../openai-chat/read-parts.ts';
import { refersToThoughts } from './input-items.ts';
import type { LossList } from './loss-list.ts';
import { readContent } from './read-content.ts';
import type { ToolNames } from './tool-names.ts';

const roles: Readonly<Record<string, Message['role']>> = {
	system: 'system',
	developer: 'system',
	user: 'user',
	assistant: 'assistant',
};

/**
 * The messages that the items of an input are. Items that a model wrote one after the other are one message, and so is what
 * several tools returned.
 * @throws Refusal when an item is none that any provider could take
 */
export function readMessages(body: JsonObject, names: ToolNames, losses: LossList): readonly Message[] {
	const { input } = body;
	if (typeof input === 'string') return [{ role: 'user', parts: [{ is: 'text', text: input }] }];
	const isWhole = [body.previous_response_id, body.conversation].every((kept) => (kept ?? null) === null);
	const reader = new ItemReader(names, losses, isWhole);
	for (const item of Array.isArray(input) ? input : []) if (isObject(item)) reader.read(item);
	return reader.messages;
}

interface OpenMessage {
	readonly role: Message['role'];
	readonly parts: MessagePart[];
}

class ItemReader {
	readonly messages: OpenMessage[] = [];
	readonly #names: ToolNames;
	readonly #losses: LossList;
	/** All items stand in the request: what a tool returned must follow its call. */
	#isWhole: boolean;
	readonly #calls = new Set<string>();

	constructor(names: ToolNames, losses: LossList, isWhole: boolean) {
		this.#names = names;
		this.#losses = losses;
		this.#isWhole = isWhole;
	}

	read(item: JsonObject): void {
		const { type, role } = item;
		if (type === 'message' || (type === undefined && role !== undefined)) this.#readMessage(item);
		else if (type === 'function_call' || type === 'custom_tool_call') this.#readCall(item);
		else if (type === 'function_call_output' || type === 'custom_tool_call_output') this.#readResult(item);
		else if (type === 'reasoning') this.#readThoughts(item);
		else if (refersToThoughts(item)) this.#losses.add('item_reference', false);
		else this.#noteOther(type);
	}

	#readMessage({ role, content }: JsonObject): void {
		const known = typeof role === 'string' && Object.hasOwn(roles, role) ? roles[role] : undefined;
		if (known === undefined) {
			const message = "The 'role' of an item of 'input' must be user, assistant, system or developer.";
			throw new Refusal('invalid_request', message, 'input');
		}
		const parts = readContent(content, this.#losses);
		if (known === 'assistant') this.#say(parts);
		else this.messages.push({ role: known, parts });
	}

	#readCall(item: JsonObject): void {
		const { call_id: id, name, namespace } = item;
		const isCustom = item.type === 'custom_tool_call';
		const given = isCustom ? item.input : item.arguments;
		if (typeof id !== 'string' || typeof name !== 'string') {
			throw new Refusal('invalid_request', "A call of a tool in 'input' must have a 'call_id' and a 'name'.", 'input');
		}
		this.#calls.add(id);
		this.#say([
			{
				is: 'tool-call',
				id,
				name: this.#names.plainName(name, namespace),
				arguments: typeof given === 'string' ? given : '',
				...(isCustom ? { isCustom } : {}),
			},
		]);
	}

	#readResult({ type, call_id: id, output }: JsonObject): void {
		if (typeof id !== 'string' || (this.#isWhole && !this.#calls.has(id))) {
			const message = `A '${type}' of 'input' has no call before it with its 'call_id'. Send the call, too.`;
			throw new Refusal('invalid_request', message, 'input');
		}
		const result: ToolResultContent = { is: 'tool-result', id, parts: this.#resultParts(output) };
		const last = this.messages.at(-1);
		const follows = last?.role === 'user' && last.parts.every(({ is }) => is === 'tool-result');
		if (follows && last.parts.length > 0) last.parts.push(result);
		else this.messages.push({ role: 'user', parts: [result] });
	}

	#resultParts(output: unknown): ToolResultContent['parts'] {
		const isText = typeof output === 'string' || Array.isArray(output);
		return readContent(isText ? output : JSON.stringify(output ?? ''), this.#losses).filter(
			(part) => part.is === 'text' || part.is === 'image' || part.is === 'file',
		);
	}

	#readThoughts({ summary, content, encrypted_content: encrypted }: JsonObject): void {
		if (typeof encrypted === 'string') this.#losses.add('encrypted reasoning', false);
		const pieces = [summary, content].flatMap((list) => (Array.isArray(list) ? list.filter(isObject) : []));
		const texts = pieces.flatMap(({ text }) => (typeof text === 'string' ? [text] : []));
		const thoughts: ReasoningContent = { is: 'reasoning', text: texts.join('\n\n') };
		this.#say([thoughts]);
	}

	/**
	 * What OpenAI's own tools did is told by the text that follows it; what they returned, where the caller ran them, or a
	 * conversation in a form that only its maker reads, is told by nothing else.
	 */
	#noteOther(type: unknown): void {
		// An item that is referred to may be the call of anything that follows.
		if (type === 'item_reference' || type === undefined) {
			this.#isWhole = false;
			this.#losses.add('item_reference', true);
			return;
		}
		const word = shownType(type);
		const isHint = /(_call|_list_tools)$|^(additional_tools|compaction_trigger)$/.test(word);
		this.#losses.add(`items of the type ${word}`, !isHint);
	}

	#say(parts: readonly MessagePart[]): void {
		const last = this.messages.at(-1);
		if (last?.role === 'assistant') last.parts.push(...parts);
		else this.messages.push({ role: 'assistant', parts: [...parts] });
	}
}
