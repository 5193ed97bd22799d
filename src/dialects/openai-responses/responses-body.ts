import { asObject, type JsonObject } from '../../values/json.ts';
import type { Edits } from '../../values/json-members.ts';
import { ListBody } from '../list-body.ts';

export const dialectName = 'openai-responses';

/** The body of a request for a response: its text, and where the items of its input stand. */
export class ResponsesBody extends ListBody {
	#value: JsonObject | undefined;

	constructor(text: string, edits: Edits = {}) {
		super(text, edits, 'input');
	}

	/** The body, parsed. Between two of this dialect only a continuation asks for it. */
	get value(): JsonObject {
		this.#value ??= asObject(JSON.parse(this.text)) ?? {};
		return this.#value;
	}
}
