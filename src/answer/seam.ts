/**
 * Where a continuation joins the text that the client already has.
 * - `pending`: what has come so far could still be a repetition; hold it back
 * - `joined`: `text` follows the sent text exactly; `dropped` characters of repetition came before it
 * - `ambiguous`: it could be a repetition or a continuation, and one reading would lose or repeat characters:
 *   "bana" + "na" is a banana, and a line of code may well stand there twice. Asked again from a little further back
 *   (`shown` shorter than `sent`), the model has to write a known text first, and there is only one reading
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
	/** How much of it the model was shown, characters; it is expected to go on from there. */
	shown: number;
	/** The model is known to go on exactly where it was left (`prefill: true`): what looks like a repetition is none. */
	trusted: boolean;
}

/** A beginning that the continuation shares with the whole text for this long is no coincidence, characters. */
const CERTAIN_RESTART = 24;

const pending: SeamState = { is: 'pending' };

/** Finds the seam while the continuation arrives. It is asked until it says something other than `pending`. */
export class SeamFinder {
	readonly #options: SeamOptions;
	#held = '';
	/** No occurrence of the held text in the sent text begins before this. */
	#from = 0;

	constructor(options: SeamOptions) {
		this.#options = options;
	}

	/** @param text what the model wrote next */
	feed(text: string): SeamState {
		this.#held += text;
		this.#from = this.#options.sent.indexOf(this.#held, this.#from);
		const mayRepeat = this.#from !== -1;
		return mayRepeat ? pending : this.#decide();
	}

	/** The model has finished: what is held is all there is. Never `pending`. */
	finish(): SeamState {
		return this.#decide();
	}

	#decide(): SeamState {
		const { sent, shown, trusted } = this.#options;
		const hidden = sent.slice(shown);
		// Nothing to add, or nothing to say? Only a model that first writes the known end again means the former.
		if (sent !== '' && this.#held === '' && (trusted || hidden === '')) return { is: 'ambiguous' };
		if (trusted) return this.#joinTrusted(hidden);
		const overlaps = overlapsOf(sent, this.#held);
		if (hidden !== '') return this.#joinBehind(overlaps.filter((overlap) => overlap >= hidden.length));
		if (overlaps.length > 0) return { is: 'ambiguous' };
		return startsOver(sent, this.#held) ? { is: 'diverged' } : this.#join(0);
	}

	/** The model goes on where it was left: with the white space that it was not shown, or right after it. */
	#joinTrusted(hidden: string): SeamState {
		const { sent } = this.#options;
		// What a model is said to do is one thing: with the whole text again at its beginning, it may as well have started over.
		if (sent !== '' && this.#held.startsWith(sent)) return { is: 'ambiguous' };
		if (startsOver(sent, this.#held)) return { is: 'diverged' };
		if (this.#held.startsWith(hidden)) return this.#join(hidden.length);
		return /^\s/.test(this.#held) ? { is: 'ambiguous' } : this.#join(0);
	}

	/** The model had not seen the end of the text, so it has to write that end again before it can go on. */
	#joinBehind(overlaps: readonly number[]): SeamState {
		const [overlap, another] = overlaps;
		if (overlap === undefined) return { is: 'diverged' };
		return another === undefined ? this.#join(overlap) : { is: 'ambiguous' };
	}

	#join(dropped: number): SeamState {
		return { is: 'joined', text: this.#held.slice(dropped), dropped };
	}
}

/**
 * Every length, the longest first, at which a beginning of `next` is also an end of `sent`.
 * In time proportional to both (the failure function of Knuth, Morris and Pratt).
 */
export function overlapsOf(sent: string, next: string): number[] {
	const end = sent.slice(Math.max(0, sent.length - next.length));
	const borders = bordersOf(next);
	let matched = 0;
	for (const unit of units(end)) {
		while (matched > 0 && (matched === next.length || next.charCodeAt(matched) !== unit))
			matched = borders[matched - 1] ?? 0;
		if (next.charCodeAt(matched) === unit) matched++;
	}
	const overlaps: number[] = [];
	for (let overlap = matched; overlap > 0; overlap = borders[overlap - 1] ?? 0) overlaps.push(overlap);
	return overlaps;
}

/** For each prefix of a text, the length of the longest shorter prefix that it also ends with. */
function bordersOf(text: string): number[] {
	const borders: number[] = [0];
	let matched = 0;
	for (let index = 1; index < text.length; index++) {
		while (matched > 0 && text.charCodeAt(index) !== text.charCodeAt(matched)) matched = borders[matched - 1] ?? 0;
		if (text.charCodeAt(index) === text.charCodeAt(matched)) matched++;
		borders.push(matched);
	}
	return borders;
}

function* units(text: string): Generator<number> {
	for (let index = 0; index < text.length; index++) yield text.charCodeAt(index);
}

/** Does it begin like the whole text, and then leave it? */
function startsOver(sent: string, next: string): boolean {
	const length = Math.min(CERTAIN_RESTART, sent.length);
	return length >= CERTAIN_RESTART && next.startsWith(sent.slice(0, length));
}
