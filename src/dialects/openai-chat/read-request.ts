import type { ClientRequest, ReadOptions, RoutingWish } from '../../contract/dialect.ts';
import { Refusal } from '../../contract/refusal.ts';
import { estimateTokens } from '../../tokens/estimate-tokens.ts';
import { isObject, type JsonObject } from '../../values/json.ts';
import { withMembers } from '../../values/json-members.ts';
import { once } from '../../values/once.ts';
import { asksForUsage, readChoices, readStream } from '../asked-answer.ts';
import { refuseMessagesTools } from '../foreign-tools.ts';
import { holdsOnlyText } from '../only-text.ts';
import { openAiParts } from '../part-tokens.ts';
import { type FoundEdits, lastUserMessageOf, parseRequest, readWish, withoutOwnMembers } from '../read-routing.ts';
import { ChatBody, dialectName } from './chat-body.ts';
import { asksForPlainText } from './continuable-format.ts';
import { readConversation } from './read-conversation.ts';

/**
 * Reads the body of `POST /v1/chat/completions`.
 * @param text the body; parsed once, here
 * @throws Refusal when it is not one that any provider could answer
 */
export function readRequest(text: string, options?: ReadOptions): { request: ClientRequest; wish: RoutingWish } {
	const body = parseRequest(text);
	const edits = withoutOwnMembers(text, body, options);
	const messages = readMessages(body, edits);
	refuseMessagesTools(body.tools);
	const stream = readStream(body.stream);
	const wish = readWish(body, lastUserMessageOf(messages));
	const choices = readChoices(body.n);
	const asked = chatBody(text, edits);
	return {
		request: {
			dialect: dialectName,
			body: asked,
			stream,
			includeUsage: asksForUsage(body),
			choices,
			isOnlyText: once(() => holdsOnlyText(text)),
			isContinuable: choices === 1 && asksForPlainText(body),
			mayBeSilent: isToolResult(messages.at(-1)),
			tokens: estimateTokens(text, openAiParts),
			// Parsed once more: what was parsed here would be kept for as long as the answer takes.
			conversation: once(() => readConversation(JSON.parse(asked.render({})))),
		},
		wish,
	};
}

/** Our own members leave it. Messages that stand in for a prompt are written at once: a continuation looks for their places. */
function chatBody(text: string, edits: FoundEdits): ChatBody {
	return edits.messages === undefined ? new ChatBody(text, edits) : new ChatBody(withMembers(text, edits));
}

/** A `prompt` stands in for messages that are missing or empty. It is an older API's, which no chat provider takes. */
function readMessages({ messages, prompt, input }: JsonObject, edits: FoundEdits): readonly unknown[] {
	const text = Array.isArray(prompt) && prompt.length === 1 ? prompt[0] : prompt;
	const isText = typeof text === 'string';
	if (isText) edits.prompt = undefined;
	if (Array.isArray(messages) && messages.length > 0) return messages;
	const isMissing = messages === undefined || messages === null || Array.isArray(messages);
	if (!isMissing || !isText || text === '') {
		const elsewhere = input === undefined ? '' : ` A request with 'input' belongs to POST ${pathOfInput(input)}.`;
		const message = `'messages' must be a list with at least one message.${elsewhere}`;
		throw new Refusal('invalid_request', message, 'messages');
	}
	const asked = [{ role: 'user', content: text }];
	edits.messages = JSON.stringify(asked);
	return asked;
}

/** Several texts are embedded; one text, or a list of items, may be meant for either. */
function pathOfInput(input: unknown): string {
	const isOfTexts = Array.isArray(input) && input.every((one) => typeof one === 'string');
	return isOfTexts ? '/v1/embeddings' : '/v1/responses, or to /v1/embeddings';
}

/** `function` is the older role. */
function isToolResult(message: unknown): boolean {
	return isObject(message) && (message.role === 'tool' || message.role === 'function');
}
