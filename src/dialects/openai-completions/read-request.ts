import type { ClientRequest, ReadOptions, RoutingWish } from '../../contract/dialect.ts';
import { Refusal } from '../../contract/refusal.ts';
import { estimateTokens } from '../../tokens/estimate-tokens.ts';
import type { JsonObject } from '../../values/json.ts';
import { once } from '../../values/once.ts';
import { asksForUsage, readChoices, readStream } from '../asked-answer.ts';
import { hintOfMessages } from '../parse-body.ts';
import { noParts } from '../part-tokens.ts';
import { parseRequest, readWish, withoutOwnMembers } from '../read-routing.ts';
import { isTokenList } from '../token-list.ts';
import { CompletionBody, dialectName, type Prompt } from './completion-body.ts';
import { isPlainCompletion } from './plain-completion.ts';
import { readConversation } from './read-conversation.ts';

/**
 * Reads the body of `POST /v1/completions`.
 * @param text the body; parsed once, here
 * @throws Refusal when it is not one that any provider could answer
 */
export function readRequest(text: string, options?: ReadOptions): { request: ClientRequest; wish: RoutingWish } {
	const body = parseRequest(text);
	const prompts = readPrompts(body);
	const stream = readStream(body.stream);
	const wish = readWish(body, () => lastPrompt(prompts));
	const choices = readChoices(body.n) * prompts.length;
	const [only] = prompts;
	const prompt = prompts.length === 1 && typeof only === 'string' ? only : undefined;
	const asked = new CompletionBody(text, withoutOwnMembers(text, body, options), prompt);
	return {
		request: {
			dialect: dialectName,
			body: asked,
			stream,
			includeUsage: asksForUsage(body),
			choices,
			isContinuable: prompt !== undefined && isPlainCompletion(body),
			mayBeSilent: false,
			tokens: estimateTokens(text, noParts),
			conversation: once(() => readConversation(JSON.parse(asked.render({})) as JsonObject, prompts)),
		},
		wish,
	};
}

/** The prompts, each of which is answered: one or several, as texts or as tokens. */
function readPrompts({ prompt, messages }: JsonObject): readonly Prompt[] {
	if (typeof prompt === 'string') return [prompt];
	const list: readonly unknown[] = Array.isArray(prompt) ? prompt : [];
	if (list.length > 0) {
		if (isTokenList(list)) return [list];
		if (list.every((one) => typeof one === 'string' || (isTokenList(one) && one.length > 0)))
			return list as readonly Prompt[];
	}
	const message =
		"'prompt' must be a string, a list of strings, a list of tokens or a list of such lists, and not empty.";
	throw new Refusal('invalid_request', `${message}${hintOfMessages(messages)}`, 'prompt');
}

function lastPrompt(prompts: readonly Prompt[]): ReturnType<RoutingWish['lastUserMessage']> {
	const last = prompts.at(-1);
	return typeof last === 'string' ? { texts: [last], isOnlyText: true } : { texts: [], isOnlyText: false };
}
