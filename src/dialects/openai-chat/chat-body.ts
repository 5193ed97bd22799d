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

/** The body of a chat request: its text, and where its messages stand. */
export class ChatBody extends JsonText {
	#messages: { before: string; last: LastMessage | undefined } | undefined;

	/**
	 * The messages for a continuation: the JSON text of all but the last, without brackets and without a comma at its
	 * end, and the last one. Looked for once, for a continuation may be rendered several times.
	 */
	get messages(): { readonly before: string; readonly last: LastMessage | undefined } {
		this.#messages ??= this.#findMessages();
		return this.#messages;
	}

	#findMessages(): { before: string; last: LastMessage | undefined } {
		const member = this.members.findLast(({ key }) => key === 'messages');
		if (member?.lastItem === undefined) return { before: '', last: undefined };
		const text = this.text.slice(member.lastItem, member.end - 1).trim();
		const before = this.text.slice(member.valueStart + 1, member.lastItem).trim();
		const value: unknown = JSON.parse(text);
		const { role, content } = isObject(value) ? value : {};
		return { before: before.replace(/,$/, '').trimEnd(), last: { text, role, content } };
	}
}
