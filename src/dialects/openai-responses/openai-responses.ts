import type { ClientDialect, ProviderDialect } from '../../contract/dialect.ts';
import { isObject } from '../../values/json.ts';
import { formOf, looksLike } from '../answer-form.ts';
import { readErrorBody } from '../read-error-body.ts';
import { asksForPlainText } from './continuable-format.ts';
import { ResponsesDocumentWriter } from './document-writer.ts';
import { lossesOf } from './losses.ts';
import { readDocument } from './read-document.ts';
import { readRequest } from './read-request.ts';
import { renderRequest } from './render-request.ts';
import { dialectName } from './responses-body.ts';
import { ResponsesStreamReader } from './stream-reader.ts';
import { ResponsesStreamWriter } from './stream-writer.ts';
import { hasUnreadContent } from './unread-content.ts';

/** How callers speak OpenAI's Responses API to Breakwater. */
export const openaiResponsesClient: ClientDialect = {
	name: dialectName,
	path: '/v1/responses',
	askedIn: [dialectName, 'openai-chat', 'anthropic-messages'],
	contentTypes: { document: 'application/json; charset=utf-8', stream: 'text/event-stream; charset=utf-8' },
	read: readRequest,
	newStream: (request, requestId) => new ResponsesStreamWriter(request, requestId),
	newDocument: (request, requestId) => new ResponsesDocumentWriter(request, requestId),
	failure: ({ body }) => JSON.stringify(body),
};

/** How Breakwater speaks it to providers. */
export const openaiResponsesProvider: ProviderDialect = {
	name: dialectName,
	path: '/responses',
	prefill: false,
	lossesOf,
	render: renderRequest,
	isContinuable: asksForPlainText,
	formOf,
	looksLike,
	newReader: (options) => new ResponsesStreamReader(options),
	hasUnreadContent: ({ raw }) => isObject(raw.value) && hasUnreadContent(raw.value),
	readDocument,
	readError: readErrorBody,
};
