/** Where a conversation was answered. */
export interface Place {
	readonly target: string;
	/** The key that was used. */
	readonly credential: string;
}

interface Memory extends Place {
	/** ms since the epoch. */
	readonly until: number;
}

/** Conversations that are remembered; beyond them the one that was answered the longest ago is forgotten. */
export const mostConversations = 10_000;

/**
 * Where conversations were answered last, for as long as a provider may have their prompt cached. One that somebody else had to
 * answer for a while goes back to where it was, unless it has not been answered there for so long that nothing is left of it.
 */
export class Affinity {
	readonly #most: number;
	/** In the order in which they were answered last. */
	readonly #conversations = new Map<string, readonly Memory[]>();

	constructor(most: number = mostConversations) {
		this.#most = most;
	}

	get size(): number {
		return this.#conversations.size;
	}

	/**
	 * @param conversation a hash: its words are kept nowhere
	 * @param now ms since the epoch
	 * @returns the best first; two at most: its own, and the one that stood in
	 */
	placesOf(conversation: string, now: number): readonly Place[] {
		const places = this.#conversations.get(conversation) ?? nowhere;
		return places.filter(({ until }) => until > now);
	}

	/** @param forMs how long it is to be remembered */
	noteAnswer(conversation: string, { target, credential }: Place, forMs: number, now: number): void {
		const answered = { target, credential, until: now + forMs };
		const isHere = (place: Place) => place.target === target && place.credential === credential;
		const [own] = (this.#conversations.get(conversation) ?? nowhere).filter(({ until }) => until > now);
		this.#conversations.delete(conversation);
		this.#conversations.set(conversation, own === undefined || isHere(own) ? [answered] : [own, answered]);
		if (this.#conversations.size <= this.#most) return;
		const [oldest] = this.#conversations.keys();
		if (oldest !== undefined) this.#conversations.delete(oldest);
	}
}

const nowhere: readonly Memory[] = [];
