import type { ClientDialect, ProviderDialect } from '../../contract/dialect.ts';
import { isObject } from '../../values/json.ts';
import { formOf, looksLike } from '../answer-form.ts';
import { readErrorBody } from '../read-error-body.ts';
import { CallerNames } from '../tool-names.ts';
import { MessagesDocumentWriter } from './document-writer.ts';
import { failureText, statusOf } from './failure.ts';
import { lossesOf } from './losses.ts';
import { dialectName } from './messages-body.ts';
import { readDocument, saysSomething } from './read-document.ts';
import { asksForPlainText, readRequest } from './read-request.ts';
import { renderRequest } from './render-request.ts';
import { MessagesStreamReader } from './stream-reader.ts';
import { MessagesStreamWriter } from './stream-writer.ts';

/** How callers speak Anthropic's Messages API to Breakwater. */
export const anthropicMessagesClient: ClientDialect = {
	name: dialectName,
	path: '/v1/messages',
	askedIn: [dialectName, 'openai-chat', 'openai-responses'],
	contentTypes: { document: 'application/json; charset=utf-8', stream: 'text/event-stream; charset=utf-8' },
	read: readRequest,
	newStream: (request, requestId) => new MessagesStreamWriter(requestId, new CallerNames(request)),
	newDocument: (request, requestId) => new MessagesDocumentWriter(requestId, new CallerNames(request)),
	failure: failureText,
	statusOf,
};

/** How Breakwater speaks it to providers. */
export const anthropicMessagesProvider: ProviderDialect = {
	name: dialectName,
	path: '/messages',
	lossesOf: (request, _abilities, model) => (request.dialect === dialectName ? [] : lossesOf(request, model)),
	render: renderRequest,
	isContinuable: asksForPlainText,
	formOf,
	looksLike,
	newReader: (options) => new MessagesStreamReader(options),
	hasUnreadContent: ({ raw }) => {
		const { type, content_block: block, delta } = isObject(raw.value) ? raw.value : {};
		if (type === 'content_block_start') return saysSomething(block);
		return type === 'content_block_delta' && saysSomething(delta);
	},
	readDocument,
	readError: readErrorBody,
};
