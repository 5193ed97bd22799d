/** What a simulated provider is like when it is well, and how it fails. The names are those of the YAML. */
export interface Simulation {
	/** From the request to the first token, or to the whole answer when it is not streamed, ms. */
	firstToken: number;
	/** Between two tokens of a stream, ms. */
	tokenInterval: number;
	/** Length of the made-up answer, in tokens; a token is a word. */
	tokens: number;
	/** The answer, instead of a made-up one; `tokens` does not matter then. */
	reply?: string | undefined;
	/** How it goes on with the beginning of an answer. Default `exactly`. */
	continues?: Continuing | undefined;
	/** Steps in a loop; an empty script always answers. */
	script: readonly SimulationStep[];
}

/**
 * How a simulated model goes on with the beginning of an answer.
 * - `exactly`: to the letter; with its last words again, where an instruction asks for them
 * - `unasked`: to the letter, whatever it is asked for
 * - `trimmed`, `capital`, `paragraph`, `code-block`, `heading`: as `exactly`, without the white space before it, with a
 *   capital, a new paragraph, a code block or a heading first
 * - `thinking`: as `exactly`, with a thought in its text first
 */
export const continuings = [
	...(['exactly', 'unasked', 'trimmed', 'capital', 'paragraph', 'code-block', 'heading', 'thinking'] as const),
] as const;

export type Continuing = (typeof continuings)[number];

/**
 * What a simulated provider does to a chat request.
 * - `answer`: a right answer
 * - `status`: an HTTP error
 * - `hang`: takes the request and never says a word
 * - `reset`: resets the connection (RST)
 * - `empty`: a 200 without a body, or a stream without an event
 * - `silent`: a whole answer that ends with `stop` before its first token
 * - `garbage`: a 200 of HTML, or a stream of events that are not JSON
 * - `cut`: drops the connection after `afterTokens`; an answer that is not streamed, after half of its body
 * - `stall`: falls silent where `cut` would drop the connection
 * - `stale`: resets a connection that has carried a request before, as what has forgotten it does; answers on a new one
 * - `comments`: sends nothing but comment lines for `pause`, then answers; an answer that is not streamed comes that late
 * - `slow`: answers, with `pause` between two tokens
 * - `quiet`: falls silent for `pause` after `afterTokens`, then goes on; an answer that is not streamed comes that late
 * - `error-event`: an error inside a 200: in the stream after `afterTokens`, or as the whole body
 * - `finish`: ends the answer after `afterTokens` with the finish reason `reason`, as if that were its end
 * - `stray-error`: an error in a stream after `afterTokens`, on a line that is no event
 * - `message-chunks`: a right answer whose chunks have the text so far as a `message`, in place of a `delta`
 * - `mixed-calls`: two calls of tools that both stand at index 0, ids and names told again, arguments once as an object
 * - `block`: the web page with which a firewall or a CDN refuses, under a 403
 * - `no-model`: a 400 that says there is no such model, as if it were the caller's mistake
 * - `too-large`: a 429 that says the request is too large for a limit that no waiting changes
 * - `cannot-afford`: a 402 that says the account can pay for a smaller request only
 * - `reject-field`: a 422 for a request that has `field`, in its body or in one of its messages; else a right answer
 */
export const deeds = [
	...(['answer', 'status', 'hang', 'reset', 'empty', 'silent', 'garbage', 'cut', 'stall', 'error-event'] as const),
	...(['finish', 'stray-error', 'message-chunks', 'mixed-calls'] as const),
	...(['block', 'no-model', 'too-large', 'cannot-afford', 'reject-field'] as const),
	...(['stale', 'comments', 'slow', 'quiet'] as const),
] as const;

export type Deed = (typeof deeds)[number];

/** One step of a script. It ends after `for` or after `requests`, whichever is first; with neither it is the last. */
export interface SimulationStep {
	do: Deed;
	/** Ends this long after it began, ms. */
	for?: number | undefined;
	/** The one model that it concerns: requests for others are answered, and do not count. Default: all. */
	model?: string | undefined;
	/** Ends with this many chat requests. */
	requests?: number | undefined;
	/** For `status`, and for the words of `error-event`: 400 to 599. Default 503. */
	status?: number | undefined;
	/** `code` of the error object. Default: what OpenAI sends with the status. */
	code?: string | undefined;
	/** `type` of the error object. Default: what OpenAI sends with the status. */
	type?: string | undefined;
	/** `message` of the error object. Default: one that says it is simulated. */
	message?: string | undefined;
	/** For `status`: sent as `retry-after` in whole seconds and as `retry-after-ms`, ms. Default: no hint. */
	retryAfter?: number | undefined;
	/** For `finish`: the finish reason. Default `abort`. */
	reason?: string | undefined;
	/** For `cut`, `stall`, `quiet`, `error-event` and `stray-error` in a stream, and for `finish`: how many tokens still come. Default 0. */
	afterTokens?: number | undefined;
	/** For `reject-field`: the name of the field. */
	field?: string | undefined;
	/** For `comments`, `slow` and `quiet`, ms. Default: 30 s, for `slow` 1 s. */
	pause?: number | undefined;
}
