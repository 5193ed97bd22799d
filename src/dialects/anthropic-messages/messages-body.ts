import { isObject, type JsonObject } from '../../values/json.ts';
import type { Edits } from '../../values/json-members.ts';
import { ListBody } from '../list-body.ts';
import { turnProofsIn, withoutForeign } from './signed-thoughts.ts';
import { holdsUnsigned, withoutUnsigned } from './unsigned.ts';

const none: Edits = {};
const noProofs: readonly string[] = [];

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
	/** Proofs of the thoughts with which the turn began that a budget for more of them needs to have begun so; absent for none. */
	readonly turnProofs?: readonly string[];
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

	/** @returns without which members it is sent to one that is told no thoughts of others */
	editsWithout(foreign: ReadonlySet<string> | undefined): Edits {
		const { turnProofs } = this.limits;
		return turnProofs?.some((id) => foreign?.has(id)) === true ? { thinking: undefined } : none;
	}

	#without(foreign: ReadonlySet<string>): MessagesBody {
		return new MessagesBody(withoutForeign(this.text, foreign), this.limits, this.#edits);
	}
}

/** @param body of the request, parsed */
export function limitsOf({ max_tokens: maxTokens, thinking, messages }: JsonObject): MessagesLimits {
	const { type, budget_tokens: budget } = isObject(thinking) ? thinking : {};
	const turnProofs = type === 'enabled' && Array.isArray(messages) ? turnProofsIn(messages) : noProofs;
	return {
		...(turnProofs.length > 0 && { turnProofs }),
		maxTokens: typeof maxTokens === 'number' ? maxTokens : undefined,
		budget: type === 'enabled' && typeof budget === 'number' ? budget : undefined,
		thinks: type === 'enabled' || type === 'adaptive',
	};
}
