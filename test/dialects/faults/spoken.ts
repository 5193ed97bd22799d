import { messageEvents, messageOf as wholeMessage, wireOf } from '../../helpers/anthropic-shapes.ts';
import {
	callOf,
	messageOf,
	responseEvents,
	responseFrame,
	responseOf,
	thoughtOf,
} from '../../helpers/responses-shapes.ts';
import { chunkOf, completionOf } from '../../helpers/upstream.ts';

type Json = Record<string, unknown>;

export type End = 'stop' | 'length' | 'refused';

/** What a provider says, in no dialect. */
export interface Said {
	/** Before the text; not of completions. */
	thought?: string;
	/** `''`: nothing. */
	text: string;
	call?: { id: string; name: string; json: string };
	/** Default: `stop`, or a call of a tool where there is one. */
	end?: End;
}

/** The events of a streamed answer. */
export interface Pieces {
	/** Before any content. */
	begin: readonly Json[];
	/** From the first content to the last; a text comes word by word. */
	content: readonly Json[];
	/** What closes the content, the finish and the usage. */
	finish: readonly Json[];
	/** The end mark as it is sent; `''` where the finish is one. */
	mark: string;
}

/** A kind of error that providers have words for, with the message. */
export type ErrorName =
	| 'limited'
	| 'broken'
	| 'overloaded'
	| 'key'
	| 'quota'
	| 'model'
	| 'wrong'
	| 'window'
	| 'large'
	| 'policy';

/** A dialect as providers speak it. */
export interface Spoken {
	name: string;
	/** Of a provider, in the configuration. */
	settings: Json;
	/** A stream is more than a document: what can break in the middle can be carried on. */
	streams: boolean;
	/** It has nothing but text: no thoughts, and no calls of tools. */
	isPlain: boolean;
	pieces(said: Said): Pieces;
	wire(events: readonly Json[]): string;
	/** An event that nobody knows. */
	unknownEvent: Json;
	errorEvent(name: ErrorName): Json;
	/** The event of an answer that ends in a failure. */
	failedEnd: Json;
	/** The same of an answer that is not streamed. */
	failedDocument: Json;
	document(said: Said): Json;
	/** What a stream that breaks has reported of its usage by then. */
	usedByHalf: { input: number; output: number };
	/** Status and body. */
	error(name: ErrorName): [number, Json];
	/** What a model writes that knows its whole answer, as it is asked. */
	restOf(asked: unknown, whole: string): string;
}

/** What every attempt that reports its usage has used. */
export const used = { input: 5, output: 7 };

const nothing = { input: 0, output: 0 };

/** The words with the white space that follows them. */
const words = (text: string) => text.match(/\s*\S+\s*/g) ?? [];
const halves = (text: string) => [text.slice(0, 5), text.slice(5)];

function split(events: readonly Json[], isContent: (event: Json) => boolean, mark = ''): Pieces {
	const first = events.findIndex(isContent);
	const last = events.findLastIndex(isContent);
	const from = first < 0 ? events.length - 1 : first;
	return {
		begin: events.slice(0, from),
		content: events.slice(from, last + 1),
		finish: events.slice(Math.max(from, last + 1)),
		mark,
	};
}

const data = (value: Json) => `data: ${JSON.stringify(value)}\n\n`;
const doneMark = 'data: [DONE]\n\n';

const openaiErrors: Readonly<Record<ErrorName, [number, string, string, string]>> = {
	limited: [429, 'requests', 'rate_limit_exceeded', 'Rate limit reached for requests'],
	broken: [500, 'server_error', 'server_error', 'The server had an error while processing your request'],
	overloaded: [503, 'server_error', 'server_is_overloaded', 'The engine is currently overloaded'],
	key: [401, 'invalid_request_error', 'invalid_api_key', 'Incorrect API key provided'],
	quota: [429, 'insufficient_quota', 'insufficient_quota', 'You exceeded your current quota'],
	model: [404, 'invalid_request_error', 'model_not_found', 'The model does not exist'],
	wrong: [400, 'invalid_request_error', 'invalid_value', 'The temperature is too high'],
	window: [
		400,
		'invalid_request_error',
		'context_length_exceeded',
		"This model's maximum context length is 8192 tokens",
	],
	large: [413, 'tokens', 'rate_limit_exceeded', 'Request too large for model on tokens per minute (TPM): Limit 8000'],
	policy: [400, 'invalid_request_error', 'content_policy_violation', 'Your request was rejected by our safety system'],
};

function openaiError(name: ErrorName): [number, Json] {
	const [status, type, code, message] = openaiErrors[name];
	return [status, { error: { message, type, param: null, code } }];
}

const anthropicErrors: Readonly<Record<ErrorName, [number, string, string]>> = {
	limited: [429, 'rate_limit_error', 'This request would exceed the rate limit'],
	broken: [500, 'api_error', 'Internal server error'],
	overloaded: [529, 'overloaded_error', 'Overloaded'],
	key: [401, 'authentication_error', 'invalid x-api-key'],
	quota: [400, 'invalid_request_error', 'Your credit balance is too low to access the Anthropic API'],
	model: [404, 'not_found_error', 'model: nobody'],
	wrong: [400, 'invalid_request_error', 'The temperature is too high'],
	window: [400, 'invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'],
	large: [413, 'request_too_large', 'Request exceeds the maximum size'],
	policy: [400, 'invalid_request_error', 'Output blocked by content filtering policy'],
};

function anthropicError(name: ErrorName): [number, Json] {
	const [status, type, message] = anthropicErrors[name];
	return [status, { type: 'error', error: { type, message }, request_id: 'req_upstream' }];
}

/** An answer that says nothing has cost no token. */
const outputOf = ({ text, call }: Said) => (text === '' && call === undefined ? 0 : used.output);

function openaiUsage(said: Said): Json {
	const output = outputOf(said);
	return { prompt_tokens: used.input, completion_tokens: output, total_tokens: used.input + output };
}

const chatReasons = { stop: 'stop', length: 'length', refused: 'content_filter' };

function chatReason({ call, end }: Said): string {
	return end === undefined && call !== undefined ? 'tool_calls' : chatReasons[end ?? 'stop'];
}

const calledOf = ({ id, name, json }: { id: string; name: string; json: string }) => ({
	id,
	type: 'function',
	function: { name, arguments: json },
});

export const chat: Spoken = {
	name: 'chat',
	settings: { endpoints: ['chat'] },
	streams: true,
	usedByHalf: nothing,
	isPlain: false,
	pieces(said) {
		const [start = '', more = ''] = halves(said.call?.json ?? '');
		const calls =
			said.call === undefined
				? []
				: [
						{ index: 0, ...calledOf({ ...said.call, json: start }) },
						{ index: 0, function: { arguments: more } },
					];
		const events = [
			chunkOf({ role: 'assistant', content: '' }),
			...words(said.thought ?? '').map((word) => chunkOf({ reasoning_content: word })),
			...words(said.text).map((word) => chunkOf({ content: word })),
			...calls.map((call) => chunkOf({ tool_calls: [call] })),
			chunkOf({}, chatReason(said)),
			{ ...chunkOf({}), choices: [], usage: openaiUsage(said) },
		] as Json[];
		const isContent = (event: Json) => /content":"[^"]|tool_calls":/.test(JSON.stringify(event));
		return split(events, isContent, doneMark);
	},
	wire: (events) => events.map(data).join(''),
	unknownEvent: { novelty: { size: 1 } },
	errorEvent: (name) => openaiError(name)[1],
	failedEnd: chunkOf({}, 'error') as Json,
	failedDocument: completionOf('The harbour', {
		choices: [{ index: 0, message: { role: 'assistant', content: 'The harbour' }, finish_reason: 'error' }],
	}),
	document: (said) =>
		completionOf('', {
			choices: [
				{
					index: 0,
					message: {
						role: 'assistant',
						content: said.text === '' ? null : said.text,
						...(said.call === undefined ? {} : { tool_calls: [calledOf(said.call)] }),
					},
					finish_reason: chatReason(said),
				},
			],
			usage: openaiUsage(said),
		}),
	error: openaiError,
	restOf: (_, whole) => whole,
};

const stopReasons = { stop: 'end_turn', length: 'max_tokens', refused: 'refusal' };

function messageShape(said: Said) {
	const { thought, text, call, end } = said;
	return {
		...(thought === undefined ? {} : { thinking: thought }),
		text,
		usage: { input_tokens: used.input, output_tokens: outputOf(said) },
		...(call === undefined ? {} : { calls: [call] }),
		stopReason: end === undefined && call !== undefined ? 'tool_use' : stopReasons[end ?? 'stop'],
	};
}

export const anthropicMessages: Spoken = {
	name: 'messages',
	settings: { protocol: 'anthropic' },
	streams: true,
	usedByHalf: { input: used.input, output: 1 },
	isPlain: false,
	pieces(said) {
		const events = messageEvents(messageShape(said));
		const mark = wireOf(events.slice(-1));
		const rest = events.slice(0, -1);
		const isContent = ({ type }: Json) => type === 'content_block_delta';
		return split(rest, isContent, mark);
	},
	wire: wireOf,
	unknownEvent: { type: 'novelty', size: 1 },
	errorEvent: (name) => anthropicError(name)[1],
	failedEnd: { type: 'message_delta', delta: { stop_reason: 'error' }, usage: {} },
	failedDocument: wholeMessage({ text: 'The harbour', stopReason: 'error' }),
	document: (said) => wholeMessage(messageShape(said)),
	error: anthropicError,
	restOf: (_, whole) => whole,
};

function responseFor(said: Said): Json {
	const { thought, text, call, end = 'stop' } = said;
	const output = [
		...(thought === undefined ? [] : [thoughtOf(thought)]),
		...(text === '' ? [] : [messageOf(text)]),
		...(call === undefined ? [] : [callOf(call.name, JSON.parse(call.json), call.id)]),
	];
	const tokens = outputOf(said);
	const usage = { input_tokens: used.input, output_tokens: tokens, total_tokens: used.input + tokens };
	if (end === 'stop') return responseOf(output, { usage });
	const reason = end === 'length' ? 'max_output_tokens' : 'content_filter';
	return responseOf(output, { usage, status: 'incomplete', incomplete_details: { reason } });
}

const failedResponse = responseOf('The harbour', {
	status: 'failed',
	error: { code: 'server_error', message: 'Sorry.' },
});

export const responses: Spoken = {
	name: 'responses',
	settings: { endpoints: ['responses'] },
	streams: true,
	usedByHalf: nothing,
	isPlain: false,
	pieces: (said) => split(responseEvents(responseFor(said)), ({ type }) => String(type).endsWith('.delta')),
	wire: (events) => events.map((event, sequence_number) => responseFrame({ ...event, sequence_number })).join(''),
	unknownEvent: { type: 'response.novelty', size: 1 },
	errorEvent(name) {
		const [, , code, message] = openaiErrors[name];
		return { type: 'error', code, message, param: null };
	},
	failedEnd: { type: 'response.failed', response: failedResponse },
	failedDocument: failedResponse,
	document: responseFor,
	error: openaiError,
	restOf: (_, whole) => whole,
};

const completionHead = { id: 'cmpl-test', object: 'text_completion', created: 1_790_000_000, model: 'test-model' };

function completion(text: string, finish: string | null = null): Json {
	return { ...completionHead, choices: [{ text, index: 0, logprobs: null, finish_reason: finish }] };
}

/** What the callers of completions ask here. */
export const completionPrompt = 'A wall. ';

export const completions: Spoken = {
	name: 'completions',
	settings: { endpoints: ['completions'] },
	streams: true,
	usedByHalf: nothing,
	isPlain: true,
	pieces: (said) => ({
		begin: [],
		content: words(said.text).map((word) => completion(word)),
		finish: [
			completion('', chatReasons[said.end ?? 'stop']),
			{ ...completionHead, choices: [], usage: openaiUsage(said) },
		],
		mark: doneMark,
	}),
	wire: (events) => events.map(data).join(''),
	unknownEvent: { novelty: { size: 1 } },
	errorEvent: (name) => openaiError(name)[1],
	failedEnd: completion('', 'error'),
	failedDocument: completion('The harbour', 'error'),
	document: (said) => ({ ...completion(said.text, chatReasons[said.end ?? 'stop']), usage: openaiUsage(said) }),
	error: openaiError,
	// Such a model knows no conversation: it goes on where the prompt ends.
	restOf: (asked, whole) => whole.slice((asked as { prompt: string }).prompt.length - completionPrompt.length),
};

/** The text is its own vector. */
export const embeddings: Spoken = {
	...completions,
	name: 'embeddings',
	settings: { endpoints: ['embeddings'] },
	streams: false,
	failedDocument: { object: 'list', error: openaiErrors.broken[3] },
	document: ({ text }) => ({
		object: 'list',
		data: [{ object: 'embedding', index: 0, embedding: [...Buffer.from(text)] }],
		model: 'test-model',
		usage: { prompt_tokens: used.input, total_tokens: used.input },
	}),
	restOf: (_, whole) => whole,
};
