import { type Edits, JsonText } from '../../values/json-members.ts';

export const dialectName = 'openai-completions';

/** A text, or the numbers of its tokens. */
export type Prompt = string | readonly number[];

/** The body of a completion request: its text, and its prompt. */
export class CompletionBody extends JsonText {
	/** Undefined where it is no single text: several, or tokens. */
	readonly prompt: string | undefined;

	constructor(text: string, edits: Edits, prompt: string | undefined) {
		super(text, edits);
		this.prompt = prompt;
	}
}
