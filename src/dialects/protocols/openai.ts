import type { Protocol, ProviderAccount, ProviderAddress, ProviderDialect } from '../../contract/dialect.ts';
import { isLoopback } from '../../values/loopback.ts';
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

/**
 * Everyone has chat, and most have embeddings. Responses are OpenAI's, and completions those of servers on this machine: elsewhere
 * most models are for chat alone, and a 404 for one of them would count against the model for everybody who asks it in chat.
 */
function usualEndpoints({
	baseUrl = 'http://localhost',
}: Pick<Partial<ProviderAccount>, 'baseUrl'>): readonly string[] {
	const { hostname } = new URL(baseUrl);
	const isOpenai = /(^|\.)openai\.com$/.test(hostname);
	const isLocal = hostname === 'localhost' || isLoopback(hostname.replace(/^\[|\]$/g, ''));
	return ['chat', 'embeddings', ...(isOpenai ? ['responses'] : []), ...(isLocal ? ['completions'] : [])];
}

function openaiAddress(account: ProviderAccount, endpoint: Pick<ProviderDialect, 'path'>): ProviderAddress {
	const { baseUrl, apiKey, headers } = account;
	const url = new URL(baseUrl);
	const path = `${url.pathname.replace(/\/+$/, '')}${endpoint.path}${url.search}`;
	const credentials: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
	return { origin: url.origin, path: () => path, headers: jsonHeaders(credentials, headers) };
}
