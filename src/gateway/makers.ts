/** More than this are not remembered: the one that was made or asked for longest ago is forgotten. */
const MOST_IDS = 50_000;

/**
 * Who made the ids and proofs that only one provider knows: stored responses, encrypted thoughts. They go to callers as they
 * came, and a caller that sends one back has to be led to its maker. It lives as long as the process.
 */
export class Makers {
	readonly #most: number;
	/** Credential by id, the oldest first. */
	readonly #makers = new Map<string, string>();
	/** Which provider did not take which proof. */
	readonly #refused = new Set<string>();

	constructor(most = MOST_IDS) {
		this.#most = most;
	}

	/** @param credential the id of its provider actor: `openai#1` */
	note(ids: readonly string[], credential: string): void {
		for (const id of ids) {
			this.#makers.delete(id);
			this.#makers.set(id, credential);
			if (this.#makers.size <= this.#most) continue;
			const [oldest] = this.#makers.keys();
			if (oldest !== undefined) this.#makers.delete(oldest);
		}
	}

	/** @returns the credential with which it was made; undefined where that was elsewhere, or too long ago */
	of(id: string): string | undefined {
		const maker = this.#makers.get(id);
		if (maker !== undefined) {
			this.#makers.delete(id);
			this.#makers.set(id, maker);
		}
		return maker;
	}

	/** A provider did not take back proofs that came with a request. */
	noteRefused(ids: readonly string[], provider: string): void {
		for (const id of ids) {
			this.#refused.add(`${provider} ${id}`);
			if (this.#refused.size <= this.#most) continue;
			const [oldest] = this.#refused;
			if (oldest !== undefined) this.#refused.delete(oldest);
		}
	}

	wasRefused(id: string, provider: string): boolean {
		return this.#refused.size > 0 && this.#refused.has(`${provider} ${id}`);
	}
}
