import type { SeamPlace } from '../../machines/events.ts';
import type { Way } from '../../machines/request/progress.ts';
import type { SeamState } from './seam.ts';
import { shownText } from './shown-text.ts';
import { ThinkingSeam } from './thinking-seam.ts';
import { beginsUnmarked, type OpenThought, openThought } from './thoughts.ts';

/** Why a continuation cannot be joined to what was sent. */
export type SeamProblem = 'ambiguous' | 'diverged';

export type Joined =
	| { readonly is: 'joined' /** What comes out first. */; readonly text: string }
	| { readonly is: 'refused'; readonly problem: SeamProblem };

export interface ContinuationStart {
	way: Way;
	/** The text that the model was shown as its own so far (`shownText`). */
	shown: string;
	/** The model is known to think before its first word. */
	reasons?: boolean;
}

/** What a model is to be shown of what has been sent. */
export function shownFor(sent: string, way: Way): string {
	return shownText(withoutThought(sent, openThought(sent)), way);
}

/** Where a continuation goes on from what has been sent. */
export class ContinuationSeam {
	/** Where it joined, once that is known. */
	place: SeamPlace | undefined;
	readonly #sentLength: number;
	/** What has been sent broke off in the middle of a thought, which the continuation ends. */
	readonly #openThought: OpenThought | undefined;
	/** Undefined once it has said where, or nowhere. */
	#seam: ThinkingSeam | undefined;

	/** @param sent the text that the client has */
	constructor(sent: string, { shown, way, reasons = false }: ContinuationStart) {
		this.#sentLength = sent.length;
		this.#openThought = openThought(sent);
		// The answer itself shows whether the models of this chain begin with thoughts that nothing opens.
		const mayThinkUnmarked = reasons || beginsUnmarked(sent);
		const told = withoutThought(sent, this.#openThought);
		this.#seam = new ThinkingSeam({ sent: told, shown: shown.length, trusted: way === 'prefill', mayThinkUnmarked });
	}

	/** It waits for more of the text. */
	get isPending(): boolean {
		return this.#seam !== undefined;
	}

	/** @param text what the model wrote next, while it is pending. @returns undefined where it is pending still */
	feed(text: string): Joined | undefined {
		if (this.#seam === undefined) throw new Error('a seam was fed that has its place');
		const state = this.#seam.feed(text);
		return state.is === 'pending' ? undefined : this.#join(state, false);
	}

	/**
	 * There is no more text to wait for: the seam is where it is, or nowhere.
	 * @param isCall a call of a tool follows
	 * @param isWhole the text before that is known to have been sent, all of it
	 * @returns undefined where it has been found before
	 */
	finish(isCall: boolean, isWhole: boolean): Joined | undefined {
		return this.#seam === undefined ? undefined : this.#join(this.#seam.finish(isWhole), isCall);
	}

	#join(state: SeamState, isCall: boolean): Joined {
		this.#seam = undefined;
		if (state.is === 'ambiguous' || state.is === 'diverged') return { is: 'refused', problem: state.is };
		if (state.is === 'pending') throw new Error('a seam was settled without a place');
		this.place = { sent: this.#sentLength, trimmed: state.dropped };
		if (this.#openThought === undefined) return { is: 'joined', text: state.text };
		// A thought that nothing follows has not been carried on.
		if (state.text === '' && !isCall) return { is: 'refused', problem: 'diverged' };
		return { is: 'joined', text: `\n${this.#openThought.end}\n\n${state.text}` };
	}
}

/** What of a text stands before the thought that it breaks off in: what comes after it is told anew. */
function withoutThought(text: string, thought: OpenThought | undefined): string {
	return thought === undefined ? text : text.slice(0, thought.at).trimEnd();
}
