import type { RefusedField } from '../contract/observer.ts';
import type { Classified } from '../upstream/classify/apply-error-rules.ts';

/** More than this are no longer told apart: names of fields come from callers. */
const mostFields = 1000;

/** Which fields of requests which targets do not take: what Breakwater must not add, and what callers should know of. */
export class RefusedFields {
	readonly #additions = new Map<string, readonly string[]>();
	readonly #counts = new Map<string, number>();
	readonly #onNew: (refused: RefusedField) => void;

	/** @param onNew called once for each target and field */
	constructor(onNew: (refused: RefusedField) => void) {
		this.#onNew = onNew;
	}

	/** What Breakwater must not add to a request to this target with this credential; undefined for nothing. */
	additions(credential: string, target: string): readonly string[] | undefined {
		// Nearly always: it must cost a healthy request nothing.
		return this.#additions.size === 0 ? undefined : this.#additions.get(`${credential} ${target}`);
	}

	/** A target took a request once a field that Breakwater had added was left out. */
	noteAddition(credential: string, target: string, field: string): void {
		const key = `${credential} ${target}`;
		this.#additions.set(key, [...new Set([...(this.#additions.get(key) ?? []), field])]);
		this.#note({ target, field, isOurs: true });
	}

	/** A target does not take a field of a caller. */
	noteOfCaller(target: string, field: string | undefined): void {
		this.#note({ target, field, isOurs: false });
	}

	#note(refused: RefusedField): void {
		const key = `${refused.target} ${refused.field ?? ''} ${refused.isOurs}`;
		const count = this.#counts.get(key);
		if (count === undefined && this.#counts.size >= mostFields) return;
		this.#counts.set(key, (count ?? 0) + 1);
		if (count === undefined) this.#onNew(refused);
	}
}

/**
 * May a target have refused a request for a member that Breakwater added to it? A refusal that names another member has
 * not; one that names none may have, unless it says what else was wrong.
 */
export function refusesAddition(added: readonly string[], { failure, field, message }: Classified): boolean {
	if (failure.category !== 'BAD_REQUEST') return false;
	if (field !== undefined) return field.split(/[.[]/).some((part) => added.includes(part) || part === 'include_usage');
	return failure.reason === 'unsupported' || (failure.reason === undefined && message === '');
}

/** The field that a provider does not take, where the request has one of that name: nothing else it says is ours to repeat. */
export function saidField({ field }: Classified, body: string): string | undefined {
	const name = field?.split(/\.|\[\]/).findLast((part) => part !== '');
	return name !== undefined && body.includes(`"${name}"`) ? field : undefined;
}
