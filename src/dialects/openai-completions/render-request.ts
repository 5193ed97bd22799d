import type { ProviderAsk, RenderedRequest } from '../../contract/dialect.ts';
import { addedToStreams, isStreamed, settingsFor, settingsOfForm, streamMembers } from '../render-members.ts';
import { CompletionBody, dialectName } from './completion-body.ts';

const limitNames = ['max_tokens'];

/**
 * The caller's request as one attempt puts it. A continuation is asked with the prompt and, behind it, the text so far: that
 * is what the model goes on with, however it is asked.
 * @throws Error when the request came in another dialect
 */
export function renderRequest(ask: ProviderAsk): RenderedRequest {
	const { request, model, members, shown } = ask;
	const { body } = request;
	if (!(body instanceof CompletionBody))
		throw new Error(`${dialectName} cannot render a request of ${request.dialect}`);
	const set = settingsFor(body, members, limitNames);
	const stream = isStreamed(ask, set);
	const ours = streamMembers(request.stream, stream, ask.withheld);
	const isAdded = ours.stream_options !== undefined && !Object.hasOwn(set, 'stream_options');
	const edits = { model: JSON.stringify(model), ...ours, ...settingsOfForm(set, stream) };
	const prompt = shown === '' ? {} : { prompt: JSON.stringify(`${body.prompt ?? ''}${shown}`) };
	const kind = { stream, choices: request.choices, ...(isAdded ? { added: addedToStreams } : {}) };
	return { body: body.render({ ...edits, ...prompt }), ...kind };
}
