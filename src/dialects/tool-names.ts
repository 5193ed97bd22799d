import { hash } from 'node:crypto';
import type { Conversation, MessagePart } from '../contract/conversation.ts';
import type { ClientRequest } from '../contract/dialect.ts';

/** Names of tools that every API takes. Claude Code's are longer, and other callers have dots in theirs. */
const plain = /^[a-zA-Z0-9_-]{1,64}$/;

const LONGEST_NAME = 64;
const LENGTH_OF_SUM = 8;

/** The name of a tool as every API takes it: another is replaced by one that is the same for the same, and for no other. */
export function plainName(name: string): string {
	if (plain.test(name)) return name;
	const sum = hash('sha256', name, 'hex').slice(0, LENGTH_OF_SUM);
	const known = name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, LONGEST_NAME - LENGTH_OF_SUM - 1);
	return `${known}_${sum}`;
}

/** A conversation with plain names for its tools, where they are chosen and where they were called, too. */
export function withPlainNames(conversation: Conversation): Conversation {
	const { messages, tools, toolChoice } = conversation;
	return {
		...conversation,
		tools: tools.map((tool) => ({ ...tool, name: plainName(tool.name) })),
		toolChoice: toolChoice?.is === 'tool' ? { is: 'tool', name: plainName(toolChoice.name) } : toolChoice,
		messages: messages.map((message) => ({ ...message, parts: message.parts.map(withPlainName) })),
	};
}

function withPlainName(part: MessagePart): MessagePart {
	return part.is === 'tool-call' ? { ...part, name: plainName(part.name) } : part;
}

/** The names that a caller has for the tools that providers of another dialect were told of by plain ones. */
export class CallerNames {
	readonly #conversation: ClientRequest['conversation'];
	/** By the plain name, those that are not plain; made by the first call. */
	#names: ReadonlyMap<string, string> | undefined;

	constructor({ conversation }: Pick<ClientRequest, 'conversation'> = {}) {
		this.#conversation = conversation;
	}

	/** @param name under which a provider calls a tool */
	of(name: string): string {
		this.#names ??= this.#find();
		return this.#names.get(name) ?? name;
	}

	#find(): ReadonlyMap<string, string> {
		const names = (this.#conversation?.().tools ?? []).map((tool) => tool.name);
		return new Map(names.filter((name) => !plain.test(name)).map((name) => [plainName(name), name]));
	}
}
