import { isObject } from '../../values/json.ts';
import type { Edits } from '../../values/json-members.ts';
import { ListBody } from '../list-body.ts';
import { withoutForeign } from './signed-thoughts.ts';
import { holdsUnsigned, withoutUnsigned } from './unsigned.ts';

export const dialectName = 'anthropic-messages';

/** How the API calls the longest answer. */
export const limitNames = ['max_tokens'];

/** What a native rendering has to know of a request beside its text. */
export interface MessagesLimits {
	/** Tokens that the answer may have; undefined where the request does not say, as one that only counts tokens. */
	readonly maxTokens: number | undefined;
	/** Tokens of them that the thoughts may have; undefined where the request gives them no budget. */
	readonly budget: number | undefined;
	/** The model is asked to think first. */
	readonly thinks: boolean;
}

/** The body of a Messages request: its text, and where its messages stand. */
export class MessagesBody extends ListBody {
	readonly limits: MessagesLimits;
	readonly #edits: Edits;
	#native: MessagesBody | undefined;

	constructor(text: string, limits: MessagesLimits, edits: Edits = {}) {
		super(text, edits, 'messages');
		this.limits = limits;
		this.#edits = edits;
	}

	/** The same for a provider that checks signatures: without the thoughts that Breakwater signed. */
	get native(): MessagesBody {
		this.#native ??= holdsUnsigned(this.text)
			? new MessagesBody(withoutUnsigned(this.text), this.limits, this.#edits)
			: this;
		return this.#native;
	}

	/** The same for one that refuses thoughts that it did not sign. @param foreign the short names of the proofs of others */
	nativeWithout(foreign: ReadonlySet<string> | undefined): MessagesBody {
		const { native } = this;
		return foreign === undefined || foreign.size === 0 ? native : native.#without(foreign);
	}

	#without(foreign: ReadonlySet<string>): MessagesBody {
		return new MessagesBody(withoutForeign(this.text, foreign), this.limits, this.#edits);
	}
}

/** @param body of the request, parsed */
export function limitsOf({ max_tokens: maxTokens, thinking }: Readonly<Record<string, unknown>>): MessagesLimits {
	const { type, budget_tokens: budget } = isObject(thinking) ? thinking : {};
	return {
		maxTokens: typeof maxTokens === 'number' ? maxTokens : undefined,
		budget: type === 'enabled' && typeof budget === 'number' ? budget : undefined,
		thinks: type === 'enabled' || type === 'adaptive',
	};
}
