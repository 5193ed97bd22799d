import type { ProviderAsk, RenderedRequest } from '../../contract/dialect.ts';
import { addedToStreams, isStreamed, settingsFor, settingsOfForm, streamMembers } from '../render-members.ts';
import { ChatBody, dialectName } from './chat-body.ts';
import { continuedMessages } from './continued-messages.ts';
import { limitNamesOf } from './model-kinds.ts';
import { renderConversation } from './render-conversation.ts';

/**
 * The caller's request as one attempt puts it: with the model's name, with what the configuration sets, and with the text
 * that a continuation goes on with. Everything else in it stays byte for byte. A continuation is asked with the same
 * settings, and is streamed unless they say otherwise. A request of another dialect is written anew.
 * @throws Error when the request came in another dialect, and has no words but that one's
 */
export function renderRequest(ask: ProviderAsk): RenderedRequest {
	const { request, model, members, way, shown } = ask;
	const isOwn = request.body instanceof ChatBody;
	const body = isOwn ? (request.body as ChatBody) : translated(ask);
	const set = settingsFor(body, members, limitNamesOf(model));
	const stream = isStreamed(ask, set);
	const choices = Object.hasOwn(set, 'n') ? Math.max(1, Number(set.n ?? 1)) : request.choices;
	const ours = streamMembers(isOwn && request.stream, stream, ask.withheld);
	const edits = { model: JSON.stringify(model), ...ours, ...settingsOfForm(set, stream) };
	const isAdded = ours.stream_options !== undefined && !Object.hasOwn(set, 'stream_options');
	const kind = isAdded ? { stream, choices, added: addedToStreams } : { stream, choices };
	if (shown === '') return { body: body.render(edits), ...kind };
	const conversation = Object.hasOwn(set, 'messages') ? new ChatBody(body.render(edits)) : body;
	const messages = continuedMessages(conversation, shown, way === 'prefill' ? 'prefill' : 'instruct');
	return { body: body.render({ ...edits, messages }), ...kind };
}

function translated(ask: ProviderAsk): ChatBody {
	const { request } = ask;
	if (request.conversation === undefined)
		throw new Error(`${dialectName} cannot render a request of ${request.dialect}`);
	return new ChatBody(JSON.stringify(renderConversation(request.conversation(), ask)));
}
