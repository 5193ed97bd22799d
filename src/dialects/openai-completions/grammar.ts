import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import type { Grammar } from '../grammar.ts';

/** One event of a streamed completion. */
export type CompletionEvent =
	| { readonly is: 'chunk'; readonly value: JsonObject }
	/** `[DONE]`: the answer is whole. */
	| { readonly is: 'done' }
	/** The answer broke, and stays broken. */
	| { readonly is: 'error' };

/** Of each choice text, then one finish and nothing behind it; `[DONE]`, or an error in its place. */
export class CompletionGrammar implements Grammar<CompletionEvent> {
	#end: 'done' | 'error' | undefined;
	readonly #begun = new Set<unknown>();
	readonly #finished = new Set<unknown>();

	get isComplete(): boolean {
		return this.#end === 'done';
	}

	/** How many choices are finished, and how many have begun and are not. */
	get counts(): { readonly finished: number; readonly open: number } {
		return { finished: this.#finished.size, open: this.#begun.size - this.#finished.size };
	}

	next(event: CompletionEvent): string | undefined {
		if (this.#end !== undefined) return `there is an event behind the end (${this.#end})`;
		if (event.is === 'chunk') return this.#nextChunk(event.value);
		if (event.is === 'done' && this.counts.open > 0) return 'the answer is not finished';
		this.#end = event.is;
		return undefined;
	}

	#nextChunk({ choices }: JsonObject): string | undefined {
		for (const choice of Array.isArray(choices) ? choices.filter(isObject) : []) {
			const { index = 0, text, finish_reason: reason } = choice;
			if (this.#finished.has(index) && (isSomething(text) || isFinish(reason))) {
				return 'the choice goes on behind its finish';
			}
			this.#begun.add(index);
			if (isFinish(reason)) this.#finished.add(index);
		}
		return undefined;
	}
}

function isFinish(reason: unknown): boolean {
	return typeof reason === 'string' && reason !== '' && reason !== 'null';
}
