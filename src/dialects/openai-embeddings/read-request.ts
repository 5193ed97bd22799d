import type { ClientRequest, ReadOptions, RoutingWish } from '../../contract/dialect.ts';
import { Refusal } from '../../contract/refusal.ts';
import { estimateTokens } from '../../tokens/estimate-tokens.ts';
import { isObject, type JsonObject } from '../../values/json.ts';
import { readStream } from '../asked-answer.ts';
import { hintOfMessages } from '../parse-body.ts';
import { noParts } from '../part-tokens.ts';
import { parseRequest, readWish, withoutOwnMembers } from '../read-routing.ts';
import { isTokenList } from '../token-list.ts';
import { dialectName, EmbeddingsBody } from './embeddings-body.ts';

const noMessage: RoutingWish['lastUserMessage'] = () => ({ texts: [], isOnlyText: false });

/**
 * Reads the body of `POST /v1/embeddings`.
 * @param text the body; parsed once, here
 * @throws Refusal when it is not one that any provider could answer
 */
export function readRequest(text: string, options?: ReadOptions): { request: ClientRequest; wish: RoutingWish } {
	const body = parseRequest(text);
	const inputs = readInputs(body);
	if (readStream(body.stream)) {
		throw new Refusal('invalid_request', "Embeddings are not streamed; leave 'stream' out.", 'stream');
	}
	const wish = readWish(body, noMessage);
	return {
		request: {
			dialect: dialectName,
			body: new EmbeddingsBody(text, withoutOwnMembers(text, body, options)),
			stream: false,
			includeUsage: true,
			choices: inputs,
			isContinuable: false,
			mayBeSilent: false,
			tokens: estimateTokens(text, noParts),
		},
		wish,
	};
}

/** How many vectors are asked for: of a text, of several, of a list of tokens, or of several of those. */
function readInputs({ input, messages }: JsonObject): number {
	if (typeof input === 'string' && input !== '') return 1;
	const list: readonly unknown[] = Array.isArray(input) ? input : [];
	if (list.length > 0) {
		if (isTokenList(list)) return 1;
		// Some servers take pictures, too, as objects.
		if (list.every((one) => isText(one) || isObject(one) || (isTokenList(one) && one.length > 0))) return list.length;
	}
	const message =
		"'input' must be a string, a list of strings, a list of tokens or a list of such lists, and not empty.";
	throw new Refusal('invalid_request', `${message}${hintOfMessages(messages)}`, 'input');
}

function isText(value: unknown): boolean {
	return typeof value === 'string';
}
