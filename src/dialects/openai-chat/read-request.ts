import type { ClientRequest, ReadOptions, RoutingWish } from '../../contract/dialect.ts';
import { Refusal } from '../../contract/refusal.ts';
import { clip } from '../../values/clip.ts';
import { isObject, type JsonObject } from '../../values/json.ts';
import { withMembers } from '../../values/json-members.ts';
import { readHints, withoutHints } from '../body-hints.ts';
import { parseBody } from '../parse-body.ts';
import { ChatBody, dialectName } from './chat-body.ts';
import { asksForPlainText } from './continuable-format.ts';

type Edits = Record<string, string | undefined>;

/** Of English text, and roughly of anything else. */
const CHARACTERS_PER_TOKEN = 4;
/** OpenAI's own bound. */
const MOST_CHOICES = 128;
/** The longest chain that a caller may name, as in the configuration. */
const MOST_MODELS = 100;

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
	const { model, stream, stream_options: streamOptions } = body;
	if (model !== undefined && model !== null && typeof model !== 'string') {
		throw new Refusal('invalid_request', "'model' must be a string: a profile, a target or any model name.", 'model');
	}
	const edits: Edits = {};
	const messages = readMessages(body, edits);
	if (stream !== undefined && stream !== null && typeof stream !== 'boolean') {
		throw new Refusal('invalid_request', "'stream' must be true or false.", 'stream');
	}
	const models = readModels(body.models, edits);
	const profile = readProfile(body.failover);
	const hints = readHints(body);
	if (body.failover !== undefined) edits.failover = undefined;
	if (body.meta !== undefined) edits.meta = undefined;
	const metadata = takesHints && isObject(body.metadata) ? body.metadata : undefined;
	const choices = readChoices(body.n);
	return {
		request: {
			dialect: dialectName,
			body: chatBody(text, edits, metadata),
			stream: stream === true,
			includeUsage: isObject(streamOptions) && streamOptions.include_usage === true,
			choices,
			isContinuable: choices === 1 && asksForPlainText(body),
			mayBeSilent: isToolResult(messages.at(-1)),
			tokens: Math.ceil(text.length / CHARACTERS_PER_TOKEN),
		},
		wish: { model: model ?? undefined, models, profile, hints, lastUserMessage: () => lastUserMessage(messages) },
	};
}

/** Our own members leave it. Messages that stand in for a prompt are written at once: a continuation looks for their places. */
function chatBody(text: string, edits: Edits, metadata: JsonObject | undefined): ChatBody {
	const hintEdits = metadata === undefined ? {} : withoutHints(new ChatBody(text), metadata);
	const all = { ...edits, ...hintEdits };
	return edits.messages === undefined ? new ChatBody(text, all) : new ChatBody(withMembers(text, all));
}

/** A `prompt` stands in for messages that are missing or empty. It is an older API's, which no chat provider takes. */
function readMessages({ messages, prompt }: JsonObject, edits: Edits): readonly unknown[] {
	const text = Array.isArray(prompt) && prompt.length === 1 ? prompt[0] : prompt;
	const isText = typeof text === 'string';
	if (isText) edits.prompt = undefined;
	if (Array.isArray(messages) && messages.length > 0) return messages;
	const isMissing = messages === undefined || messages === null || Array.isArray(messages);
	if (!isMissing || !isText || text === '') {
		throw new Refusal('invalid_request', "'messages' must be a list with at least one message.", 'messages');
	}
	const asked = [{ role: 'user', content: text }];
	edits.messages = JSON.stringify(asked);
	return asked;
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

function lastUserMessage(messages: readonly unknown[]): ReturnType<RoutingWish['lastUserMessage']> {
	const last = messages.findLast((message) => isObject(message) && message.role === 'user');
	const content = isObject(last) ? last.content : undefined;
	const parts: unknown[] = Array.isArray(content) ? content : [{ text: content }];
	const texts = parts
		.slice(0, 100)
		.flatMap((part) => (isObject(part) && typeof part.text === 'string' ? part.text : []));
	return { texts, isOnlyText: texts.length === parts.length };
}

/** A chain of the caller's own. @param edits takes the member out: it is ours */
export function readModels(models: unknown, edits: Edits): readonly string[] | undefined {
	if (models === undefined) return undefined;
	edits.models = undefined;
	if (models === null) return undefined;
	if (!Array.isArray(models) || !models.every((model) => typeof model === 'string')) {
		throw new Refusal('invalid_request', "'models' must be a list of targets or model names, as strings.", 'models');
	}
	if (models.length > MOST_MODELS) {
		throw new Refusal('invalid_request', `'models' must not have more than ${MOST_MODELS} entries.`, 'models');
	}
	return models.length === 0 ? undefined : models;
}

/** What `failover` may say. */
const failoverMembers = ['profile', 'taskType', 'task_type', 'quality'];

/** The profile that `failover` names. */
export function readProfile(failover: unknown): string | undefined {
	if (failover === undefined || failover === null) return undefined;
	if (!isObject(failover)) {
		throw new Refusal('invalid_request', '\'failover\' must be an object, such as {"profile": "cheap"}.', 'failover');
	}
	const unknown = Object.keys(failover).find((key) => !failoverMembers.includes(key));
	if (unknown !== undefined) {
		throw new Refusal(
			'invalid_request',
			`'failover.${clip(unknown)}' is not known; 'failover' has 'profile', 'taskType' and 'quality'.`,
			'failover',
		);
	}
	for (const name of failoverMembers) {
		const value = failover[name];
		if (value !== undefined && typeof value !== 'string') {
			throw new Refusal('invalid_request', `'failover.${name}' must be a string.`, `failover.${name}`);
		}
	}
	return typeof failover.profile === 'string' ? failover.profile : undefined;
}
