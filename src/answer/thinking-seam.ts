import { SeamFinder, type SeamOptions, type SeamState } from './seam.ts';
import { firstTag, ThoughtFilter } from './thoughts.ts';

export interface ThinkingSeamOptions extends SeamOptions {
	/** The model may begin with a thought of which only the end is marked: it is worth waiting for. */
	mayThinkUnmarked: boolean;
}

/** So long a thought without a beginning is waited for, characters: another way of asking waits with it. */
const UNMARKED_THOUGHT_LIMIT = 2000;
/** As much of the text as a tag that is not whole yet can take, characters. */
const TAG_LENGTH = 16;

const pending: SeamState = { is: 'pending' };

/**
 * Finds the seam of a continuation that may think first within its text. It is asked until it says something other than
 * `pending`.
 *
 * Some templates put the tag that opens a thought into the prompt, so that only the closing one is in the text. What stands
 * before that is left out where it proves no place of its own, and what follows has to prove its place: an answer that
 * speaks of such tags loses nothing. What has joined may be the rest of a thought that has been sent, and stays.
 */
export class ThinkingSeam {
	readonly #options: ThinkingSeamOptions;
	#seam: SeamFinder;
	#thoughts = new ThoughtFilter();
	/** The end of what has come without a place; undefined where no unmarked thought is looked for any more. */
	#unplaced: string | undefined = '';
	#unplacedLength = 0;
	/** Why that has no place. */
	#refusal: SeamState | undefined;

	constructor(options: ThinkingSeamOptions) {
		this.#options = options;
		this.#seam = new SeamFinder(options);
	}

	/** @param text what the model wrote next */
	feed(text: string): SeamState {
		if (this.#unplaced !== undefined) this.#unplaced += text;
		this.#unplacedLength += text.length;
		if (this.#refusal !== undefined) return this.#afterRefusal(this.#refusal);
		const state = this.#feedSeam(text);
		return state.is === 'ambiguous' || state.is === 'diverged' ? this.#afterRefusal(state) : state;
	}

	/**
	 * The model has written all of its text. Never `pending`.
	 * @param endsThere the sent text is known to be whole: the model goes on with something else
	 */
	finish(endsThere: boolean): SeamState {
		if (this.#refusal !== undefined) return this.#refusal;
		const rest = this.#thoughts.finish();
		const state = rest === '' ? pending : this.#seam.feed(rest);
		return state.is === 'pending' ? this.#seam.finish(endsThere) : state;
	}

	#feedSeam(text: string): SeamState {
		const kept = this.#thoughts.take(text);
		if (this.#thoughts.hasTrimmed) this.#seam.doubt();
		return kept === '' ? pending : this.#seam.feed(kept);
	}

	/** Goes on where a thought ends that nothing opened, and waits for that where it may come. */
	#afterRefusal(refusal: SeamState): SeamState {
		this.#refusal = refusal;
		const text = this.#unplaced;
		if (text === undefined) return refusal;
		const tag = firstTag(text);
		if (tag === undefined) {
			this.#unplaced = text.slice(-TAG_LENGTH);
			return this.#options.mayThinkUnmarked && this.#unplacedLength <= UNMARKED_THOUGHT_LIMIT ? pending : refusal;
		}
		this.#unplaced = undefined;
		if (!tag.startsWith('</')) return refusal;
		this.#refusal = undefined;
		this.#thoughts = new ThoughtFilter(tag);
		this.#seam = new SeamFinder(this.#options);
		this.#seam.doubt();
		return this.#feedSeam(text);
	}
}
