import type { ProviderDialect } from '../../contract/dialect.ts';
import { anthropicMessagesProvider } from '../../dialects/anthropic-messages/anthropic-messages.ts';
import { openaiChatProvider } from '../../dialects/openai-chat/openai-chat.ts';
import { openaiResponsesProvider } from '../../dialects/openai-responses/openai-responses.ts';
import { asObject, parseObject } from '../../values/json.ts';

/** The cheapest request that one endpoint answers. */
export interface SmallestRequest {
	/** The last part of its address. */
	path: string;
	/** Bodies to try, the next one where a model refuses the one before. */
	bodies(model: string): readonly object[];
	isAnswer(body: string, model: string): boolean;
}

const messages = [{ role: 'user', content: 'Hi' }];

/** By the words of `endpoints` in the configuration, the preferred ones first. */
const byEndpoint: Readonly<Record<string, SmallestRequest>> = {
	chat: {
		...answering(openaiChatProvider),
		// Some models want more than one token, under another name.
		bodies: (model) => [
			{ model, messages, max_tokens: 1 },
			{ model, messages, max_completion_tokens: 16 },
		],
	},
	messages: {
		...answering(anthropicMessagesProvider),
		bodies: (model) => [{ model, messages, max_tokens: 1 }],
	},
	responses: {
		...answering(openaiResponsesProvider),
		// It takes no smaller limit.
		bodies: (model) => [{ model, input: 'Hi', max_output_tokens: 16, store: false }],
	},
	completions: {
		path: '/completions',
		bodies: (model) => [{ model, prompt: 'Hi', max_tokens: 1 }],
		isAnswer: (body) => hasList(body, 'choices'),
	},
	embeddings: {
		path: '/embeddings',
		bodies: (model) => [{ model, input: 'Hi' }],
		isAnswer: isEmbedding,
	},
};

/**
 * What a model is asked for where an answer of it is wanted.
 * @param endpoints in which it answers; unknown words among them are passed over
 * @returns undefined where there is none that could be asked
 */
export function smallestRequest(endpoints: readonly string[]): SmallestRequest | undefined {
	const endpoint = Object.keys(byEndpoint).find((word) => endpoints.includes(word));
	return endpoint === undefined ? undefined : byEndpoint[endpoint];
}

/** @param body of an answer with vectors */
export function isEmbedding(body: string): boolean {
	return hasList(body, 'data');
}

function answering({ path, readDocument }: ProviderDialect): Pick<SmallestRequest, 'path' | 'isAnswer'> {
	const isAnswer = (body: string, model: string) => {
		const asked = { model, choices: 1 };
		return readDocument(body, asked).is === 'answer';
	};
	return { path, isAnswer };
}

function hasList(body: string, member: string): boolean {
	const list = parseObject(body)?.[member];
	return Array.isArray(list) && asObject(list[0]) !== undefined;
}
