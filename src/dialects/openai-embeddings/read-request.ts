import type { ClientRequest, ReadOptions, RoutingWish } from '../../contract/dialect.ts';
import { Refusal } from '../../contract/refusal.ts';
import { isObject, type JsonObject } from '../../values/json.ts';
import { JsonText } from '../../values/json-members.ts';
import { readHints, withoutHints } from '../body-hints.ts';
import { hintOfMessages, parseBody } from '../parse-body.ts';
import { type FoundEdits, readModel, readModels, readProfile, readStream, tokensOf } from '../routing-members.ts';
import { dialectName, EmbeddingsBody } from './embeddings-body.ts';

/**
 * Reads the body of `POST /v1/embeddings`.
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
	const inputs = readInputs(body);
	if (readStream(body.stream)) {
		throw new Refusal('invalid_request', "Embeddings are not streamed; leave 'stream' out.", 'stream');
	}
	const edits: FoundEdits = {};
	const models = readModels(body.models, edits);
	const profile = readProfile(body.failover);
	if (body.failover !== undefined) edits.failover = undefined;
	if (body.meta !== undefined) edits.meta = undefined;
	const metadata = takesHints && isObject(body.metadata) ? withoutHints(new JsonText(text), body.metadata) : {};
	return {
		request: {
			dialect: dialectName,
			body: new EmbeddingsBody(text, { ...edits, ...metadata }),
			stream: false,
			includeUsage: true,
			choices: inputs,
			isContinuable: false,
			mayBeSilent: false,
			tokens: tokensOf(text.length),
		},
		wish: { model, models, profile, hints: readHints(body), lastUserMessage: () => ({ texts: [], isOnlyText: false }) },
	};
}

/** How many vectors are asked for: of a text, of several, of a list of tokens, or of several of those. */
function readInputs({ input, messages }: JsonObject): number {
	if (typeof input === 'string' && input !== '') return 1;
	const list: readonly unknown[] = Array.isArray(input) ? input : [];
	if (list.length > 0) {
		if (isTokens(list)) return 1;
		// Some servers take pictures, too, as objects.
		if (list.every((one) => isText(one) || isObject(one) || (isTokens(one) && one.length > 0))) return list.length;
	}
	const message =
		"'input' must be a string, a list of strings, a list of tokens or a list of such lists, and not empty.";
	throw new Refusal('invalid_request', `${message}${hintOfMessages(messages)}`, 'input');
}

function isText(value: unknown): boolean {
	return typeof value === 'string';
}

function isTokens(value: unknown): value is readonly number[] {
	return Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one >= 0);
}
