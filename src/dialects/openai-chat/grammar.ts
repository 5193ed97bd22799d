import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import type { Grammar } from '../grammar.ts';

/** One event of a streamed chat completion. */
export type ChatEvent =
	| { readonly is: 'chunk'; readonly value: JsonObject }
	/** `[DONE]`: the answer is whole. */
	| { readonly is: 'done' }
	/** The answer broke, and stays broken. */
	| { readonly is: 'error' };

/**
 * Chunks under one id; of each choice first who speaks, then content, then one finish and no content behind it; the usage
 * behind all finishes; `[DONE]`, or an error in its place.
 */
export class ChatGrammar implements Grammar<ChatEvent> {
	#end: 'done' | 'error' | undefined;
	#id: unknown;
	#hasUsage = false;
	readonly #begun = new Set<unknown>();
	readonly #finished = new Set<unknown>();
	/** There are chunks of a provider before, which nobody looked at. */
	#hasForeign = false;

	get isComplete(): boolean {
		return this.#end === 'done';
	}

	/** A provider's own chunks go out as they came, and are not judged: only their id counts for what follows. */
	adopt(id: unknown): void {
		this.#hasForeign = true;
		if (isSomething(id)) this.#id ??= id;
	}

	next(event: ChatEvent): string | undefined {
		if (this.#end !== undefined) return `there is an event behind the end (${this.#end})`;
		if (event.is === 'chunk') return this.#nextChunk(event.value);
		if (event.is === 'done' && !this.#hasForeign && this.#finished.size < this.#begun.size) {
			return 'the answer is not finished';
		}
		this.#end = event.is;
		return undefined;
	}

	#nextChunk({ id, choices, usage }: JsonObject): string | undefined {
		if (this.#hasUsage) return 'there is a chunk behind the usage';
		if (this.#id !== undefined && id !== this.#id) return 'the chunk has another id';
		if (isSomething(id)) this.#id ??= id;
		const all = Array.isArray(choices) ? choices.filter(isObject) : [];
		for (const choice of all) {
			const wrong = this.#nextOf(choice);
			if (wrong !== undefined) return wrong;
		}
		if (all.length > 0 || !isSomething(usage)) return undefined;
		this.#hasUsage = true;
		return this.#finished.size < this.#begun.size ? 'the usage comes before the finish' : undefined;
	}

	#nextOf({ index, delta, finish_reason: reason }: JsonObject): string | undefined {
		const { role, ...said } = isObject(delta) ? delta : {};
		const isFirst = !this.#begun.has(index);
		this.#begun.add(index);
		if (isSomething(role) && (!isFirst || this.#hasForeign)) return 'the role comes twice';
		if (isFirst && !this.#hasForeign && !isSomething(role)) return 'nobody has said who speaks';
		const saysMore = Object.values(said).some(isSomething) || isSomething(reason);
		if (saysMore && this.#finished.has(index)) return 'the choice goes on behind its finish';
		if (isSomething(reason)) this.#finished.add(index);
		return undefined;
	}
}
