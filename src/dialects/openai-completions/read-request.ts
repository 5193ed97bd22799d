import type { ClientRequest, ReadOptions, RoutingWish } from '../../contract/dialect.ts';
import { Refusal } from '../../contract/refusal.ts';
import { isObject, type JsonObject } from '../../values/json.ts';
import { JsonText } from '../../values/json-members.ts';
import { once } from '../../values/once.ts';
import { readHints, withoutHints } from '../body-hints.ts';
import { hintOfMessages, parseBody } from '../parse-body.ts';
import { type FoundEdits, readModel, readModels, readProfile, readStream, tokensOf } from '../routing-members.ts';
import { CompletionBody, dialectName, type Prompt } from './completion-body.ts';
import { isPlainCompletion } from './plain-completion.ts';
import { readConversation } from './read-conversation.ts';

/** OpenAI's own bound. */
const MOST_CHOICES = 128;

/**
 * Reads the body of `POST /v1/completions`.
 * @param text the body; parsed once, here
 * @throws Refusal when it is not one that any provider could answer
 */
export function readRequest(
	text: string,
	{ takesHints }: ReadOptions = { takesHints: false },
): { request: ClientRequest; wish: RoutingWish } {
	const body = parseBody(text);
	if (!isObject(body)) throw new Refusal('invalid_request', 'The body must be a JSON object.');
	const model = readModel(body.model);
	const prompts = readPrompts(body);
	const stream = readStream(body.stream);
	const edits: FoundEdits = {};
	const models = readModels(body.models, edits);
	const profile = readProfile(body.failover);
	if (body.failover !== undefined) edits.failover = undefined;
	if (body.meta !== undefined) edits.meta = undefined;
	const metadata = takesHints && isObject(body.metadata) ? withoutHints(new JsonText(text), body.metadata) : {};
	const choices = readChoices(body.n) * prompts.length;
	const [only] = prompts;
	const prompt = prompts.length === 1 && typeof only === 'string' ? only : undefined;
	const asked = new CompletionBody(text, { ...edits, ...metadata }, prompt);
	const { stream_options: streamOptions } = body;
	return {
		request: {
			dialect: dialectName,
			body: asked,
			stream,
			includeUsage: isObject(streamOptions) && streamOptions.include_usage === true,
			choices,
			isContinuable: prompt !== undefined && isPlainCompletion(body),
			mayBeSilent: false,
			tokens: tokensOf(text.length),
			conversation: once(() => readConversation(JSON.parse(asked.render({})) as JsonObject, prompts)),
		},
		wish: { model, models, profile, hints: readHints(body), lastUserMessage: () => lastPrompt(prompts) },
	};
}

/** The prompts, each of which is answered: one or several, as texts or as tokens. */
function readPrompts({ prompt, messages }: JsonObject): readonly Prompt[] {
	if (typeof prompt === 'string') return [prompt];
	const list: readonly unknown[] = Array.isArray(prompt) ? prompt : [];
	if (list.length > 0) {
		if (isTokens(list)) return [list];
		if (list.every((one) => typeof one === 'string' || (isTokens(one) && one.length > 0)))
			return list as readonly Prompt[];
	}
	const message =
		"'prompt' must be a string, a list of strings, a list of tokens or a list of such lists, and not empty.";
	throw new Refusal('invalid_request', `${message}${hintOfMessages(messages)}`, 'prompt');
}

function isTokens(value: unknown): value is readonly number[] {
	return Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one >= 0);
}

function readChoices(n: unknown): number {
	if (n === undefined || n === null) return 1;
	if (typeof n === 'number' && Number.isInteger(n) && n >= 1 && n <= MOST_CHOICES) return n;
	throw new Refusal('invalid_request', `'n' must be a whole number from 1 to ${MOST_CHOICES}.`, 'n');
}

function lastPrompt(prompts: readonly Prompt[]): ReturnType<RoutingWish['lastUserMessage']> {
	const last = prompts.at(-1);
	return typeof last === 'string' ? { texts: [last], isOnlyText: true } : { texts: [], isOnlyText: false };
}
