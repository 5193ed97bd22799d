import type { ClientDialect, DocumentRead, ProviderAsk, ProviderDialect } from '../../contract/dialect.ts';
import { parseObject } from '../../values/json.ts';
import { readErrorBody, readErrorJson } from '../read-error-body.ts';
import { failureText, statusOf } from './failure.ts';
import { MessagesBody } from './messages-body.ts';
import { readBody } from './read-request.ts';

const countName = 'anthropic-count';

/** How callers ask how many tokens a request to Messages has. The answer is one small document. */
export const anthropicCountClient: ClientDialect = {
	name: countName,
	path: '/v1/messages/count_tokens',
	askedIn: [countName],
	contentTypes: { document: 'application/json; charset=utf-8', stream: 'application/json; charset=utf-8' },
	read(text, options) {
		const { request, wish } = readBody(text, countName, options);
		return { request: { ...request, stream: false, isContinuable: false }, wish };
	},
	newStream: () => {
		throw new Error('a count of tokens is not streamed');
	},
	newDocument: () => {
		let body = '';
		return {
			add: ({ raw }) => {
				body = raw.data;
			},
			whole: () => body,
		};
	},
	failure: failureText,
	statusOf,
	estimate: ({ tokens }) => JSON.stringify({ input_tokens: tokens }),
};

/** How Breakwater asks a provider. */
export const anthropicCountProvider: ProviderDialect = {
	name: countName,
	path: '/messages/count_tokens',
	lossesOf: () => [],
	render: renderCount,
	isContinuable: () => false,
	formOf: () => 'document',
	looksLike: () => 'document',
	newReader: () => {
		throw new Error('a count of tokens is not streamed');
	},
	hasUnreadContent: () => true,
	readDocument: readCount,
	readError: readErrorBody,
};

/** Members that are about the answer are refused here. */
function renderCount({ request, model, foreign }: ProviderAsk) {
	if (!(request.body instanceof MessagesBody)) throw new Error(`${countName} cannot render ${request.dialect}`);
	const without = request.body.editsWithout(foreign);
	const edits = { model: JSON.stringify(model), max_tokens: undefined, stream: undefined, ...without };
	return { body: request.body.nativeWithout(foreign).render(edits), stream: false, choices: 1 };
}

function readCount(text: string, { model }: { readonly model: string }): DocumentRead {
	const value = parseObject(text);
	if (typeof value?.input_tokens !== 'number') {
		return { is: 'failure', error: value === undefined ? readErrorBody(200, text) : readErrorJson(value) };
	}
	return {
		is: 'answer',
		answer: {
			usage: undefined,
			hasContent: () => true,
			body: (bytes) => bytes,
			events: () => [{ parts: [], model, raw: { dialect: countName, data: text, value } }],
		},
	};
}
