import {
	CLOSE_BRACE,
	CLOSE_BRACKET,
	COLON,
	COMMA,
	closingQuote,
	OPEN_BRACE,
	OPEN_BRACKET,
	QUOTE,
} from './json-signs.ts';

/** Where one member of a JSON object's text stands: from its key's quote to the end of its value. */
export interface Member {
	key: string;
	start: number;
	valueStart: number;
	end: number;
	/** Where the last item of a list begins; absent where the value is no list, or an empty one. */
	lastItem?: number;
}

/**
 * The members of the outermost object, in order, duplicates included.
 * @param json the text of one object; it must have been parsed before, for it is not checked here
 */
export function topLevelMembers(json: string): Member[] {
	const members: Member[] = [];
	let index = skipSpace(json, json.indexOf('{') + 1);
	while (json.charCodeAt(index) === QUOTE) {
		const start = index;
		const keyEnd = endOfString(json, index);
		const key: string = JSON.parse(json.slice(start, keyEnd));
		const colon = skipSpace(json, keyEnd);
		if (json.charCodeAt(colon) !== COLON) break;
		const valueStart = skipSpace(json, colon + 1);
		const member: Member = { key, start, valueStart, end: valueStart };
		markEnd(json, member);
		members.push(member);
		index = skipSpace(json, member.end);
		if (json.charCodeAt(index) !== COMMA) break;
		index = skipSpace(json, index + 1);
	}
	return members;
}

export type Edits = Readonly<Record<string, string | undefined>>;

/**
 * The text of an object with some of its members set (to a JSON text) or removed (undefined). Everything else stays
 * byte for byte: numbers that a parse would round, the order of keys, white space.
 * @param json the text of one object, parsed before
 */
export function withMembers(json: string, edits: Edits): string {
	return edited(json, topLevelMembers(json), edits);
}

/**
 * The text of one JSON object, whose members are looked for once, however often it is rendered.
 */
export class JsonText {
	readonly text: string;
	readonly #edits: Edits;
	#members: readonly Member[] | undefined;

	/**
	 * @param text parsed before
	 * @param edits made in each rendering
	 */
	constructor(text: string, edits: Edits = {}) {
		this.text = text;
		this.#edits = edits;
	}

	/** The members as they stand in the text, in order, duplicates included. */
	get members(): readonly Member[] {
		this.#members ??= topLevelMembers(this.text);
		return this.#members;
	}

	/** The text with these edits, and those that are always made. */
	render(edits: Edits = {}): string {
		return edited(this.text, this.members, { ...this.#edits, ...edits });
	}

	/** Whether the caller gave a member, in what is rendered; one that is null is as good as none. */
	has(name: string): boolean {
		if (Object.hasOwn(this.#edits, name)) return this.#edits[name] !== undefined;
		return this.members.some(({ key, valueStart, end }) => key === name && this.text.slice(valueStart, end) !== 'null');
	}
}

/**
 * The texts of the items of a list, in order.
 * @param json the text of one list, parsed before
 */
export function listItems(json: string): string[] {
	const items: string[] = [];
	let index = skipSpace(json, json.indexOf('[') + 1);
	while (index < json.length && json.charCodeAt(index) !== CLOSE_BRACKET) {
		const item: Member = { key: '', start: index, valueStart: index, end: index };
		markEnd(json, item);
		items.push(json.slice(index, item.end));
		index = skipSpace(json, item.end);
		if (json.charCodeAt(index) === COMMA) index = skipSpace(json, index + 1);
	}
	return items;
}

function edited(json: string, members: readonly Member[], edits: Edits): string {
	const written = new Set<string>();
	let text = json.slice(0, members[0]?.start ?? json.indexOf('{') + 1);
	members.forEach(({ key, start, valueStart, end }, index) => {
		const isEdited = Object.hasOwn(edits, key);
		const value = isEdited ? edits[key] : json.slice(valueStart, end);
		// A key that stands twice is written once: readers disagree on which of the two counts.
		if (value === undefined || (isEdited && written.has(key))) return;
		const previous = members[index - 1];
		if (written.size > 0) text += previous === undefined ? ',' : json.slice(previous.end, start);
		text += json.slice(start, valueStart) + value;
		written.add(key);
	});
	for (const [key, value] of Object.entries(edits)) {
		if (value === undefined || written.has(key)) continue;
		text += `${written.size > 0 ? ',' : ''}${JSON.stringify(key)}:${value}`;
		written.add(key);
	}
	return text + json.slice(members.at(-1)?.end ?? json.indexOf('{') + 1);
}

function skipSpace(json: string, from: number): number {
	let index = from;
	while (json.charCodeAt(index) <= 32) index++;
	return index;
}

function endOfString(json: string, quote: number): number {
	const end = closingQuote(json, quote);
	if (end === -1) throw new SyntaxError('a string of the JSON text does not end');
	return end + 1;
}

/** Finds where the value of a member ends and, in a list, where its last item begins. */
function markEnd(json: string, member: Member): void {
	const from = member.valueStart;
	const first = json.charCodeAt(from);
	if (first !== OPEN_BRACE && first !== OPEN_BRACKET) {
		member.end = first === QUOTE ? endOfString(json, from) : endOfScalar(json, from);
		return;
	}
	const isList = first === OPEN_BRACKET;
	let item = isList ? skipSpace(json, from + 1) : from;
	let depth = 0;
	let index = from;
	while (index < json.length) {
		const code = json.charCodeAt(index);
		if (code === QUOTE) {
			index = endOfString(json, index);
			continue;
		}
		if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
		if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
		index++;
		if (depth === 0) {
			member.end = index;
			if (isList && item < index - 1) member.lastItem = item;
			return;
		}
		if (code === COMMA && depth === 1 && isList) item = skipSpace(json, index);
	}
	throw new SyntaxError('a value of the JSON text does not end');
}

function endOfScalar(json: string, from: number): number {
	let index = from;
	while (index < json.length && !',}] \t\r\n'.includes(json.charAt(index))) index++;
	return index;
}
