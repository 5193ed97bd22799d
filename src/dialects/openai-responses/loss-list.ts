import type { Loss } from '../../contract/conversation.ts';

/** What of a request cannot be told, each once. */
export class LossList {
	readonly #losses = new Map<string, Loss>();

	get all(): readonly Loss[] {
		return [...this.#losses.values()];
	}

	/** @param what in the caller's words, without content of the request */
	add(what: string, isNeeded: boolean): void {
		const known = this.#losses.get(what);
		if (known === undefined || isNeeded) this.#losses.set(what, { what, isNeeded });
	}
}
