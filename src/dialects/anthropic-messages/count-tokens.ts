import type { Conversation, MessagePart } from '../../contract/conversation.ts';
import type { ClientDialect, DocumentRead, ProviderAsk, ProviderDialect } from '../../contract/dialect.ts';
import { parseObject } from '../../values/json.ts';
import { tokensOf } from '../estimate-tokens.ts';
import { readErrorBody, readErrorJson } from '../read-error-body.ts';
import { failureText, statusOf } from './failure.ts';
import { MessagesBody } from './messages-body.ts';
import { readBody } from './read-request.ts';

const countName = 'anthropic-count';

/** About what Anthropic counts for a picture or a page, tokens. */
const TOKENS_OF_IMAGE = 1600;

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
	estimate: ({ conversation }) => {
		if (conversation === undefined) throw new Error('a count of tokens was read without its conversation');
		return JSON.stringify({ input_tokens: estimatedTokens(conversation()) });
	},
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

/** About how many tokens a conversation has. */
export function estimatedTokens({ messages, tools }: Conversation): number {
	const parts = messages.flatMap((message) => message.parts);
	const toolsLength = tools.length === 0 ? 0 : JSON.stringify(tools).length;
	const length = parts.reduce((sum, part) => sum + lengthOf(part), toolsLength);
	const images = parts.reduce((sum, part) => sum + imagesIn(part), 0);
	return Math.max(1, tokensOf(length) + images * TOKENS_OF_IMAGE);
}

/** Characters. */
function lengthOf(part: MessagePart): number {
	switch (part.is) {
		case 'text':
		case 'reasoning':
		case 'refusal':
			return part.text.length;
		case 'tool-call':
			return part.name.length + part.arguments.length;
		case 'tool-result':
			return part.parts.reduce((sum, piece) => sum + lengthOf(piece), 0);
		case 'file':
			return part.source.is === 'text' ? part.source.text.length : 0;
		case 'image':
		case 'audio':
			return 0;
	}
}

function imagesIn(part: MessagePart): number {
	if (part.is === 'tool-result') return part.parts.filter((piece) => imagesIn(piece) > 0).length;
	return part.is === 'image' || (part.is === 'file' && part.source.is !== 'text') ? 1 : 0;
}
