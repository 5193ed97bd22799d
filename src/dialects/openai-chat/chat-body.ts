import { isObject } from '../../values/json.ts';
import { JsonText } from '../../values/json-members.ts';

export const dialectName = 'openai-chat';

/** A message of the conversation, as far as a continuation has to know it. */
export interface LastMessage {
	/** Its JSON text. */
	readonly text: string;
	readonly role: unknown;
	readonly content: unknown;
}

/** The messages of a request as JSON texts, without the brackets of their list. */
export interface Messages {
	readonly all: string;
	/** All but the last, without the comma behind them. */
	readonly before: string;
	readonly last: LastMessage | undefined;
}

/** The body of a chat request: its text, and where its messages stand. */
export class ChatBody extends JsonText {
	#messages: Messages | undefined;

	/** The messages for a continuation. They are looked for once, for one may be rendered several times. */
	get messages(): Messages {
		this.#messages ??= this.#findMessages();
		return this.#messages;
	}

	#findMessages(): Messages {
		const member = this.members.findLast(({ key }) => key === 'messages');
		if (member?.lastItem === undefined) return { all: '', before: '', last: undefined };
		const { valueStart, lastItem, end } = member;
		const all = this.text.slice(valueStart + 1, end - 1).trim();
		const before = this.text
			.slice(valueStart + 1, lastItem)
			.trim()
			.slice(0, -1);
		const text = this.text.slice(lastItem, end - 1).trim();
		const value: unknown = JSON.parse(text);
		const { role, content } = isObject(value) ? value : {};
		return { all, before, last: { text, role, content } };
	}
}
