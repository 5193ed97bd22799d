import type { Loss } from '../../contract/conversation.ts';
import type { ClientDialect, ClientRequest, ModelAbilities, ProviderDialect } from '../../contract/dialect.ts';
import { isObject } from '../../values/json.ts';
import { formOf, looksLike } from '../answer-form.ts';
import { readErrorBody } from '../read-error-body.ts';
import { CallerNames } from '../tool-names.ts';
import { dialectName } from './chat-body.ts';
import { asksForPlainText } from './continuable-format.ts';
import { conversationLosses } from './conversation-losses.ts';
import { ChatDocumentWriter } from './document-writer.ts';
import { thinksOrCalls } from './model-kinds.ts';
import { readDocument } from './read-document.ts';
import { readRequest } from './read-request.ts';
import { renderRequest } from './render-request.ts';
import { ChatStreamReader } from './stream-reader.ts';
import { ChatStreamWriter } from './stream-writer.ts';
import { hasUnreadContent } from './unread-content.ts';

/** How callers speak OpenAI's chat completions API to Breakwater. */
export const openaiChatClient: ClientDialect = {
	name: dialectName,
	path: '/v1/chat/completions',
	askedIn: [dialectName, 'openai-responses', 'anthropic-messages'],
	contentTypes: { document: 'application/json; charset=utf-8', stream: 'text/event-stream; charset=utf-8' },
	read: readRequest,
	newStream: (request, requestId) => new ChatStreamWriter(request, requestId),
	newDocument: (request, requestId) => new ChatDocumentWriter(requestId, new CallerNames(request)),
	failure: ({ body }) => JSON.stringify(body),
};

/** How Breakwater speaks it to providers. */
export const openaiChatProvider: ProviderDialect = {
	name: dialectName,
	path: '/chat/completions',
	isSecondBest: thinksOrCalls,
	lossesOf: chatLosses,
	render: renderRequest,
	isContinuable: (members) => asksForPlainText(members) && (members.n ?? 1) === 1,
	formOf,
	looksLike,
	newReader: (options) => new ChatStreamReader(options),
	hasUnreadContent: ({ raw }) => isObject(raw.value) && hasUnreadContent(raw.value),
	readDocument,
	readError: readErrorBody,
};

function chatLosses(request: ClientRequest, abilities: ModelAbilities, model: string): readonly Loss[] {
	if (request.dialect === dialectName) return [];
	if (request.conversation !== undefined) return conversationLosses(request.conversation(), abilities, model);
	return [{ what: `requests of ${request.dialect}`, isNeeded: true }];
}
