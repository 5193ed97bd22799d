import { isObject, parseObject } from '../values/json.ts';

/** What a simulated provider needs to know of a chat request. */
export interface SimulatedRequest {
	model: string;
	/** Names of its members, and of those of its messages. */
	names: ReadonlySet<string>;
	isStream: boolean;
	includeUsage: boolean;
	/** The most tokens that may be answered; Infinity when the request sets no limit. */
	maxTokens: number;
	/** Words in all messages. */
	promptTokens: number;
	/** Text of a last message of the assistant, which the answer is to continue; empty without one. */
	prefill: string;
	/** Text of a message of the assistant before a last one of the user, which may ask to continue it; empty without one. */
	before: string;
	/** The last message asks for the last words of the one before it again. */
	wantsLastWords: boolean;
}

/** Why a request is refused, as the fields of OpenAI's error object. */
export interface BadRequest {
	message: string;
	param: string | null;
}

/**
 * Reads the body of `POST /v1/chat/completions`. Fields that a simulation cannot honour are ignored.
 * @returns the request, or why it is malformed; a refusal repeats nothing of the body.
 */
export function readSimulatedRequest(text: string): SimulatedRequest | BadRequest {
	const body = parseObject(text);
	if (body === undefined) return { message: 'The body is not a JSON object.', param: null };
	const { model, messages, stream, stream_options: streamOptions } = body;
	if (typeof model !== 'string' || model === '') return { message: 'model must be a name.', param: 'model' };
	if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isObject)) {
		return { message: 'messages must be a list of at least one message.', param: 'messages' };
	}
	const limitName = isGiven(body.max_completion_tokens) ? 'max_completion_tokens' : 'max_tokens';
	const limit = body[limitName];
	if (isGiven(limit) && !isPositiveInteger(limit)) {
		return { message: `${limitName} must be a whole number of at least 1.`, param: limitName };
	}
	const [secondLast, last] = messages.length > 1 ? messages.slice(-2) : [undefined, messages[0]];
	return {
		model,
		names: new Set([body, ...messages].flatMap(Object.keys)),
		isStream: stream === true,
		includeUsage: isObject(streamOptions) && streamOptions.include_usage === true,
		maxTokens: isPositiveInteger(limit) ? limit : Number.POSITIVE_INFINITY,
		promptTokens: messages.reduce((sum, { content }) => sum + countWords(textOf(content)), 0),
		prefill: last?.role === 'assistant' ? textOf(last.content) : '',
		wantsLastWords: last?.role === 'user' && /last \w+ words again/i.test(textOf(last.content)),
		before: last?.role === 'user' && secondLast?.role === 'assistant' ? textOf(secondLast.content) : '',
	};
}

export function isBadRequest(parsed: SimulatedRequest | BadRequest): parsed is BadRequest {
	return 'message' in parsed;
}

/** A message's content is a text, or parts some of which are texts. */
function textOf(content: unknown): string {
	if (typeof content === 'string') return content;
	if (!Array.isArray(content)) return '';
	return content.map((part) => (isObject(part) && typeof part.text === 'string' ? part.text : '')).join('');
}

export function countWords(text: string): number {
	return text.match(/\S+/g)?.length ?? 0;
}

function isGiven(value: unknown): boolean {
	return value !== undefined && value !== null;
}

function isPositiveInteger(value: unknown): value is number {
	return Number.isSafeInteger(value) && Number(value) >= 1;
}
