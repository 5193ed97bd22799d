import type { ClientDialect, ProviderDialect } from '../contract/dialect.ts';
import { openaiChatClient, openaiChatProvider } from './openai-chat/openai-chat.ts';

/** What Breakwater speaks to its callers, each at its own path. */
export const clientDialects: readonly ClientDialect[] = [openaiChatClient];

/** What it speaks to providers, by the `protocol` of the configuration. */
export const providerDialects: Readonly<Record<string, ProviderDialect>> = {
	openai: openaiChatProvider,
	simulated: openaiChatProvider,
};
