import type { ClientDialect, ProviderDialect } from '../../contract/dialect.ts';
import { isObject } from '../../values/json.ts';
import { formOf, looksLike } from '../answer-form.ts';
import { hasUnreadContent } from '../openai-chat/unread-content.ts';
import { readErrorBody } from '../read-error-body.ts';
import { dialectName } from './completion-body.ts';
import { CompletionDocumentWriter } from './document-writer.ts';
import { isPlainCompletion } from './plain-completion.ts';
import { readDocument } from './read-document.ts';
import { readRequest } from './read-request.ts';
import { renderRequest } from './render-request.ts';
import { CompletionStreamReader } from './stream-reader.ts';
import { CompletionStreamWriter } from './stream-writer.ts';

/** How callers speak OpenAI's completions API to Breakwater: a text that the model goes on with. */
export const openaiCompletionsClient: ClientDialect = {
	name: dialectName,
	path: '/v1/completions',
	askedIn: [dialectName, 'openai-chat', 'openai-responses', 'anthropic-messages'],
	contentTypes: { document: 'application/json; charset=utf-8', stream: 'text/event-stream; charset=utf-8' },
	read: readRequest,
	newStream: (request, requestId) => new CompletionStreamWriter(request, requestId),
	newDocument: (_request, requestId) => new CompletionDocumentWriter(requestId),
	failure: ({ body }) => JSON.stringify(body),
};

/** How Breakwater speaks it to providers: only for callers who speak it, too. */
export const openaiCompletionsProvider: ProviderDialect = {
	name: dialectName,
	path: '/completions',
	lossesOf: () => [],
	render: renderRequest,
	prefill: true,
	isContinuable: isPlainCompletion,
	formOf,
	looksLike,
	newReader: (options) => new CompletionStreamReader(options),
	hasUnreadContent: ({ raw }) => isObject(raw.value) && hasUnreadContent(raw.value),
	readDocument,
	readError: readErrorBody,
};
