import type { AnswerFormat, Conversation, Loss, Message, ReasoningWish } from '../../contract/conversation.ts';
import { Refusal } from '../../contract/refusal.ts';
import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { isClosed } from '../tool-schema.ts';
import { readContent, shownName } from './read-content.ts';
import { readToolChoice, readTools } from './read-tools.ts';

/** What a conversation has words for, and what is told otherwise. */
const known: ReadonlySet<string> = new Set([
	...['model', 'messages', 'system', 'max_tokens', 'stream', 'stop_sequences', 'temperature', 'top_p', 'top_k'],
	...['tools', 'tool_choice', 'thinking', 'output_config', 'output_format', 'metadata', 'mcp_servers'],
]);

/** Without these the answer would be made where, or of what, the caller does not want it. */
const needed: ReadonlySet<string> = new Set(['inference_geo']);

/**
 * A Messages request in no dialect's words.
 * @param body parsed, without the members that are Breakwater's, and with messages that have been checked
 * @throws Refusal when it contradicts itself
 */
export function readConversation(body: JsonObject): Conversation {
	const losses: Loss[] = [];
	const { tool_choice: choice, stop_sequences: stop } = body;
	const messages = [...readSystem(body.system, losses), ...readMessages(body.messages, losses)];
	const tools = readTools(body, losses);
	const conversation = {
		messages,
		tools,
		toolChoice: readToolChoice(choice),
		parallelCalls: isObject(choice) && choice.disable_parallel_tool_use === true ? false : undefined,
		maxTokens: numberOf(body.max_tokens),
		stop: Array.isArray(stop) ? stop.filter((word) => typeof word === 'string') : [],
		sampling: {
			temperature: numberOf(body.temperature),
			topP: numberOf(body.top_p),
			topK: numberOf(body.top_k),
		},
		format: readFormat(body),
		verbosity: undefined,
		reasoning: readReasoning(body),
		user: readUser(body.metadata, losses),
		choices: 1,
	};
	for (const [name, value] of Object.entries(body)) {
		if (known.has(name) || !isSomething(value)) continue;
		losses.push({ what: shownName(name), isNeeded: needed.has(name) });
	}
	return { ...conversation, losses };
}

/**
 * Claude Code tells Anthropic here, in a line of another sum each time, what a request is billed as. It is nothing for a model, and
 * as a beginning that is always new it would keep others from finding the rest of the prompt in their cache.
 */
const billing = /^x-anthropic-billing-header:[^\n]*\n?/;

function readSystem(system: unknown, losses: Loss[]): Message[] {
	const parts = readContent(system, losses).flatMap((part) => {
		if (part.is !== 'text' || !billing.test(part.text)) return [part];
		const text = part.text.replace(billing, '');
		return text === '' ? [] : [{ ...part, text }];
	});
	return parts.length === 0 ? [] : [{ role: 'system', parts }];
}

function readMessages(messages: unknown, losses: Loss[]): Message[] {
	const called = new Set<string>();
	return (Array.isArray(messages) ? messages : []).filter(isObject).map(({ role, content }, at): Message => {
		const parts = readContent(content, losses);
		for (const part of parts) {
			if (part.is === 'tool-call') called.add(part.id);
			if (part.is === 'tool-result' && !called.has(part.id)) {
				const message = `'messages[${at}]' has a 'tool_result' whose 'tool_use_id' is that of no 'tool_use' before it.`;
				throw new Refusal('invalid_request', message, `messages[${at}]`);
			}
		}
		return { role: role === 'assistant' || role === 'system' ? role : 'user', parts };
	});
}

/** `output_format` is the older name. */
function readFormat({ output_config: config, output_format: older }: JsonObject): AnswerFormat | undefined {
	const format = isObject(config) && isSomething(config.format) ? config.format : older;
	if (!isObject(format) || format.type !== 'json_schema') return undefined;
	return {
		is: 'schema',
		name: undefined,
		description: undefined,
		schema: format.schema,
		strict: isClosed(format.schema),
	};
}

function readReasoning({ thinking, output_config: config }: JsonObject): ReasoningWish | undefined {
	const { type, budget_tokens: budget, display } = isObject(thinking) ? thinking : {};
	if (type === 'disabled') return { effort: 'none', budget: undefined, isShown: false };
	const effort = isObject(config) ? effortOf(config.effort) : undefined;
	const thinks = type === 'enabled' || type === 'adaptive';
	if (!thinks && effort === undefined) return undefined;
	return { effort, budget: numberOf(budget), isShown: thinks && display !== 'omitted' };
}

function effortOf(effort: unknown): string | undefined {
	if (typeof effort !== 'string') return undefined;
	return effort === 'max' ? 'xhigh' : effort;
}

function readUser(metadata: unknown, losses: Loss[]): string | undefined {
	if (!isObject(metadata)) return undefined;
	const { user_id: user, ...others } = metadata;
	if (Object.keys(others).length > 0) losses.push({ what: 'metadata', isNeeded: false });
	return typeof user === 'string' ? user : undefined;
}

function numberOf(value: unknown): number | undefined {
	return typeof value === 'number' ? value : undefined;
}
