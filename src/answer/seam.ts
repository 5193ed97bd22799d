import { overlapsOf } from './overlaps.ts';
import { beginsCodeBlock, isCertain, provesPlace, readingsOf, runsTogether } from './seam-evidence.ts';

/**
 * Where a continuation joins the text that the client already has.
 * - `pending`: what has come so far could still be a repetition; hold it back
 * - `joined`: `text` follows the sent text exactly; `dropped` characters came before it
 * - `ambiguous`: it could join in more than one place, and one reading would lose or repeat characters: "bana" + "na" is a
 *   banana, a line of code may well stand there twice, and between "storms" and "out" a space may be missing. Asked again
 *   from a little further back (`shown` shorter than `sent`), the model has to write a known text first, and there is only
 *   one reading
 * - `diverged`: the model went back and then wrote something else; nothing of it can be used
 */
export type SeamState =
	| { is: 'pending' }
	| { is: 'joined'; text: string; dropped: number }
	| { is: 'ambiguous' }
	| { is: 'diverged' };

export interface SeamOptions {
	/** What the client has. */
	sent: string;
	/** How much of it the model was shown, characters; it is asked to begin with its last words again. */
	shown: number;
	/** The model is known to go on exactly where it was left (`prefill: true`): what looks like a repetition is none. */
	trusted: boolean;
}

/** A beginning that the continuation shares with the whole text for this long is no coincidence, characters. */
const CERTAIN_RESTART = 24;

const pending: SeamState = { is: 'pending' };
const ambiguous: SeamState = { is: 'ambiguous' };
const diverged: SeamState = { is: 'diverged' };

/** Finds the seam while the continuation arrives. It is asked until it says something other than `pending`. */
export class SeamFinder {
	readonly #options: SeamOptions;
	/** What the client has and the model has not been shown. */
	readonly #hidden: string;
	#held = '';
	#isDoubted = false;
	/** No occurrence of the held text in the sent text begins before this; -1 for none at all. */
	#from = 0;

	constructor(options: SeamOptions) {
		this.#options = options;
		this.#hidden = options.sent.slice(options.shown);
	}

	/** White space before the text was lost: only a model that begins with what it was not shown proves its place. */
	doubt(): void {
		this.#isDoubted = true;
	}

	/** @param text what the model wrote next */
	feed(text: string): SeamState {
		this.#held += text;
		return this.#mayRepeat() ? pending : this.#decide();
	}

	/**
	 * The model has written all of its text. Never `pending`.
	 * @param endsThere the sent text is known to be whole: the model goes on with something else
	 */
	finish(endsThere = false): SeamState {
		const { sent } = this.#options;
		if (endsThere && readingsOf(this.#held).some(({ text }) => sent.trimEnd().endsWith(text.trimEnd()))) {
			return { is: 'joined', text: '', dropped: this.#held.length };
		}
		return this.#decide();
	}

	#mayRepeat(): boolean {
		const { sent, trusted } = this.#options;
		// Whether a line ends behind the repeated words is known with the first sign behind them.
		const held = trusted ? this.#held : this.#held.trimEnd();
		if (this.#from !== -1) this.#from = sent.indexOf(held, this.#from);
		if (this.#from !== -1) return true;
		return !trusted && (beginsCodeBlock(held) || readingsOf(held).some(({ text }) => sent.includes(text)));
	}

	#decide(): SeamState {
		const { sent, trusted } = this.#options;
		if (sent === '') return this.#join(0);
		// Nothing to add, or nothing to say? Only a model that first writes the known end again means the former.
		if (this.#held === '') return trusted || this.#hidden === '' ? ambiguous : diverged;
		if (trusted) return this.#joinTrusted();
		if (this.#hidden !== '') return this.#joinBehind();
		return this.#joinOverlap();
	}

	/** The model goes on where it was left, with the white space that it was not shown. */
	#joinTrusted(): SeamState {
		const { sent } = this.#options;
		const held = this.#held;
		// What a model is said to do is one thing: with the whole text again at its beginning, it may as well have started over.
		if (held.startsWith(sent)) return ambiguous;
		if (startsOver(sent, held)) return diverged;
		if (!held.startsWith(this.#hidden)) return ambiguous;
		const isUnproven = this.#hidden === '' && (this.#isDoubted || runsTogether(sent, held));
		return isUnproven ? ambiguous : this.#join(this.#hidden.length);
	}

	/** The model had not seen the end of the text, so it has to write that end again before it can go on. */
	#joinBehind(): SeamState {
		// Some leave out the white space that they should begin with: that reading counts, too.
		const least = this.#hidden.trimStart().length || this.#hidden.length;
		const places = new Set<number>();
		for (const { text, lead } of readingsOf(this.#held)) {
			for (const overlap of overlapsOf(this.#options.sent, text)) {
				if (overlap >= least) places.add(lead + overlap);
			}
		}
		const [place] = places;
		if (place === undefined) return diverged;
		return places.size === 1 ? this.#join(place) : ambiguous;
	}

	/** The model was shown all of it, and asked to begin with its last words again. */
	#joinOverlap(): SeamState {
		const { sent } = this.#options;
		let place: number | undefined;
		for (const { text, lead } of readingsOf(this.#held)) {
			const overlaps = overlapsOf(sent, text);
			const [longest] = overlaps;
			if (longest === undefined || place === lead + longest) continue;
			if (place !== undefined) {
				if (isCertain(sent.slice(-longest))) return ambiguous;
				continue;
			}
			const overlap = provesPlace(sent, text, overlaps, lead > 0);
			if (overlap === undefined) return this.#orDiverged();
			place = lead + overlap;
		}
		return place === undefined ? this.#orDiverged() : this.#join(place);
	}

	#orDiverged(): SeamState {
		const { sent } = this.#options;
		return startsOver(sent, this.#held) && !sent.startsWith(this.#held) && overlapsOf(sent, this.#held).length === 0
			? diverged
			: ambiguous;
	}

	#join(dropped: number): SeamState {
		return { is: 'joined', text: this.#held.slice(dropped), dropped };
	}
}

/** Does it begin like the whole text, and then leave it? */
function startsOver(sent: string, next: string): boolean {
	const length = Math.min(CERTAIN_RESTART, sent.length);
	return length >= CERTAIN_RESTART && next.startsWith(sent.slice(0, length));
}
