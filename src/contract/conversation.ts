/**
 * What a request asks, in no dialect's words. A request is read into it only where a target speaks another dialect than the
 * caller; between two of the same, the text itself goes through.
 */
export interface Conversation {
	/** In order; instructions stand among them, as `system`, wherever the caller put them. */
	readonly messages: readonly Message[];
	readonly tools: readonly Tool[];
	readonly toolChoice: ToolChoice | undefined;
	/** Whether the model may call several tools at once; undefined where the caller does not say. */
	readonly parallelCalls: boolean | undefined;
	/** Tokens that the answer may have, thoughts included. */
	readonly maxTokens: number | undefined;
	readonly stop: readonly string[];
	readonly sampling: Sampling;
	readonly format: AnswerFormat | undefined;
	/** How much text is wanted: `low`, `medium`, `high`. */
	readonly verbosity: string | undefined;
	readonly reasoning: ReasoningWish | undefined;
	/** A name for the end user, which no one can be known by. */
	readonly user: string | undefined;
	/** How many answers are asked for at once. */
	readonly choices: number;
	/** What of the request has no words here. */
	readonly losses: readonly Loss[];
}

/** A part of a request that a target cannot be told. */
export interface Loss {
	/** In the caller's words, for a header and an error: `images`, `logprobs`, `the tool type web_search`. No content of the request. */
	readonly what: string;
	/** Without it the answer would be one to another question; else it is a hint, and the request goes without it. */
	readonly isNeeded: boolean;
}

export interface Message {
	/** What tools returned stands in messages of the user, as `tool-result` parts. */
	readonly role: 'system' | 'user' | 'assistant';
	readonly parts: readonly MessagePart[];
}

export type MessagePart =
	| TextContent
	| ImageContent
	| FileContent
	| AudioContent
	| ToolCallContent
	| ToolResultContent
	| ReasoningContent
	| RefusalContent;

/** What every part may say beside its content. */
interface Marked {
	/** The caller wants what stands up to here to be cached. */
	readonly cached?: boolean;
}

export interface TextContent extends Marked {
	readonly is: 'text';
	readonly text: string;
}

/** A picture, by its address or as base64. */
export interface ImageContent extends Marked {
	readonly is: 'image';
	readonly source: Source;
	/** OpenAI's `low`, `high`, `auto`. */
	readonly detail?: string;
}

/** A document. */
export interface FileContent extends Marked {
	readonly is: 'file';
	readonly source: Source;
	readonly name?: string;
}

export type Source =
	| { readonly is: 'url'; readonly url: string }
	| { readonly is: 'data'; readonly mediaType: string; readonly base64: string }
	| { readonly is: 'text'; readonly text: string }
	/** Of a file that was given to one provider. */
	| { readonly is: 'id'; readonly id: string };

export interface AudioContent extends Marked {
	readonly is: 'audio';
	readonly format: string;
	readonly base64: string;
}

export interface ToolCallContent extends Marked {
	readonly is: 'tool-call';
	readonly id: string;
	readonly name: string;
	/** JSON text; of a custom tool, whatever it takes. */
	readonly arguments: string;
	readonly isCustom?: boolean;
}

export interface ToolResultContent extends Marked {
	readonly is: 'tool-result';
	/** The id of the call. */
	readonly id: string;
	readonly parts: readonly (TextContent | ImageContent | FileContent)[];
	readonly isError?: boolean;
}

/** What a model thought. Its proofs (signatures, encrypted thoughts) mean something to whoever made them alone, and are not here. */
export interface ReasoningContent extends Marked {
	readonly is: 'reasoning';
	/** `''` where it is readable by its maker alone. */
	readonly text: string;
}

export interface RefusalContent extends Marked {
	readonly is: 'refusal';
	readonly text: string;
}

export type Tool =
	| {
			readonly is: 'function';
			readonly name: string;
			readonly description: string | undefined;
			/** A JSON Schema; undefined for none. */
			readonly schema: unknown;
			readonly strict: boolean | undefined;
			readonly cached?: boolean;
	  }
	/** It takes a text and no JSON. */
	| {
			readonly is: 'custom';
			readonly name: string;
			readonly description: string | undefined;
			/** What the text looks like: a grammar, as the caller wrote it. */
			readonly format: unknown;
	  };

export type ToolChoice = { readonly is: 'auto' | 'none' | 'required' } | { readonly is: 'tool'; readonly name: string };

/** As the caller gave them; undefined where it did not. */
export interface Sampling {
	/** 0 to 2 in OpenAI's dialects, 0 to 1 in Anthropic's. */
	readonly temperature?: number | undefined;
	readonly topP?: number | undefined;
	readonly topK?: number | undefined;
	readonly seed?: number | undefined;
	readonly frequencyPenalty?: number | undefined;
	readonly presencePenalty?: number | undefined;
}

export type AnswerFormat =
	| { readonly is: 'json' }
	| {
			readonly is: 'schema';
			readonly name: string | undefined;
			readonly description: string | undefined;
			readonly schema: unknown;
			readonly strict: boolean | undefined;
	  };

export interface ReasoningWish {
	/** `none`, `minimal`, `low`, `medium`, `high`, `xhigh`; undefined: as much as the model likes. */
	readonly effort: string | undefined;
	/** Tokens that the thoughts may have. */
	readonly budget: number | undefined;
	/** Whether the thoughts, or a summary of them, are to be shown. */
	readonly isShown: boolean;
}
