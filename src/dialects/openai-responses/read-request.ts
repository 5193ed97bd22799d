import type { Conversation } from '../../contract/conversation.ts';
import type { ClientRequest, ReadOptions, RoutingWish } from '../../contract/dialect.ts';
import { Refusal } from '../../contract/refusal.ts';
import { estimateTokens } from '../../tokens/estimate-tokens.ts';
import { isObject, type JsonObject } from '../../values/json.ts';
import { once } from '../../values/once.ts';
import { readStream } from '../asked-answer.ts';
import { refuseChatTools } from '../foreign-tools.ts';
import { holdsOnlyText } from '../only-text.ts';
import { openAiParts } from '../part-tokens.ts';
import { type FoundEdits, lastUserMessageOf, parseRequest, readWish, withoutOwnMembers } from '../read-routing.ts';
import { borrowedIn } from './borrowed.ts';
import { asksForPlainText } from './continuable-format.ts';
import { isOfOwnMaking, withoutOwn } from './input-items.ts';
import { isOwnId } from './own-ids.ts';
import { readConversation } from './read-conversation.ts';
import { dialectName, ResponsesBody } from './responses-body.ts';

/**
 * Reads the body of `POST /v1/responses`.
 * @param text the body; parsed once, here
 * @throws Refusal when it is not one that any provider could answer
 */
export function readRequest(text: string, options?: ReadOptions): { request: ClientRequest; wish: RoutingWish } {
	const body = parseRequest(text);
	const input = readInput(body);
	refuseChatTools(body.tools, "'name', 'description' and 'parameters' stand in the tool itself, beside 'type'");
	const stream = readStream(body.stream);
	refuseKept(body);
	const wish = readWish(body, lastUserMessageOf(input));
	const asked = responsesBody(text, input, withoutOwnMembers(text, body, options));
	const borrowed = borrowedIn(body);
	return {
		request: {
			dialect: dialectName,
			body: asked,
			stream,
			includeUsage: true,
			choices: 1,
			isOnlyText: once(() => holdsOnlyText(text)),
			isContinuable: asksForPlainText(body),
			mayBeSilent: isToolResult(input.at(-1)),
			tokens: estimateTokens(text, openAiParts),
			conversation: conversationOf(asked),
			...(borrowed === undefined ? {} : { borrowed }),
		},
		wish,
	};
}

/** Our own members leave it, and so do items of answers that Breakwater wrote itself, which no provider knows. */
function responsesBody(text: string, input: readonly JsonObject[], edits: FoundEdits): ResponsesBody {
	const body = new ResponsesBody(text, edits);
	return input.some(isOfOwnMaking) ? new ResponsesBody(body.render({ input: withoutOwn(body) })) : body;
}

/** A text is one message of the user. @throws Refusal when there is none, or it is in another API's words */
function readInput(body: JsonObject): readonly JsonObject[] {
	const { input, messages } = body;
	if (typeof input === 'string') return [{ role: 'user', content: input }];
	if (input === undefined || input === null) {
		if (messages !== undefined) {
			throw new Refusal(
				'invalid_request',
				"'messages' is not known here: /v1/responses takes 'input'. Send this request to /v1/chat/completions, or to /v1/messages where it is one of Anthropic's.",
				'messages',
			);
		}
		if (isKeptElsewhere(body)) return [];
	}
	if (Array.isArray(input) && (input.length > 0 || isKeptElsewhere(body))) {
		if (input.every(isObject)) return input;
		throw new Refusal('invalid_request', "Every item of 'input' must be an object.", 'input');
	}
	throw new Refusal('invalid_request', "'input' must be a text or a list with at least one item.", 'input');
}

/** The conversation stands at a provider. */
function isKeptElsewhere({ previous_response_id: previous, conversation, prompt }: JsonObject): boolean {
	return [previous, conversation, prompt].some((value) => value !== undefined && value !== null);
}

/** @throws Refusal when it needs an answer to be kept that nobody keeps */
function refuseKept({ background, previous_response_id: previous }: JsonObject): void {
	if (background === true) {
		throw new Refusal(
			'invalid_request',
			"'background' needs answers that are kept to be fetched later, which Breakwater does not do. Leave it out.",
			'background',
		);
	}
	if (isOwnId(previous)) {
		throw new Refusal(
			'unknown_state',
			"The answer that 'previous_response_id' names was put together by Breakwater and is kept by nobody (it says store: false). Send the whole input instead.",
			'previous_response_id',
		);
	}
}

function isToolResult(item: JsonObject | undefined): boolean {
	return typeof item?.type === 'string' && item.type.endsWith('_output');
}

/** Apart from what else is read: the request is kept for as long as it runs, and what this function captures with it. */
function conversationOf(body: ResponsesBody): () => Conversation {
	return once(() => readConversation(body.value));
}
