import { MessagesGrammar } from '../../../src/dialects/anthropic-messages/grammar.ts';
import type { Grammar } from '../../../src/dialects/grammar.ts';
import { type ChatEvent, ChatGrammar } from '../../../src/dialects/openai-chat/grammar.ts';
import { type CompletionEvent, CompletionGrammar } from '../../../src/dialects/openai-completions/grammar.ts';
import { ResponseGrammar } from '../../../src/dialects/openai-responses/grammar.ts';
import { readWire } from '../../helpers/anthropic-shapes.ts';
import { readFrames } from '../../helpers/responses-shapes.ts';
import { completionPrompt } from './spoken.ts';

// biome-ignore lint/suspicious/noExplicitAny: what a caller hears is looked at as its client would, unchecked
type Json = Record<string, any>;

export type HeardEnd = 'stop' | 'length' | 'refused' | 'tool-calls';

/** What a client makes of an answer. */
export interface Heard {
	text: string;
	calls: { name: string; arguments: unknown }[];
	end: HeardEnd | undefined;
	usage: { input: number; output: number } | undefined;
	/** The targets that a usage is told of, where there are several. */
	usedBy: string[] | undefined;
	/** Of a stream: the error that it ends with. */
	error?: Json | undefined;
	/** Of a stream: its ids. */
	ids?: unknown[];
	/** Of a stream: what is wrong with it by the grammar of its dialect. */
	problems?: string[];
	/** Of a stream: it is whole by the grammar of its dialect. */
	isWhole?: boolean;
}

/** A dialect as callers speak it. */
export interface Caller {
	name: string;
	path: string;
	question: object;
	/** Members that offer a tool `age`. */
	tools: object;
	/** Members that a stream is asked for with. */
	streamed: object;
	hear(stream: string): Heard;
	read(document: Json): Heard;
	/** The type of an error by its status, where the dialect has its own. */
	errorType?: (status: number) => string;
	/** The status of an error that says that everyone is overloaded, where the dialect has its own. */
	overloadedStatus?: number;
}

const question = 'How old is it?';
const schema = { type: 'object', properties: { of: { type: 'string' } } };
const streamed = { stream: true };
const withUsage = { stream: true, stream_options: { include_usage: true } };

function judge<Event>(grammar: Grammar<Event>, events: readonly Event[]) {
	const problems = events.flatMap((event) => grammar.next(event) ?? []);
	return { problems, isWhole: grammar.isComplete };
}

/** The events of a stream that has nothing but data lines, and comments. */
function dataOf(stream: string): string[] {
	const blocks = stream.split('\n\n').filter((block) => block !== '' && !block.startsWith(':'));
	return blocks.map((block) => {
		if (!/^data: [^\n]*$/.test(block)) throw new Error(`not an event of one data line: ${block}`);
		return block.slice('data: '.length);
	});
}

function openaiEvents(stream: string): (ChatEvent & CompletionEvent)[] {
	return dataOf(stream).map((data) => {
		if (data === '[DONE]') return { is: 'done' };
		const value = JSON.parse(data) as Json;
		return value.error === undefined ? { is: 'chunk', value } : ({ is: 'error', value } as { is: 'error' });
	});
}

const openaiEnds: Record<string, HeardEnd> = {
	stop: 'stop',
	length: 'length',
	content_filter: 'refused',
	tool_calls: 'tool-calls',
};

function openaiUsage({ usage, failover }: Json): Pick<Heard, 'usage' | 'usedBy'> {
	return {
		usage: usage && { input: usage.prompt_tokens, output: usage.completion_tokens ?? 0 },
		usedBy: targets(failover),
	};
}

function targets(failover: Json | undefined): string[] | undefined {
	return failover?.usage?.map(({ target }: Json) => target);
}

/** What the events of a stream of one of OpenAI's older dialects have in common. */
function openaiHeard(stream: string, grammar: Grammar<ChatEvent & CompletionEvent>): Heard & { choices: Json[] } {
	const events = openaiEvents(stream);
	const values = events.flatMap((event): Json[] => (event.is === 'done' ? [] : [(event as { value: Json }).value]));
	const chunks = values.filter(({ error }) => error === undefined);
	const choices = chunks.flatMap((chunk) => chunk.choices as Json[]);
	const reasons = choices.flatMap(({ finish_reason: reason }) => reason ?? []);
	return {
		text: '',
		calls: [],
		end: openaiEnds[reasons[0]],
		...openaiUsage(chunks.find(({ usage }) => usage) ?? {}),
		error: values.find(({ error }) => error !== undefined)?.error,
		ids: [...new Set(chunks.map(({ id }) => id))],
		...judge(grammar, events),
		choices,
	};
}

function chatCalls(deltas: readonly Json[]): Heard['calls'] {
	const calls: { name: string; json: string }[] = [];
	for (const { index = calls.length, function: called } of deltas) {
		const call = calls[index] ?? { name: '', json: '' };
		calls[index] = { name: call.name + (called.name ?? ''), json: call.json + (called.arguments ?? '') };
	}
	return calls.map(({ name, json }) => ({ name, arguments: JSON.parse(json) }));
}

export const chatCaller: Caller = {
	name: 'chat',
	path: '/v1/chat/completions',
	question: { messages: [{ role: 'user', content: question }] },
	tools: { tools: [{ type: 'function', function: { name: 'age', parameters: schema } }] },
	streamed: withUsage,
	hear(stream) {
		const { choices, ...heard } = openaiHeard(stream, new ChatGrammar());
		const text = choices.map(({ delta }) => delta.content ?? '').join('');
		return { ...heard, text, calls: chatCalls(choices.flatMap(({ delta }) => delta.tool_calls ?? [])) };
	},
	read(document) {
		const [{ message, finish_reason: reason }] = document.choices;
		const calls = chatCalls(message.tool_calls ?? []);
		return { text: message.content ?? '', calls, end: openaiEnds[reason], ...openaiUsage(document) };
	},
};

export const completionsCaller: Caller = {
	name: 'completions',
	path: '/v1/completions',
	question: { prompt: completionPrompt },
	tools: {},
	streamed: withUsage,
	hear(stream) {
		const { choices, ...heard } = openaiHeard(stream, new CompletionGrammar());
		return { ...heard, text: choices.map(({ text }) => text).join('') };
	},
	read(document) {
		const [{ text, finish_reason: reason }] = document.choices;
		return { text, calls: [], end: openaiEnds[reason], ...openaiUsage(document) };
	},
};

export const embeddingsCaller: Caller = {
	...completionsCaller,
	name: 'embeddings',
	path: '/v1/embeddings',
	question: { input: question },
	read(document) {
		const text = Buffer.from(document.data[0].embedding).toString();
		return { text, calls: [], end: 'stop', ...openaiUsage(document) };
	},
};

const messagesEnds: Record<string, HeardEnd> = {
	end_turn: 'stop',
	max_tokens: 'length',
	refusal: 'refused',
	tool_use: 'tool-calls',
};

const messagesErrors: Record<number, string> = {
	404: 'not_found_error',
	413: 'request_too_large',
	429: 'rate_limit_error',
	503: 'overloaded_error',
	504: 'timeout_error',
	529: 'overloaded_error',
};

function messagesUsage({ usage, failover }: Json): Pick<Heard, 'usage' | 'usedBy'> {
	return { usage: usage && { input: usage.input_tokens, output: usage.output_tokens }, usedBy: targets(failover) };
}

function ofBlocks(blocks: readonly Json[]): Pick<Heard, 'text' | 'calls'> {
	return {
		text: blocks.map(({ text = '' }) => text).join(''),
		calls: blocks.flatMap(({ type, name, input }) => (type === 'tool_use' ? [{ name, arguments: input }] : [])),
	};
}

export const messagesCaller: Caller = {
	name: 'messages',
	path: '/v1/messages',
	question: { max_tokens: 500, messages: [{ role: 'user', content: question }] },
	tools: { tools: [{ name: 'age', input_schema: schema }] },
	streamed,
	hear(stream) {
		const events: Json[] = readWire(stream);
		const blocks: Json[] = [];
		for (const { type, index, content_block: block, delta } of events) {
			const open = blocks[index] ?? {};
			if (type === 'content_block_start') blocks[index] = { ...block };
			else if (delta?.text !== undefined) open.text += delta.text;
			else if (delta?.partial_json !== undefined) open.json = (open.json ?? '') + delta.partial_json;
			else if (type === 'content_block_stop' && open.json !== undefined) open.input = JSON.parse(open.json);
		}
		const begun = events.filter(({ type }) => type === 'message_start').map(({ message }) => message);
		const ended = events.findLast(({ type }) => type === 'message_delta');
		const usage = { ...begun[0]?.usage, ...ended?.usage };
		return {
			...ofBlocks(blocks),
			end: messagesEnds[ended?.delta.stop_reason],
			...messagesUsage({ ...ended, usage }),
			error: events.find(({ type }) => type === 'error')?.error,
			ids: begun.map(({ id }) => id),
			...judge(new MessagesGrammar(), events),
		};
	},
	read: (document) => ({
		...ofBlocks(document.content),
		end: messagesEnds[document.stop_reason],
		...messagesUsage(document),
	}),
	overloadedStatus: 529,
	errorType: (status) => messagesErrors[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error'),
};

function responseHeard({ output, status, incomplete_details: details, usage, failover }: Json): Heard {
	const calls = output.filter(({ type }: Json) => type === 'function_call');
	const parts = output.flatMap(({ content = [] }: Json) => content);
	const cut: HeardEnd = details?.reason === 'content_filter' ? 'refused' : 'length';
	const end = calls.length > 0 ? 'tool-calls' : 'stop';
	return {
		text: parts.map(({ text = '' }: Json) => text).join(''),
		calls: calls.map(({ name, arguments: json }: Json) => ({ name, arguments: JSON.parse(json) })),
		end: status === 'completed' ? end : cut,
		usage: usage && { input: usage.input_tokens, output: usage.output_tokens },
		usedBy: targets(failover),
	};
}

export const responsesCaller: Caller = {
	name: 'responses',
	path: '/v1/responses',
	question: { input: question },
	tools: { tools: [{ type: 'function', name: 'age', parameters: schema, strict: false }] },
	streamed,
	hear(stream) {
		const events: Json[] = readFrames(stream);
		const judged = judge(new ResponseGrammar(), events);
		const text = events.map(({ type, delta }) => (type === 'response.output_text.delta' ? delta : '')).join('');
		const items: Json[] = [];
		for (const { item, output_index: index } of events) if (item !== undefined) items[index] = item;
		const told = events.findLast(({ type }) => type === 'response.completed' || type === 'response.incomplete');
		const heard = responseHeard(told?.response ?? { output: items });
		if (told !== undefined && heard.text !== text) judged.problems.push('the response is not what its events said');
		return {
			...heard,
			end: told && heard.end,
			text,
			error: events.find(({ type }) => type === 'error'),
			ids: [...new Set(events.flatMap(({ response }) => response?.id ?? []))],
			...judged,
		};
	},
	read: responseHeard,
};
