import type { AnswerFormat, Conversation, Loss, ReasoningWish, Sampling } from '../../contract/conversation.ts';
import { clip } from '../../values/clip.ts';
import { asObject, isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { booleanIn, countIn, numberIn, objectIn, textIn, textsIn } from '../read-members.ts';
import { readMessages } from './read-messages.ts';
import { shownType } from './read-parts.ts';
import { readToolChoice, readTools } from './read-tools.ts';

/** Members that a conversation has words for, or that say how the answer is to come. */
const told = new Set([
	...['model', 'messages', 'stream', 'stream_options', 'tools', 'functions', 'tool_choice', 'function_call'],
	...['parallel_tool_calls', 'max_tokens', 'max_completion_tokens', 'stop', 'temperature', 'top_p', 'top_k', 'seed'],
	...['frequency_penalty', 'presence_penalty', 'response_format', 'verbosity', 'reasoning_effort', 'reasoning'],
	...['include_reasoning', 'thinking', 'user', 'safety_identifier', 'n'],
]);

/** What changes the meaning of the answer: without it, it is the answer to another question. */
const needed = new Set(['logprobs', 'top_logprobs', 'modalities', 'audio', 'logit_bias']);

/** More unknown members than this are not told one by one. */
const MOST_NAMED = 20;

/**
 * A chat request in no dialect's words.
 * @param body parsed, without the members that are Breakwater's
 * @throws Refusal when it contradicts itself, or a member that has to be translated is of the wrong kind
 */
export function readConversation(body: JsonObject): Conversation {
	const losses = membersWithoutWords(body);
	return {
		messages: readMessages(Array.isArray(body.messages) ? body.messages : [], losses),
		tools: readTools(body, losses),
		toolChoice: readToolChoice(body, losses),
		parallelCalls: booleanIn(body, 'parallel_tool_calls'),
		maxTokens: countIn(body, 'max_completion_tokens') ?? countIn(body, 'max_tokens'),
		stop: textsIn(body, 'stop'),
		sampling: readSampling(body),
		format: readFormat(body, losses),
		verbosity: textIn(body, 'verbosity'),
		reasoning: readReasoning(body),
		user: textIn(body, 'safety_identifier') ?? textIn(body, 'user'),
		choices: numberIn(body, 'n') ?? 1,
		losses,
	};
}

export function readSampling(body: JsonObject): Sampling {
	return {
		temperature: numberIn(body, 'temperature'),
		topP: numberIn(body, 'top_p'),
		topK: numberIn(body, 'top_k'),
		seed: numberIn(body, 'seed'),
		frequencyPenalty: numberIn(body, 'frequency_penalty'),
		presencePenalty: numberIn(body, 'presence_penalty'),
	};
}

function membersWithoutWords(body: JsonObject): Loss[] {
	const names = Object.keys(body).filter((name) => !told.has(name) && asksForSomething(name, body[name]));
	return names.slice(0, MOST_NAMED).map((name) => {
		const what = name === 'audio' || name === 'modalities' ? 'audio output' : clip(name);
		return { what, isNeeded: needed.has(name) };
	});
}

function asksForSomething(name: string, value: unknown): boolean {
	if (name === 'modalities') return Array.isArray(value) && value.some((one) => one !== 'text');
	return isSomething(value) && value !== false && value !== 0;
}

function readFormat(body: JsonObject, losses: Loss[]): AnswerFormat | undefined {
	const format = objectIn(body, 'response_format');
	if (format === undefined || format.type === undefined || format.type === 'text') return undefined;
	if (format.type === 'json_object') return { is: 'json' };
	if (format.type !== 'json_schema') {
		losses.push({ what: `the response format ${shownType(format.type)}`, isNeeded: true });
		return undefined;
	}
	const { name, description, schema, strict } = asObject(format.json_schema) ?? {};
	return {
		is: 'schema',
		name: typeof name === 'string' ? name : undefined,
		description: typeof description === 'string' ? description : undefined,
		schema: schema ?? {},
		strict: typeof strict === 'boolean' ? strict : undefined,
	};
}

/** OpenAI's `reasoning_effort`, OpenRouter's `reasoning`, and `thinking` as DeepSeek and others have it. */
function readReasoning(body: JsonObject): ReasoningWish | undefined {
	const effort = textIn(body, 'reasoning_effort');
	const { reasoning, thinking, include_reasoning: isIncluded } = body;
	const wish = isObject(reasoning) ? reasoning : undefined;
	const thought = isObject(thinking) ? thinking : undefined;
	if (effort === undefined && wish === undefined && thought === undefined) return undefined;
	const isOff = wish?.enabled === false || thought?.type === 'disabled';
	return {
		effort: effort ?? (isOff ? 'none' : wordOf(wish?.effort)),
		budget: countOf(wish?.max_tokens) ?? countOf(thought?.budget_tokens),
		isShown: isIncluded === true || (wish !== undefined && wish.exclude !== true && !isOff),
	};
}

function wordOf(value: unknown): string | undefined {
	return typeof value === 'string' && value !== '' ? value : undefined;
}

function countOf(value: unknown): number | undefined {
	return typeof value === 'number' && value > 0 ? value : undefined;
}
