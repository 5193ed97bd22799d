import { isObject } from '../values/json.ts';
import { type Edits, JsonText } from '../values/json-members.ts';

/** The last item of the list that a conversation is, as far as a continuation has to know it. */
export interface LastItem {
	/** Its JSON text. */
	readonly text: string;
	readonly role: unknown;
	readonly content: unknown;
}

/** The items of a list as JSON texts, without its brackets. */
export interface Items {
	readonly all: string;
	/** All but the last, without the comma behind them. */
	readonly before: string;
	readonly last: LastItem | undefined;
}

/** The body of a request whose conversation is a list: its text, and where the items of the list stand. */
export class ListBody extends JsonText {
	readonly #member: string;
	#items: Items | undefined;

	/** @param member the name of the list: `messages` */
	constructor(text: string, edits: Edits, member: string) {
		super(text, edits);
		this.#member = member;
	}

	/** The items for a continuation. They are looked for once, for one may be rendered several times. */
	get items(): Items {
		this.#items ??= this.#findItems();
		return this.#items;
	}

	#findItems(): Items {
		const member = this.members.findLast(({ key }) => key === this.#member);
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
