import type { ClientRequest, ReadOptions, RoutingWish } from '../../contract/dialect.ts';
import { Refusal } from '../../contract/refusal.ts';
import { isObject, type JsonObject } from '../../values/json.ts';
import { withMembers } from '../../values/json-members.ts';
import { once } from '../../values/once.ts';
import { readHints, withoutHints } from '../body-hints.ts';
import { refuseMessagesTools } from '../foreign-tools.ts';
import { holdsOnlyText } from '../only-text.ts';
import { parseBody } from '../parse-body.ts';
import {
	type FoundEdits,
	lastUserMessage,
	readModel,
	readModels,
	readProfile,
	readStream,
	tokensOf,
} from '../routing-members.ts';
import { ChatBody, dialectName } from './chat-body.ts';
import { asksForPlainText } from './continuable-format.ts';
import { readConversation } from './read-conversation.ts';

/** OpenAI's own bound. */
const MOST_CHOICES = 128;

/**
 * Reads the body of `POST /v1/chat/completions`.
 * @param text the body; parsed once, here
 * @throws Refusal when it is not one that any provider could answer
 */
export function readRequest(
	text: string,
	{ takesHints }: ReadOptions = { takesHints: false },
): { request: ClientRequest; wish: RoutingWish } {
	const body = parseBody(text);
	if (!isObject(body)) throw new Refusal('invalid_request', 'The body must be a JSON object.');
	const { stream_options: streamOptions } = body;
	const model = readModel(body.model);
	const edits: FoundEdits = {};
	const messages = readMessages(body, edits);
	refuseMessagesTools(body.tools);
	const stream = readStream(body.stream);
	const models = readModels(body.models, edits);
	const profile = readProfile(body.failover);
	const hints = readHints(body);
	if (body.failover !== undefined) edits.failover = undefined;
	if (body.meta !== undefined) edits.meta = undefined;
	const metadata = takesHints && isObject(body.metadata) ? body.metadata : undefined;
	const choices = readChoices(body.n);
	const asked = chatBody(text, edits, metadata);
	return {
		request: {
			dialect: dialectName,
			body: asked,
			stream,
			includeUsage: isObject(streamOptions) && streamOptions.include_usage === true,
			choices,
			isOnlyText: once(() => holdsOnlyText(text)),
			isContinuable: choices === 1 && asksForPlainText(body),
			mayBeSilent: isToolResult(messages.at(-1)),
			tokens: tokensOf(text.length),
			// Parsed once more: what was parsed here would be kept for as long as the answer takes.
			conversation: once(() => readConversation(JSON.parse(asked.render({})))),
		},
		wish: { model, models, profile, hints, lastUserMessage: () => lastUserMessage(messages) },
	};
}

/** Our own members leave it. Messages that stand in for a prompt are written at once: a continuation looks for their places. */
function chatBody(text: string, edits: FoundEdits, metadata: JsonObject | undefined): ChatBody {
	const hintEdits = metadata === undefined ? {} : withoutHints(new ChatBody(text), metadata);
	const all = { ...edits, ...hintEdits };
	return edits.messages === undefined ? new ChatBody(text, all) : new ChatBody(withMembers(text, all));
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

/** How many answers it asks for. */
function readChoices(n: unknown): number {
	if (n === undefined || n === null) return 1;
	if (typeof n === 'number' && Number.isInteger(n) && n >= 1 && n <= MOST_CHOICES) return n;
	throw new Refusal('invalid_request', `'n' must be a whole number from 1 to ${MOST_CHOICES}.`, 'n');
}

/** `function` is the older role. */
function isToolResult(message: unknown): boolean {
	return isObject(message) && (message.role === 'tool' || message.role === 'function');
}
