/**
 * What an answer says, in no dialect's words. Provider dialects read it, `answer/` makes one seamless answer of it, client
 * dialects write it. `choice` counts the answers that were asked for at once, from 0; most dialects give only one.
 */
export type AnswerPart =
	| { readonly is: 'text'; readonly choice: number; readonly text: string }
	| { readonly is: 'reasoning'; readonly choice: number; readonly text: string }
	| ToolCallPart
	| OtherPart
	| FinishPart
	| UsagePart;

/** The answer has ended; whether it is whole is for the error rules to say. */
export interface FinishPart {
	readonly is: 'finish';
	readonly choice: number;
	/** In the words of the dialect that it came in. */
	readonly reason: string;
	/** A router's word for what the model's own provider said, where it differs. */
	readonly native?: string;
}

/** A piece of a call of a tool: the id and the name come once, the arguments grow. */
export interface ToolCallPart {
	readonly is: 'tool-call';
	readonly choice: number;
	/** Tells the calls of one answer apart, as the provider counts them. */
	readonly index: number;
	readonly id?: string;
	readonly name?: string;
	/** A piece of the JSON text of the arguments; of a custom tool, of the text that it takes. */
	readonly arguments: string;
	/** It is of a custom tool, which takes a text and no JSON. */
	readonly isCustom?: boolean;
}

/** Something that has no words here and that no other model could carry on: sound, pictures, a refusal, probabilities. */
export interface OtherPart {
	readonly is: 'other';
	readonly choice: number;
	/**
	 * - `instead`: it stands where the text would stand, which cannot be read
	 * - `beside`: content beside the text
	 * - `about`: it says something about the text, and is no content itself
	 */
	readonly stands: 'instead' | 'beside' | 'about';
	/** A piece of the words with which the model refuses to answer, which other dialects have words for. */
	readonly refusal?: string;
}

export interface UsagePart {
	readonly is: 'usage';
	/** As far as the attempt that reports it knows. */
	readonly usage: Usage;
	/** Of every attempt that wrote for the client, where there are several. */
	readonly all?: readonly AttemptUsage[];
}

/** More tokens than that in one answer are no count; taken in, they would drown every other. */
export const mostTokens = 1e9;

/** Tokens as the provider counted them. */
export interface Usage {
	/** All of the prompt, with what came from a cache. */
	readonly input: number;
	/** All of the answer, with its thoughts. */
	readonly output: number;
	/** Of the prompt, what came from a cache; absent where the provider does not say. */
	readonly cached?: number;
	/** Of the prompt, what was put into a cache. */
	readonly cacheWritten?: number;
	/** Of that, what is kept for an hour and not for minutes, which costs more. */
	readonly cacheWrittenHour?: number;
	/** Of the prompt, sound. */
	readonly audioInput?: number;
	/** Of the answer, the thoughts. */
	readonly reasoning?: number;
	/** Of the answer, sound. */
	readonly audioOutput?: number;
	/** The provider's own words for it, and the dialect that they are in. */
	readonly raw: unknown;
	readonly dialect: string;
}

/** What one attempt used; undefined where it broke before it said so. */
export interface AttemptUsage {
	/** `provider/model`. */
	readonly target: string;
	readonly usage: Usage | undefined;
}

/** What a provider sent, for a client that speaks the same dialect: it gets these bytes and not a translation of them. */
export interface RawEvent {
	/** The name of the dialect. */
	readonly dialect: string;
	/** The event's data, on one line where its dialect is a text. */
	readonly data: string;
	/** The data, parsed. */
	readonly value: unknown;
}

/** One event of a streamed answer. */
export interface AnswerEvent {
	readonly parts: readonly AnswerPart[];
	/** The model that wrote it. */
	readonly model: string;
	readonly raw: RawEvent;
	/**
	 * How it goes to the client.
	 * - absent: as it came
	 * - `trimmed`: of a continuation: `parts` is what is left of `raw`
	 * - `joined`: the text of `parts` alone, which was held back until its place in the answer was known
	 */
	readonly form?: 'trimmed' | 'joined';
}

/** Something of the answer itself: not only who speaks, nor what is told about it. */
export function isContent(part: AnswerPart): boolean {
	switch (part.is) {
		case 'text':
		case 'reasoning':
		case 'tool-call':
			return true;
		case 'other':
			return part.stands !== 'about';
		default:
			return false;
	}
}
