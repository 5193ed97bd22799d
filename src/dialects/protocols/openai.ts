import type { Protocol, ProviderAccount, ProviderAddress, ProviderDialect } from '../../contract/dialect.ts';
import { openaiChatProvider } from '../openai-chat/openai-chat.ts';
import { openaiCompletionsProvider } from '../openai-completions/openai-completions.ts';
import { openaiEmbeddingsProvider } from '../openai-embeddings/openai-embeddings.ts';
import { openaiResponsesProvider } from '../openai-responses/openai-responses.ts';
import { jsonHeaders } from './json-headers.ts';

/** OpenAI's API, and everything that is made like it. */
export const openai: Protocol = {
	name: 'openai',
	endpoints: {
		chat: openaiChatProvider,
		completions: openaiCompletionsProvider,
		embeddings: openaiEmbeddingsProvider,
		responses: openaiResponsesProvider,
	},
	usualEndpoints,
	address: openaiAddress,
};

/** Most providers that speak OpenAI's API have its chat, and few its Responses: they are asked for where they are known to be. */
function usualEndpoints(baseUrl: string | undefined): readonly string[] {
	const hasResponses = baseUrl !== undefined && /(^|\.)openai\.com$/.test(new URL(baseUrl).hostname);
	const everywhere = ['chat', 'completions', 'embeddings'];
	return hasResponses ? [...everywhere, 'responses'] : everywhere;
}

function openaiAddress({ baseUrl, apiKey, headers }: ProviderAccount, dialect: ProviderDialect): ProviderAddress {
	const url = new URL(baseUrl);
	const path = `${url.pathname.replace(/\/+$/, '')}${dialect.path}${url.search}`;
	const credentials: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
	return { origin: url.origin, path: () => path, headers: jsonHeaders(credentials, headers) };
}
