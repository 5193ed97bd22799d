import type { Loss, Message, MessagePart, ToolResultContent } from '../../contract/conversation.ts';
import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { objectsIn } from '../read-members.ts';
import { isOfResult, readContent, wrong } from './read-parts.ts';
import { argumentsText } from './tool-calls.ts';

/** Members of messages that are read here; what else stands in them has no words in a conversation. */
const known = new Set([
	...['role', 'content', 'refusal', 'tool_calls', 'function_call', 'tool_call_id', 'cache_control'],
	// Whose call a result is of is told by its id.
	...['reasoning_content', 'reasoning', 'reasoning_details', 'thinking', 'annotations', 'prefix', 'partial'],
]);

/**
 * Reads the messages of a chat. Results of tools, which are messages of their own here, stand together in one of the user,
 * as they follow each other.
 * @param losses where goes what has no words in a conversation
 * @throws Refusal where a message is none, or is the result of a call that was not made
 */
export function readMessages(messages: readonly unknown[], losses: Loss[]): readonly Message[] {
	const reader = new MessageReader(losses);
	messages.forEach((message, index) => {
		const at = `messages[${index}]`;
		if (!isObject(message)) throw wrong(at, 'must be an object with a role');
		reader.add(message, at);
	});
	return reader.messages;
}

class MessageReader {
	readonly messages: Message[] = [];
	readonly #losses: Loss[];
	/** The ids of the calls so far. */
	readonly #calls = new Set<string>();
	/** Calls in the older form, which have no ids: the ids that they are given here, by the name of the function. */
	readonly #unanswered = new Map<string, string>();
	/** The results of the message that is being put together; undefined while there is none. */
	#results: ToolResultContent[] | undefined;

	constructor(losses: Loss[]) {
		this.#losses = losses;
	}

	add(message: JsonObject, at: string): void {
		const { role } = message;
		this.#noteLosses(message);
		if (role === 'tool' || role === 'function') {
			this.#addResult(message, at, role === 'tool' ? this.#idOfCall(message, at) : this.#idOfFunction(message, at));
			return;
		}
		this.#results = undefined;
		if (role === 'system' || role === 'developer') this.#put('system', this.#partsOf(message, at));
		else if (role === 'user') this.#put('user', this.#partsOf(message, at));
		else if (role === 'assistant') this.#put('assistant', this.#assistantParts(message, at));
		else throw wrong(`${at}.role`, 'must be system, developer, user, assistant or tool');
	}

	#put(role: Message['role'], parts: readonly MessagePart[]): void {
		this.messages.push({ role, parts });
	}

	/** A mark on the message is one on its last part. */
	#partsOf({ content, cache_control: mark }: JsonObject, at: string): readonly MessagePart[] {
		const parts = readContent(content, at, this.#losses);
		const last = parts.at(-1);
		return isSomething(mark) && last !== undefined ? [...parts.slice(0, -1), { ...last, cached: true }] : parts;
	}

	#noteLosses(message: JsonObject): void {
		const { role, name, audio } = message;
		if (isSomething(name) && role !== 'tool' && role !== 'function') {
			this.#losses.push({ what: 'names of speakers', isNeeded: false });
		}
		if (isSomething(audio)) this.#losses.push({ what: 'audio of an earlier answer', isNeeded: true });
		const others = Object.keys(message).filter((key) => !known.has(key) && key !== 'name' && key !== 'audio');
		if (others.some((key) => isSomething(message[key]))) {
			this.#losses.push({ what: 'unknown members of messages', isNeeded: false });
		}
	}

	#addResult(message: JsonObject, at: string, id: string): void {
		const parts = this.#partsOf(message, at).filter((part) => {
			if (!isOfResult(part)) this.#losses.push({ what: `${part.is} in the result of a tool`, isNeeded: true });
			return isOfResult(part);
		});
		const result: ToolResultContent = { is: 'tool-result', id, parts };
		if (this.#results === undefined) {
			this.#results = [];
			this.#put('user', this.#results);
		}
		this.#results.push(result);
	}

	#idOfCall({ tool_call_id: id }: JsonObject, at: string): string {
		if (typeof id !== 'string' || id === '')
			throw wrong(`${at}.tool_call_id`, 'must be the id of the call that it answers');
		if (!this.#calls.has(id)) throw wrong(`${at}.tool_call_id`, 'is the id of no call in the messages before it');
		return id;
	}

	#idOfFunction({ name }: JsonObject, at: string): string {
		const id = typeof name === 'string' ? this.#unanswered.get(name) : undefined;
		if (id === undefined) throw wrong(`${at}.name`, 'is the name of no function that the messages before it call');
		return id;
	}

	#assistantParts(message: JsonObject, at: string): readonly MessagePart[] {
		const { refusal } = message;
		return [
			...thoughtsOf(message),
			...this.#partsOf(message, at),
			...(typeof refusal === 'string' && refusal !== '' ? [{ is: 'refusal', text: refusal } as const] : []),
			...this.#callsOf(message, at),
		];
	}

	#callsOf(message: JsonObject, at: string): readonly MessagePart[] {
		const calls = objectsIn(message, 'tool_calls').map((call, index): MessagePart => {
			const place = `${at}.tool_calls[${index}]`;
			const { id, custom } = call;
			if (typeof id !== 'string' || id === '') throw wrong(`${place}.id`, 'must be a string');
			this.#calls.add(id);
			if (!isObject(custom)) return { is: 'tool-call', id, ...readCall(call.function, `${place}.function`) };
			const name = nameOf(custom, `${place}.custom`);
			return { is: 'tool-call', id, name, arguments: argumentsText(custom.input), isCustom: true };
		});
		const { function_call: called } = message;
		if (!isSomething(called)) return calls;
		const read = readCall(called, `${at}.function_call`);
		const id = `call_${this.messages.length}_${read.name}`;
		this.#unanswered.set(read.name, id);
		return [...calls, { is: 'tool-call', id, ...read }];
	}
}

function readCall(called: unknown, at: string): { name: string; arguments: string } {
	if (!isObject(called)) throw wrong(at, 'must be an object with a name and arguments');
	return { name: nameOf(called, at), arguments: argumentsText(called.arguments) };
}

function nameOf({ name }: JsonObject, at: string): string {
	if (typeof name === 'string' && name !== '') return name;
	throw wrong(`${at}.name`, 'must be a string');
}

/** Providers have several names for what a model thought; each of them tells all of it. */
function thoughtsOf(message: JsonObject): readonly MessagePart[] {
	const told = [message.reasoning_content, message.reasoning, message.thinking];
	const text = told.find((one) => typeof one === 'string' && one !== '');
	if (typeof text === 'string') return [{ is: 'reasoning', text }];
	return isSomething(message.reasoning_details) ? [{ is: 'reasoning', text: '' }] : [];
}
