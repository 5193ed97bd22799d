/**
 * Gives the ids of calls the form that Anthropic asks for. No two calls have the same, though some providers count anew with
 * each answer.
 */
export class ToolIds {
	readonly #given = new Map<string, string>();
	readonly #taken = new Set<string>();

	/** @param id of a call, from any provider */
	ofCall(id: string): string {
		const plain = id === '' ? 'call' : id.replace(/[^a-zA-Z0-9_-]/g, '_');
		let unique = plain;
		for (let count = 2; this.#taken.has(unique); count++) unique = `${plain}_${count}`;
		this.#given.set(id, unique);
		this.#taken.add(unique);
		return unique;
	}

	/** @param id of the call that a result is of: the last that had it */
	ofResult(id: string): string {
		return this.#given.get(id) ?? this.ofCall(id);
	}
}
