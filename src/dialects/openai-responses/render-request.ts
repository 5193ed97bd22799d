import type { ProviderAsk, RenderedRequest } from '../../contract/dialect.ts';
import { type Edits, JsonText } from '../../values/json-members.ts';
import { continuationInstruction } from '../openai-chat/continued-messages.ts';
import { isStreamed, settingsFor } from '../render-members.ts';
import { withoutForeign } from './input-items.ts';
import { conversationBody } from './render-conversation.ts';
import { dialectName, ResponsesBody } from './responses-body.ts';

const none: Edits = {};

const limitNames = ['max_output_tokens'];

/** The API takes no less. */
const FEWEST_TOKENS = 16;

/**
 * The caller's request as one attempt puts it: with the model's name, with what the configuration sets, and with the text
 * that a continuation goes on with. Everything else in it stays byte for byte where it came in this dialect. Here no model
 * continues its own message, so a continuation is always asked for with words.
 * @throws Error when the request has no words for another dialect than its own
 */
export function renderRequest(ask: ProviderAsk): RenderedRequest {
	const { request, model, members } = ask;
	const body = bodyOf(ask);
	const set = settingsFor(body, members, limitNames);
	const stream = isStreamed(ask, set);
	const edits = {
		model: JSON.stringify(model),
		...streaming(stream, request.stream && request.dialect === dialectName),
		...tokensWithin(body, ask),
		...set,
		...inputFor(ask, body, set),
	};
	return { body: body.render(edits), stream, choices: 1 };
}

/** The input, where it is another than the caller's. */
function inputFor({ shown, foreign }: ProviderAsk, body: JsonText, set: Edits): Edits {
	const isForeign = foreign !== undefined && foreign.size > 0;
	if (shown === '' && !isForeign) return none;
	const given = set.input ?? listOf(body);
	const known = isForeign ? withoutForeign(given, foreign) : given;
	return { input: shown === '' ? known : continued(known, shown) };
}

function bodyOf(ask: ProviderAsk): JsonText {
	const { request } = ask;
	if (request.body instanceof ResponsesBody) return request.body;
	const conversation = request.conversation?.();
	if (conversation === undefined) throw new Error(`${dialectName} cannot render a request of ${request.dialect}`);
	return new JsonText(JSON.stringify(conversationBody(conversation, ask)));
}

/** The JSON text of the input as a list; a text is one message of the user. */
function listOf(body: JsonText): string {
	const member = body.members.findLast(({ key }) => key === 'input');
	const input = member === undefined ? '[]' : body.text.slice(member.valueStart, member.end);
	if (input.startsWith('[')) return input;
	return input.startsWith('"') ? `[{"role":"user","content":${input}}]` : '[]';
}

function continued(list: string, shown: string): string {
	const given = list.slice(1, -1).trim();
	const added = [
		{ role: 'assistant', content: shown },
		{ role: 'user', content: continuationInstruction },
	].map((message) => JSON.stringify(message));
	return `[${[...(given === '' ? [] : [given]), ...added].join(',')}]`;
}

function streaming(stream: boolean, isAsked: boolean): Edits {
	if (stream) return isAsked ? none : { stream: 'true' };
	return isAsked ? { stream: 'false', stream_options: undefined } : none;
}

/** No model is asked for more than it can write, nor for less than the API takes from a request that was translated. */
function tokensWithin(body: JsonText, { abilities, request }: ProviderAsk): Edits {
	const most = abilities?.maxOutputTokens;
	const isOwn = request.dialect === dialectName;
	if (most === undefined && isOwn) return none;
	const member = body.members.findLast(({ key }) => key === 'max_output_tokens');
	const wanted = member === undefined ? Number.NaN : Number(body.text.slice(member.valueStart, member.end));
	if (most !== undefined && wanted > most) return { max_output_tokens: String(most) };
	return !isOwn && wanted < FEWEST_TOKENS ? { max_output_tokens: String(FEWEST_TOKENS) } : none;
}
