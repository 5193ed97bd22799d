import type { AnswerFormat, Conversation, ReasoningWish } from '../../contract/conversation.ts';
import { clip } from '../../values/clip.ts';
import { asObject, isSomething, type JsonObject } from '../../values/json.ts';
import { readSampling } from '../openai-chat/read-conversation.ts';
import { shownType } from '../openai-chat/read-parts.ts';
import { booleanIn, countIn, objectIn, textIn } from '../read-members.ts';
import { asksForProbabilities } from './continuable-format.ts';
import { LossList } from './loss-list.ts';
import { readMessages } from './read-messages.ts';
import { readToolChoice, readTools } from './read-tools.ts';
import { ToolNames } from './tool-names.ts';

/** Members that are read here, that say nothing to another dialect, or that are Breakwater's own. */
const known: ReadonlySet<string> = new Set([
	...['model', 'input', 'instructions', 'stream', 'stream_options', 'tools', 'tool_choice', 'parallel_tool_calls'],
	...['max_output_tokens', 'temperature', 'top_p', 'top_k', 'seed', 'frequency_penalty', 'presence_penalty'],
	...['text', 'reasoning', 'user', 'safety_identifier', 'top_logprobs', 'background'],
	...['models', 'failover', 'meta'],
]);
/** Without them the answer would be one to another question: the conversation, or a part of it, stands at a provider. */
const needed: ReadonlySet<string> = new Set(['previous_response_id', 'conversation', 'prompt']);

/**
 * What a request for a response asks, in no dialect's words.
 * @param body parsed
 * @throws Refusal when it contradicts itself: what a tool returned stands there without its call
 */
export function readConversation(body: JsonObject): Conversation {
	const losses = new LossList();
	const names = new ToolNames(body.tools);
	const system = textIn(body, 'instructions') || undefined;
	const said = readMessages(body, names, losses);
	const { tools, toolChoice } = readToolChoice(body.tool_choice, readTools(names, losses), names, losses);
	noteOtherMembers(body, losses);
	return {
		messages: system === undefined ? said : [{ role: 'system', parts: [{ is: 'text', text: system }] }, ...said],
		tools,
		toolChoice,
		parallelCalls: booleanIn(body, 'parallel_tool_calls'),
		maxTokens: countIn(body, 'max_output_tokens'),
		stop: [],
		sampling: readSampling(body),
		format: formatIn(objectIn(body, 'text'), losses),
		verbosity: wordIn(body.text, 'verbosity'),
		reasoning: reasoningIn(objectIn(body, 'reasoning')),
		user: textIn(body, 'safety_identifier') ?? textIn(body, 'user'),
		choices: 1,
		losses: losses.all,
	};
}

function noteOtherMembers(body: JsonObject, losses: LossList): void {
	if (asksForProbabilities(body)) losses.add('logprobs', true);
	for (const [name, value] of Object.entries(body)) {
		// Nobody keeps an answer that was translated: whoever asks for that to be so loses nothing.
		if (known.has(name) || !isSomething(value) || (name === 'store' && value === false)) continue;
		losses.add(clip(name), needed.has(name));
	}
}

function formatIn(text: JsonObject | undefined, losses: LossList): AnswerFormat | undefined {
	const format = asObject(text?.format);
	if (format === undefined || format.type === 'text' || format.type === undefined) return undefined;
	if (format.type === 'json_object') return { is: 'json' };
	if (format.type !== 'json_schema') {
		losses.add(`the response format ${shownType(format.type)}`, true);
		return undefined;
	}
	const { schema = {}, strict } = format;
	return {
		is: 'schema',
		name: wordIn(format, 'name'),
		description: wordIn(format, 'description'),
		schema,
		strict: typeof strict === 'boolean' ? strict : undefined,
	};
}

function reasoningIn(reasoning: JsonObject | undefined): ReasoningWish | undefined {
	if (reasoning === undefined) return undefined;
	const { summary, generate_summary: older } = reasoning;
	return { effort: wordIn(reasoning, 'effort'), budget: undefined, isShown: isSomething(summary ?? older) };
}

function wordIn(object: unknown, name: string): string | undefined {
	const value = asObject(object)?.[name];
	return typeof value === 'string' && value !== '' ? value : undefined;
}
