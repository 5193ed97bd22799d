import type { ProviderAsk, RenderedRequest } from '../../contract/dialect.ts';
import type { Edits } from '../../values/json-members.ts';
import { continuedMessages } from '../openai-chat/continued-messages.ts';
import { isStreamed, settingsFor } from '../render-members.ts';
import { limitNames, MessagesBody, type MessagesLimits } from './messages-body.ts';
import { renderConversation } from './render-conversation.ts';
import { SMALLEST_BUDGET } from './render-thinking.ts';

const none: Edits = {};

/**
 * The caller's request as one attempt puts it: with the model's name, with what the configuration sets, with no more tokens than
 * the model can write, and with the text that a continuation goes on with. Everything else in it stays byte for byte.
 * @throws Error when the request came in another dialect, and cannot be translated
 */
export function renderRequest(ask: ProviderAsk): RenderedRequest {
	const { request } = ask;
	if (request.body instanceof MessagesBody) return renderNative(ask, request.body.nativeWithout(ask.foreign));
	if (request.conversation === undefined) throw new Error(`a request of ${request.dialect} cannot be translated`);
	return renderConversation(ask, request.conversation());
}

function renderNative(ask: ProviderAsk, body: MessagesBody): RenderedRequest {
	const { request, model, members, way, shown, abilities, foreign } = ask;
	const set = settingsFor(body, members, limitNames);
	const stream = isStreamed(ask, set);
	const edits = {
		model: JSON.stringify(model),
		...(stream === request.stream ? none : { stream: String(stream) }),
		...limited(body.limits, abilities?.maxOutputTokens),
		...body.editsWithout(foreign),
		...set,
	};
	if (shown === '') return { body: body.render(edits), stream, choices: 1 };
	const conversation = Object.hasOwn(set, 'messages') ? new MessagesBody(body.render(edits), body.limits) : body;
	const messages = continuedMessages(conversation, shown, way === 'prefill' ? 'prefill' : 'instruct');
	// A message that begins without thoughts is not gone on with where the model is to think.
	const thinking = way === 'prefill' && body.limits.thinks ? { thinking: undefined } : none;
	return { body: body.render({ ...edits, ...thinking, messages }), stream, choices: 1 };
}

/** A model refuses to be allowed more than it can write, and thoughts are part of that. */
function limited({ maxTokens, budget }: MessagesLimits, most: number | undefined): Edits {
	if (maxTokens === undefined || most === undefined || maxTokens <= most) return none;
	const capped = { max_tokens: String(most) };
	if (budget === undefined || budget < most) return capped;
	if (most <= SMALLEST_BUDGET) return { ...capped, thinking: undefined };
	const less = { type: 'enabled', budget_tokens: Math.max(SMALLEST_BUDGET, Math.floor(most / 2)) };
	return { ...capped, thinking: JSON.stringify(less) };
}
