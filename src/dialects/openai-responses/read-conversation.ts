import type { AnswerFormat, Conversation, ReasoningWish } from '../../contract/conversation.ts';
import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { asksForProbabilities } from './continuable-format.ts';
import { LossList, plainWord } from './loss-list.ts';
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
	const { instructions } = body;
	const said = readMessages(body, names, losses);
	const system = typeof instructions === 'string' && instructions !== '' ? instructions : undefined;
	const { tools, toolChoice } = readToolChoice(body.tool_choice, readTools(names, losses), names, losses);
	noteOtherMembers(body, losses);
	return {
		messages: system === undefined ? said : [{ role: 'system', parts: [{ is: 'text', text: system }] }, ...said],
		tools,
		toolChoice,
		parallelCalls: typeof body.parallel_tool_calls === 'boolean' ? body.parallel_tool_calls : undefined,
		maxTokens: numberIn(body.max_output_tokens),
		stop: [],
		sampling: {
			temperature: numberIn(body.temperature),
			topP: numberIn(body.top_p),
			topK: numberIn(body.top_k),
			seed: numberIn(body.seed),
			frequencyPenalty: numberIn(body.frequency_penalty),
			presencePenalty: numberIn(body.presence_penalty),
		},
		format: formatIn(body.text, losses),
		verbosity: isObject(body.text) ? textIn(body.text.verbosity) : undefined,
		reasoning: reasoningIn(body.reasoning),
		user: textIn(body.user) ?? textIn(body.safety_identifier),
		choices: 1,
		losses: losses.all,
	};
}

function noteOtherMembers(body: JsonObject, losses: LossList): void {
	if (asksForProbabilities(body)) losses.add('logprobs', true);
	for (const [name, value] of Object.entries(body)) {
		// Nobody keeps an answer that was translated: whoever asks for that to be so loses nothing.
		if (known.has(name) || !isSomething(value) || (name === 'store' && value === false)) continue;
		losses.add(plainWord(name) ?? 'an unknown member', needed.has(name));
	}
}

function formatIn(text: unknown, losses: LossList): AnswerFormat | undefined {
	const format = isObject(text) ? text.format : undefined;
	if (!isObject(format) || format.type === 'text' || format.type === undefined) return undefined;
	if (format.type === 'json_object') return { is: 'json' };
	if (format.type === 'json_schema') {
		const { name, description, schema, strict } = format;
		return {
			is: 'schema',
			name: textIn(name),
			description: textIn(description),
			schema,
			strict: typeof strict === 'boolean' ? strict : undefined,
		};
	}
	losses.add(`the format ${plainWord(format.type) ?? 'of its text'}`, true);
	return undefined;
}

function reasoningIn(reasoning: unknown): ReasoningWish | undefined {
	if (!isObject(reasoning)) return undefined;
	const { effort, summary, generate_summary: older } = reasoning;
	return { effort: textIn(effort), budget: undefined, isShown: isSomething(summary ?? older) };
}

function numberIn(value: unknown): number | undefined {
	return typeof value === 'number' ? value : undefined;
}

function textIn(value: unknown): string | undefined {
	return typeof value === 'string' && value !== '' ? value : undefined;
}
