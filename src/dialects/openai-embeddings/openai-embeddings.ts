import type {
	AnswerReader,
	ClientDialect,
	DocumentWriter,
	ProviderDialect,
	StreamState,
	StreamWriter,
} from '../../contract/dialect.ts';
import { readErrorBody } from '../read-error-body.ts';
import { dialectName } from './embeddings-body.ts';
import { readDocument } from './read-document.ts';
import { readRequest } from './read-request.ts';
import { renderRequest } from './render-request.ts';

/** How callers speak OpenAI's embeddings API to Breakwater. Vectors of one model mean nothing beside those of another. */
export const openaiEmbeddingsClient: ClientDialect = {
	name: dialectName,
	path: '/v1/embeddings',
	askedIn: [dialectName],
	needsOneModel: true,
	contentTypes: { document: 'application/json; charset=utf-8', stream: 'application/json; charset=utf-8' },
	read: readRequest,
	newStream: notInPieces<StreamWriter>,
	newDocument: notInPieces<DocumentWriter>,
	failure: ({ body }) => JSON.stringify(body),
};

/** How Breakwater speaks it to providers. Whatever their headers say, an answer is one document. */
export const openaiEmbeddingsProvider: ProviderDialect = {
	name: dialectName,
	path: '/embeddings',
	lossesOf: () => [],
	render: renderRequest,
	isContinuable: () => false,
	formOf: () => 'document',
	looksLike: () => 'document',
	newReader: () => noStream,
	hasUnreadContent: () => false,
	readDocument,
	readError: readErrorBody,
};

const noStream: AnswerReader = {
	state: { is: 'faulty', fault: 'answer_malformed' } satisfies StreamState,
	hasContent: false,
	isFinished: false,
	skippedEvents: 0,
	feed: () => [],
	finish: () => [],
};

function notInPieces<Writer>(): Writer {
	throw new Error('embeddings come in one document, as their provider wrote it');
}
