import type { Conversation, Loss } from '../../contract/conversation.ts';
import { clip } from '../../values/clip.ts';
import { isSomething, type JsonObject } from '../../values/json.ts';
import { readSampling } from '../openai-chat/read-conversation.ts';
import { numberIn, textIn, textsIn } from '../read-members.ts';
import type { Prompt } from './completion-body.ts';

/** Members that a conversation has words for, or that say how the answer is to come. */
const told = new Set([
	...['model', 'prompt', 'stream', 'stream_options', 'max_tokens', 'stop', 'temperature', 'top_p', 'top_k', 'seed'],
	...['frequency_penalty', 'presence_penalty', 'user', 'n'],
]);

/** What only a model that completes a text can be told. */
const needed = new Set(['suffix', 'echo', 'logprobs', 'best_of', 'logit_bias']);

/** More unknown members than this are not told one by one. */
const MOST_NAMED = 20;

/** A completion as a conversation: the prompt is what the user says. */
export function readConversation(body: JsonObject, prompts: readonly Prompt[]): Conversation {
	const [first] = prompts;
	return {
		messages: [{ role: 'user', parts: typeof first === 'string' ? [{ is: 'text', text: first }] : [] }],
		tools: [],
		toolChoice: undefined,
		parallelCalls: undefined,
		maxTokens: numberIn(body, 'max_tokens'),
		stop: textsIn(body, 'stop'),
		sampling: readSampling(body),
		format: undefined,
		verbosity: undefined,
		reasoning: undefined,
		user: textIn(body, 'user'),
		choices: numberIn(body, 'n') ?? 1,
		losses: [...promptLosses(prompts), ...memberLosses(body)],
	};
}

function promptLosses(prompts: readonly Prompt[]): Loss[] {
	const isOfTokens = prompts.some((prompt) => typeof prompt !== 'string');
	return [
		...(isOfTokens ? [{ what: 'a prompt of tokens', isNeeded: true }] : []),
		...(prompts.length > 1 ? [{ what: 'several prompts', isNeeded: true }] : []),
	];
}

function memberLosses(body: JsonObject): Loss[] {
	const names = Object.keys(body).filter((name) => !told.has(name) && asksForSomething(name, body[name]));
	return names.slice(0, MOST_NAMED).map((name) => ({ what: clip(name), isNeeded: needed.has(name) }));
}

function asksForSomething(name: string, value: unknown): boolean {
	if (name === 'best_of') return typeof value === 'number' && value > 1;
	// No more probabilities than that of the token itself are some all the same.
	if (name === 'logprobs') return value === true || typeof value === 'number';
	return isSomething(value) && value !== false;
}
