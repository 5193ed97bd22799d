const names = 'think|thinking|thought|thoughts|reasoning';
const opening = new RegExp(`^<(${names})>`, 'i');
const anyTag = new RegExp(`</?(?:${names})>`, 'i');
const openings = names.split('|').map((name) => `<${name}>`);

/** A thought in the text of an answer that has not ended. */
export interface OpenThought {
	/** Where it begins, characters. */
	readonly at: number;
	/** What ends it. */
	readonly end: string;
}

/** The thought that a text breaks off in, when it stands at the beginning of a line; undefined where there is none. */
export function openThought(text: string): OpenThought | undefined {
	const last = [...text.matchAll(new RegExp(`(?<=^|\\n)[^\\S\\n]*<(${names})>`, 'gi'))].at(-1);
	if (last === undefined) return undefined;
	const end = `</${last[1]}>`;
	return text.toLowerCase().includes(end.toLowerCase(), last.index) ? undefined : { at: last.index, end };
}

/** The first tag in a text that opens or ends a thought, in small letters; undefined where there is none. */
export function firstTag(text: string): string | undefined {
	return anyTag.exec(text)?.[0].toLowerCase();
}

/** Does a text begin with a thought of which only the end is marked? */
export function beginsUnmarked(text: string): boolean {
	return firstTag(text)?.startsWith('</') === true;
}

/** Leaves out the thought that the text of a continuation begins with. */
export class ThoughtFilter {
	#held = '';
	/** What ends the thought that is being left out, in small letters. */
	#end: string | undefined;
	#isPast = false;
	#hasTrimmed = false;

	/** @param end what ends the thought that the text begins with, where no tag opens it */
	constructor(end?: string) {
		this.#end = end;
	}

	/** White space behind a thought was left out with it: whether it was part of the answer, nobody can tell. */
	get hasTrimmed(): boolean {
		return this.#hasTrimmed;
	}

	/** @returns what of the text belongs to the answer, as far as that is known */
	take(text: string): string {
		if (this.#isPast) return text;
		this.#held += text;
		if (this.#end === undefined) {
			const begun = this.#held.trimStart().toLowerCase();
			const name = opening.exec(begun)?.[1];
			if (name === undefined) return openings.some((tag) => tag.startsWith(begun)) ? '' : this.finish();
			this.#end = `</${name}>`;
		}
		const at = this.#held.toLowerCase().indexOf(this.#end);
		if (at === -1) return '';
		const behind = this.#held.slice(at + this.#end.length);
		const rest = behind.trimStart();
		if (rest === '') return '';
		if (rest !== behind) this.#hasTrimmed = true;
		this.#held = rest;
		this.#end = undefined;
		// Some think twice.
		return this.take('');
	}

	/** There is no more. @returns what was kept back and is no thought */
	finish(): string {
		const rest = this.#end === undefined && !this.#isPast ? this.#held : '';
		this.#isPast = true;
		this.#held = '';
		return rest;
	}
}
