import type { Borrowed, ClientRequest, ReadOptions, RoutingWish } from '../../contract/dialect.ts';
import { Refusal } from '../../contract/refusal.ts';
import { estimateTokens } from '../../tokens/estimate-tokens.ts';
import { clip } from '../../values/clip.ts';
import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { once } from '../../values/once.ts';
import { readStream } from '../asked-answer.ts';
import { refuseChatTools } from '../foreign-tools.ts';
import { holdsOnlyText } from '../only-text.ts';
import { anthropicParts } from '../part-tokens.ts';
import { lastUserMessageOf, parseRequest, readWish, withoutOwnMembers } from '../read-routing.ts';
import { containerIn, filesIn } from './made.ts';
import { dialectName, limitsOf, MessagesBody } from './messages-body.ts';
import { readConversation } from './read-conversation.ts';
import { isToolResult, proofsIn } from './signed-thoughts.ts';

/** Where requests belong that are of another API of ours. */
const chatPath = 'POST /v1/chat/completions';
const responsesPath = 'POST /v1/responses';

type Read = { request: ClientRequest; wish: RoutingWish };

/**
 * Reads the body of `POST /v1/messages`.
 * @param text the body; parsed once, here
 * @throws Refusal when it is not one that any provider could answer
 */
export function readRequest(text: string, options?: ReadOptions): Read {
	const read = readBody(text, dialectName, options);
	readMaxTokens(read.body.max_tokens);
	return read;
}

/**
 * Reads what this API's requests have in common: those that are to be answered, and those whose tokens are to be counted.
 * @throws Refusal
 */
export function readBody(text: string, dialect: string, options?: ReadOptions): Read & { readonly body: JsonObject } {
	const body = parseRequest(text);
	const messages = readMessages(body);
	refuseChatTools(body.tools, "a tool has 'name', 'description' and 'input_schema'");
	const stream = readStream(body.stream);
	const wish = readWish(body, lastUserMessageOf(messages));
	const asked = new MessagesBody(text, limitsOf(body), withoutOwnMembers(text, body, options));
	const borrowed = borrowedIn(text, body, messages, asked.limits.turnProofs);
	return {
		body,
		request: {
			dialect,
			body: asked,
			stream,
			includeUsage: true,
			choices: 1,
			isOnlyText: once(() => holdsOnlyText(text)),
			isContinuable: asksForPlainText(body),
			mayBeSilent: isToolResult(messages.at(-1)),
			tokens: estimateTokens(text, anthropicParts),
			// Parsed once more: what was parsed here would be kept for as long as the answer takes.
			conversation: once(() => readConversation(JSON.parse(asked.render()))),
			...(borrowed === undefined ? {} : { borrowed }),
		},
		wish,
	};
}

/** Whether the answer is one plain text, which another model could carry on: not half a document of a schema. */
export function asksForPlainText({ output_config: config, output_format: format }: JsonObject): boolean {
	return !isSomething(format) && !(isObject(config) && isSomething(config.format));
}

function readMaxTokens(maxTokens: unknown): void {
	if (Number.isSafeInteger(maxTokens) && Number(maxTokens) >= 1) return;
	const message =
		maxTokens === undefined
			? `'max_tokens' is missing: this API needs it, as a positive whole number. (${chatPath} does without.)`
			: "'max_tokens' must be a positive whole number.";
	throw new Refusal('invalid_request', message, 'max_tokens');
}

function readMessages({ messages, input }: JsonObject): readonly unknown[] {
	if (messages === undefined && input !== undefined) {
		const message = `'messages' is missing; a request with 'input' belongs to ${responsesPath}.`;
		throw new Refusal('invalid_request', message, 'messages');
	}
	if (!Array.isArray(messages) || messages.length === 0) {
		throw new Refusal('invalid_request', "'messages' must be a list with at least one message.", 'messages');
	}
	messages.forEach(checkMessage);
	return messages;
}

const roles: readonly unknown[] = ['user', 'assistant', 'system'];
const rolesOfChat: readonly unknown[] = ['tool', 'function', 'developer'];

function checkMessage(message: unknown, at: number): void {
	const param = `messages[${at}]`;
	if (!isObject(message)) throw new Refusal('invalid_request', `'${param}' must be an object.`, param);
	const { role, content } = message;
	if (rolesOfChat.includes(role)) {
		const advice =
			role === 'developer'
				? "instructions stand in 'system'"
				: "what a tool returned stands in a message of the user, as a 'tool_result' block";
		const text = `'${param}.role' is '${String(role)}', which belongs to ${chatPath}; here ${advice}.`;
		throw new Refusal('invalid_request', text, `${param}.role`);
	}
	if (!roles.includes(role)) {
		const given = typeof role === 'string' ? `, not '${clip(role)}'` : '';
		throw new Refusal('invalid_request', `'${param}.role' must be 'user' or 'assistant'${given}.`, `${param}.role`);
	}
	if (typeof content === 'string' || (Array.isArray(content) && content.every(isObject))) return;
	const advice = Array.isArray(message.tool_calls)
		? `a message with 'tool_calls' belongs to ${chatPath}`
		: 'a text or a list of blocks';
	throw new Refusal('invalid_request', `'${param}.content' must be ${advice}.`, `${param}.content`);
}

/** Files and containers that one provider has, and thoughts that it signed. */
function borrowedIn(
	text: string,
	body: JsonObject,
	messages: readonly unknown[],
	turnProofs: readonly string[] | undefined,
): readonly Borrowed[] | undefined {
	const container = containerIn(body);
	const borrowed = [
		...(container === undefined ? [] : [{ id: container, what: 'container', isNeeded: true }]),
		...filesIn(text).map((id) => ({ id, what: 'file_id', isNeeded: true })),
		...proofsIn(messages).map((id) => ({
			id,
			what:
				turnProofs?.includes(id) === true
					? 'signed thinking, and with it the thinking of this turn'
					: 'signed thinking',
			isNeeded: false,
		})),
	];
	return borrowed.length === 0 ? undefined : borrowed;
}
